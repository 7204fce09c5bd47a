dnl # Mail for names that nobody has goes to alice.
define(`LUSER_RELAY', `local:alice')dnl
