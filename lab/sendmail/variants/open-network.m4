dnl # Whoever shares a network with the server may relay.
RELAY_DOMAIN(`127')dnl
