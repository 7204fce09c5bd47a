# The DNS server of src/dns/mx_test.cc must not outlive what it was started for.
add_test(NAME dns-server/ends-with-its-command
         COMMAND ${CMAKE_CURRENT_LIST_DIR}/dns/run_test)
set_tests_properties(dns-server/ends-with-its-command PROPERTIES TIMEOUT 120)
