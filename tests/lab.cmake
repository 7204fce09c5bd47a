# Real mail servers: lab/README.md. The lab's policy is checked with another
# client, then the whole suite runs against each server and is compared with
# what is known of it (lab/SERVER/baseline.yaml).
option(SMTPSPEC_LAB "Test against real servers; needs root or sudo" ON)
if(NOT SMTPSPEC_LAB)
  return()
endif()

set(lab ${PROJECT_SOURCE_DIR}/lab)
foreach(server aiosmtpd exim opensmtpd postfix sendmail)
  add_test(NAME lab/${server}-policy
           COMMAND ${lab}/run ${server} -- ${lab}/policy_test)
  set_tests_properties(lab/${server}-policy PROPERTIES TIMEOUT 120
                       SKIP_RETURN_CODE 77)
  add_test(NAME lab/${server}
           COMMAND ${lab}/suite ${server} $<TARGET_FILE:smtpspec>
                   ${CMAKE_CURRENT_BINARY_DIR}/lab)
  set_tests_properties(lab/${server} PROPERTIES TIMEOUT 600
                       SKIP_RETURN_CODE 77)
endforeach()

# The variants are open in their own way only, and an audit says so.
foreach(server exim postfix)
  add_test(NAME lab/${server}-audit
           COMMAND ${lab}/audit_test $<TARGET_FILE:smtpspec> ${server})
  set_tests_properties(lab/${server}-audit PROPERTIES TIMEOUT 600
                       SKIP_RETURN_CODE 77)
  file(GLOB variants RELATIVE ${lab}/${server}/variants
       ${lab}/${server}/variants/*)
  foreach(file ${variants})
    get_filename_component(variant ${file} NAME_WE)
    add_test(NAME lab/${server}-${variant}-policy
             COMMAND ${lab}/run ${server}:${variant} -- ${lab}/policy_test)
    set_tests_properties(lab/${server}-${variant}-policy PROPERTIES TIMEOUT 120
                         SKIP_RETURN_CODE 77)
  endforeach()
endforeach()

# A server must not outlive what it was started for, however that ended.
add_test(NAME lab/ends-with-its-command COMMAND ${lab}/run_test)
set_tests_properties(lab/ends-with-its-command PROPERTIES TIMEOUT 120)
