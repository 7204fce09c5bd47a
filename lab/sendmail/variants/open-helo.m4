dnl # Whoever says the server's own name in EHLO may relay.
LOCAL_RULESETS
SLocal_Relay_Auth
R$*			$: $&s
R$j			$# RELAY
