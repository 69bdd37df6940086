# What nearly every test includes, compiled once: a quarter less to compile for each.
#
# Not where ccache stands before the compiler: it keeps no object made with precompiled headers, and is faster than they
# are. Not in the preset dev, which so finds the include that a test forgot; clang-tidy does, too.
set(SHUNT_TEST_HEADERS OFF)
if(NOT CMAKE_CXX_COMPILER_LAUNCHER AND (SHUNT_SANITIZE OR NOT CMAKE_BUILD_TYPE STREQUAL "Debug"))
  set(SHUNT_TEST_HEADERS ON)
  # A program, since code for programs and for libraries is compiled differently.
  file(GENERATE OUTPUT ${PROJECT_BINARY_DIR}/test_headers.cpp CONTENT "int main() {}\n")
  add_executable(test_headers EXCLUDE_FROM_ALL ${PROJECT_BINARY_DIR}/test_headers.cpp)
  target_link_libraries(test_headers PRIVATE GTest::gtest GTest::gmock Threads::Threads fmt::fmt)
  target_compile_options(test_headers PRIVATE $<$<CONFIG:RelWithDebInfo>:-O1>)
  target_precompile_headers(test_headers PRIVATE <gmock/gmock.h> <gtest/gtest.h> <fmt/format.h>
    <flatbuffers/flatbuffers.h> <tl/expected.hpp> <algorithm> <array> <chrono> <cstdint> <filesystem> <fstream>
    <functional> <future> <map> <memory> <mutex> <optional> <ranges> <span> <sstream> <string> <string_view> <thread>
    <vector>)
endif()

# Not for a program that has C in it: CMake wants headers for that language too.
function(shunt_use_test_headers target)
  get_target_property(sources ${target} SOURCES)
  if(NOT SHUNT_TEST_HEADERS OR sources MATCHES "\\.c(;|$)")
    return()
  endif()
  target_link_libraries(${target} PRIVATE fmt::fmt)  # its definitions have to be those of the headers
  target_precompile_headers(${target} REUSE_FROM test_headers)
  # One that links what plugins link has its fmt in headers alone: it reads them all itself, and need not say so.
  set_target_properties(${target} PROPERTIES PCH_WARN_INVALID OFF)
endfunction()
