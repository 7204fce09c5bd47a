# Warnings for our own code, as one target; -Werror is set by the presets.
add_library(smtpspec_warnings INTERFACE)
target_compile_options(smtpspec_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports false positives: of coroutine frames and of std::string.
  target_compile_options(smtpspec_warnings INTERFACE
    -Wno-restrict -Wno-mismatched-new-delete)
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # std::stable_sort of libstdc++ 12 uses what C++17 deprecates.
  target_compile_options(smtpspec_warnings INTERFACE
    -Wno-deprecated-declarations)
endif()
