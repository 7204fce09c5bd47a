# The whole program from the outside: exit codes, reports, signals.
set(program_tests
    exit_codes reports interrupt installed selectors segments careful)
foreach(name IN LISTS program_tests)
  add_test(NAME cli/${name}
           COMMAND ${CMAKE_CURRENT_LIST_DIR}/cli_test ${name}
                   $<TARGET_FILE:smtpspec> ${PROJECT_BINARY_DIR})
  set_tests_properties(cli/${name} PROPERTIES TIMEOUT 120)
endforeach()

add_test(NAME selftest COMMAND smtpspec selftest)
set_tests_properties(selftest PROPERTIES TIMEOUT 300)
