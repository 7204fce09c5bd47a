# The whole program from the outside: exit codes, reports, signals.
set(program_tests
    exit_codes reports interrupt installed selectors segments careful sink audit
    audit_list audit_ways mechanisms found_scenarios fuzz fuzz_exec
    fuzz_offers fuzz_kills fuzz_grows fuzz_interrupted fuzz_worker_dies
    fuzz_careful)
foreach(name IN LISTS program_tests)
  add_test(NAME cli/${name}
           COMMAND ${CMAKE_CURRENT_LIST_DIR}/cli_test ${name}
                   $<TARGET_FILE:smtpspec> ${PROJECT_BINARY_DIR})
  set_tests_properties(cli/${name} PROPERTIES TIMEOUT 600)
endforeach()

add_test(NAME cli/audit_domain
         COMMAND ${CMAKE_CURRENT_LIST_DIR}/dns/run
                 ${CMAKE_CURRENT_LIST_DIR}/cli_test audit_domain
                 $<TARGET_FILE:smtpspec> ${PROJECT_BINARY_DIR})

add_test(NAME cli/secrets
         COMMAND ${CMAKE_CURRENT_LIST_DIR}/secrets_test
                 $<TARGET_FILE:smtpspec>)
set_tests_properties(cli/secrets PROPERTIES TIMEOUT 900)

# A megabyte of mail takes its time under the sanitizers.
set(patience 1)
if(CMAKE_CXX_FLAGS_DEBUG MATCHES "-fsanitize")
  set(patience 6)
endif()
add_test(NAME selftest COMMAND smtpspec selftest --patience ${patience})
set_tests_properties(selftest PROPERTIES TIMEOUT 900)
