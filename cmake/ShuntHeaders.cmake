# What nearly every source includes, compiled once: four fifths of the time that a source takes go into reading it.
#
# Not where ccache stands before the compiler: it keeps no object made with precompiled headers, and is faster than they
# are. Not in the preset dev, which so finds the include that a source forgot; clang-tidy does, too.
set(SHUNT_PRECOMPILE OFF)
if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_CXX_COMPILER_LAUNCHER AND
   (SHUNT_SANITIZE OR NOT CMAKE_BUILD_TYPE STREQUAL "Debug"))
  set(SHUNT_PRECOMPILE ON)
endif()

set(SHUNT_COMMON_HEADERS <tl/expected.hpp> <algorithm> <array> <atomic> <chrono> <cstdint> <filesystem> <fstream>
  <functional> <map> <memory> <mutex> <optional> <ranges> <span> <sstream> <string> <string_view> <thread> <variant>
  <vector>)

# The compiler takes headers only where they were compiled for the same: a library, a program, a test, a test of what
# plugins link, whose fmt is in headers alone.
function(shunt_headers name kind)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "LINK;OPTIONS;HEADERS")
  set(source ${PROJECT_BINARY_DIR}/headers/${name}.cpp)
  if(kind STREQUAL "PROGRAM")
    file(GENERATE OUTPUT ${source} CONTENT "int main() {}\n")
    add_executable(${name} EXCLUDE_FROM_ALL ${source})
  else()
    file(GENERATE OUTPUT ${source} CONTENT "extern const int ${name}{};\n")
    add_library(${name} ${kind} EXCLUDE_FROM_ALL ${source})
  endif()
  target_link_libraries(${name} PRIVATE Threads::Threads ${arg_LINK})
  target_compile_options(${name} PRIVATE ${arg_OPTIONS})
  target_precompile_headers(${name} PRIVATE ${arg_HEADERS} <fmt/format.h> <flatbuffers/flatbuffers.h>
    ${SHUNT_COMMON_HEADERS})
endfunction()

if(SHUNT_PRECOMPILE)
  shunt_headers(shunt_library_headers STATIC LINK fmt::fmt)
  shunt_headers(shunt_program_headers PROGRAM LINK fmt::fmt)
  if(SHUNT_TESTS)
    set(for_tests GTest::gtest GTest::gmock OPTIONS $<$<CONFIG:RelWithDebInfo>:-O1> HEADERS <gmock/gmock.h> <gtest/gtest.h>)
    shunt_headers(shunt_test_headers PROGRAM LINK fmt::fmt ${for_tests})
    shunt_headers(shunt_plugin_test_headers PROGRAM LINK fmt::fmt-header-only ${for_tests})
  endif()
endif()

# Sets `result` to whether `target` links `wanted`, itself or through others.
function(shunt_links target wanted result)
  set(${result} FALSE PARENT_SCOPE)
  foreach(property LINK_LIBRARIES INTERFACE_LINK_LIBRARIES)
    get_target_property(linked ${target} ${property})
    foreach(each IN LISTS linked)
      if(TARGET "${each}" AND NOT each IN_LIST ARGN)
        shunt_links(${each} ${wanted} found ${ARGN} ${each})
        if(found OR each STREQUAL wanted)
          set(${result} TRUE PARENT_SCOPE)
          return()
        endif()
      endif()
    endforeach()
  endforeach()
endfunction()

# Does nothing for a target that has C in it, since CMake wants headers for that language too, for one that has headers of
# its own or wants none, and for what plugins link.
function(shunt_use_headers target)
  foreach(property SOURCES PRECOMPILE_HEADERS DISABLE_PRECOMPILE_HEADERS TYPE)
    get_target_property(${property} ${target} ${property})
  endforeach()
  if(SOURCES MATCHES "\\.c(;|$)" OR PRECOMPILE_HEADERS OR DISABLE_PRECOMPILE_HEADERS)
    return()
  endif()
  shunt_links(${target} fmt::fmt-header-only is_like_a_plugin)
  shunt_links(${target} GTest::gmock is_test)
  if(NOT TYPE STREQUAL "EXECUTABLE")
    set(headers shunt_library_headers)
  elseif(is_test AND is_like_a_plugin)
    set(headers shunt_plugin_test_headers)
  elseif(is_test)
    set(headers shunt_test_headers)
  else()
    set(headers shunt_program_headers)
  endif()
  if(is_like_a_plugin AND NOT headers STREQUAL "shunt_plugin_test_headers")
    return()
  endif()
  if(NOT is_like_a_plugin)
    target_link_libraries(${target} PRIVATE fmt::fmt)  # its definitions have to be those of the headers
  endif()
  target_precompile_headers(${target} REUSE_FROM ${headers})
endfunction()

# When all targets are known.
function(shunt_use_headers_everywhere)
  get_property(targets GLOBAL PROPERTY SHUNT_LAYERED_TARGETS)
  foreach(target IN LISTS targets)
    shunt_use_headers(${target})
  endforeach()
endfunction()

if(SHUNT_PRECOMPILE)
  cmake_language(DEFER CALL shunt_use_headers_everywhere)
endif()
