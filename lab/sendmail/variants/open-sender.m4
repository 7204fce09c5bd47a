dnl # Whoever says that he writes from a domain of the server may relay.
FEATURE(`relay_local_from')dnl
