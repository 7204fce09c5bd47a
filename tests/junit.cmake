# JUnit reports with hostile bytes, judged by xmllint: readers of XML are
# stricter than the library that wrote it.
add_executable(junit_samples ${CMAKE_CURRENT_LIST_DIR}/junit_samples.cc)
target_link_libraries(junit_samples PRIVATE smtpspec_report smtpspec_warnings)

find_program(SMTPSPEC_XMLLINT xmllint)
set(xsd_dir ${CMAKE_CURRENT_LIST_DIR}/../../shared/junit-xsd)
if(NOT IS_DIRECTORY ${xsd_dir})
  set(xsd_dir "")
endif()
set(SMTPSPEC_JUNIT_XSD_DIR "${xsd_dir}" CACHE PATH
    "Folder with the XSDs of consumers: jenkins10.xsd, ant.xsd; may be empty")

set(samples ${CMAKE_CURRENT_BINARY_DIR}/junit-samples)
add_test(NAME junit/samples COMMAND junit_samples ${samples})
set_tests_properties(junit/samples PROPERTIES
                     FIXTURES_SETUP junit_samples TIMEOUT 60)

# A schema or program that is missing is shown as "Skipped", never as passed.
function(smtpspec_junit_schema name schema folder)
  add_test(NAME junit/${name}
           COMMAND ${CMAKE_COMMAND} -D XMLLINT=${SMTPSPEC_XMLLINT}
                   -D SCHEMA=${schema} -D SAMPLES=${folder}
                   -P ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/junit_lint.cmake)
  set_tests_properties(junit/${name} PROPERTIES
                       FIXTURES_REQUIRED junit_samples TIMEOUT 120
                       SKIP_REGULAR_EXPRESSION "^skipped: ")
endfunction()

set(own_xsd ${CMAKE_CURRENT_LIST_DIR}/junit.xsd)
smtpspec_junit_schema(own ${own_xsd} ${samples})
smtpspec_junit_schema(jenkins ${SMTPSPEC_JUNIT_XSD_DIR}/jenkins10.xsd
                      ${samples})
smtpspec_junit_schema(ant ${SMTPSPEC_JUNIT_XSD_DIR}/ant.xsd ${samples})

# Our schema can refuse a report.
smtpspec_junit_schema(refused ${own_xsd} ${CMAKE_CURRENT_LIST_DIR}/junit-bad)
set_tests_properties(junit/refused PROPERTIES
                     PASS_REGULAR_EXPRESSION "two-outcomes.xml fails to valid")
