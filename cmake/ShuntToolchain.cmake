# How every target is compiled: the language, the warnings, the sanitizers and where programs land.
include(GNUInstallDirs)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug, RelWithDebInfo or Release" FORCE)
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

find_program(SHUNT_CCACHE ccache)
if(SHUNT_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${SHUNT_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${SHUNT_CCACHE})
endif()

# Two checkouts in different folders must give the same bytes: no path of the build machine reaches an object.
# Ninja names sources by way of the build folder where that lies in the tree, and in full elsewhere.
file(RELATIVE_PATH SHUNT_SOURCES_FROM_BUILD ${PROJECT_BINARY_DIR} ${PROJECT_SOURCE_DIR})
string(REGEX REPLACE "/$" "" SHUNT_SOURCES_FROM_BUILD "${SHUNT_SOURCES_FROM_BUILD}")
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror=return-type -fno-omit-frame-pointer
  -ffile-prefix-map=${SHUNT_SOURCES_FROM_BUILD}=. -ffile-prefix-map=${PROJECT_SOURCE_DIR}=.
  -ffile-prefix-map=${PROJECT_BINARY_DIR}=.)

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Half a gigabyte before gcc tidies up its memory, which nearly no source of ours comes to: a fifth less to compile.
  add_compile_options(--param=ggc-min-heapsize=524288)
endif()

set(SHUNT_SANITIZE "" CACHE STRING "Sanitizers for every target, as given to -fsanitize=")
if(SHUNT_SANITIZE)
  add_compile_options(-fsanitize=${SHUNT_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SHUNT_SANITIZE})
  add_compile_definitions(SHUNT_SANITIZED)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # With its own code in between, gcc no longer sees what <regex>, <variant> and FlatBuffers' tables hold.
    add_compile_options(-Wno-maybe-uninitialized -Wno-stringop-overread)
  endif()
  # gcc warns that the thread sanitizer does not follow fences. Ours order relaxed atomics only (doorbell.hpp), which are no
  # race whatever their order.
  if(SHUNT_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-tsan>)
  endif()
endif()
