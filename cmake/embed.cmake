# smtpspec_embed(TARGET): builds scenarios/, requirements/ and what sessions are
# fuzzed with into TARGET, so that the binary alone is enough.
function(smtpspec_embed target)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}
       ${PROJECT_SOURCE_DIR}/scenarios/*.yaml
       ${PROJECT_SOURCE_DIR}/requirements/*.tsv
       ${PROJECT_SOURCE_DIR}/requirements/*.yaml
       ${PROJECT_SOURCE_DIR}/corpus/server.dict
       ${PROJECT_SOURCE_DIR}/corpus/blocks/*.session)
  list(TRANSFORM files PREPEND ${PROJECT_SOURCE_DIR}/ OUTPUT_VARIABLE paths)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/embedded_files.cc)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -D "FILES=${files}" -D OUTPUT=${output}
            -D ROOT=${PROJECT_SOURCE_DIR}
            -P ${PROJECT_SOURCE_DIR}/cmake/embed_files.cmake
    DEPENDS ${paths} ${PROJECT_SOURCE_DIR}/cmake/embed_files.cmake
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
    VERBATIM)
  target_sources(${target} PRIVATE ${output})
  # A file is one literal, longer than the standard asks compilers to take.
  set_source_files_properties(${output} PROPERTIES
                              COMPILE_OPTIONS -Wno-overlength-strings)
endfunction()
