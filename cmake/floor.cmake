# smtpspec_floor(NAME LINK TARGETS...): the library of src/NAME, and its tests,
# which stand beside the sources as *_test.cc.
function(smtpspec_floor name)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS
       ${PROJECT_SOURCE_DIR}/src/${name}/*.cc)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")

  add_library(smtpspec_${name} STATIC ${sources})
  target_include_directories(smtpspec_${name} PUBLIC
                             ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(smtpspec_${name} PUBLIC ${arg_LINK}
                        PRIVATE smtpspec_warnings)

  if(SMTPSPEC_TESTS AND tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE
      smtpspec_${name} smtpspec_warnings GTest::gmock GTest::gtest_main)
    # The manuals are tested too.
    target_compile_definitions(${name}_test PRIVATE
      SMTPSPEC_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    gtest_discover_tests(${name}_test PROPERTIES TIMEOUT 300
                         DISCOVERY_TIMEOUT 60 TEST_PREFIX "${name}/")
  endif()
endfunction()
