# The floors hold (see tests/floors), and the check of it can fail.
set(floors ${CMAKE_CURRENT_LIST_DIR}/floors)
add_test(NAME floors/hold COMMAND ${floors} ${PROJECT_SOURCE_DIR}/src)

function(smtpspec_floor_breach name file include)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/floors/${name})
  file(WRITE ${folder}/${file} "#include \"${include}\"\n")
  add_test(NAME floors/refuse-${name} COMMAND ${floors} ${folder})
  set_tests_properties(floors/refuse-${name} PROPERTIES
                       PASS_REGULAR_EXPRESSION "does not stand above")
endfunction()

smtpspec_floor_breach(upward smtp/a.h scenario/dialog.h)
smtpspec_floor_breach(peers play/a.cc server/reference.h)
smtpspec_floor_breach(unknown report/a.h fuzz/target.h)
