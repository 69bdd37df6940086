# shunt_test: one GoogleTest program, its tests discovered one by one when ctest starts.
#
#   shunt_test(ring_test SOURCES ring_test.cpp LABELS unit LINK shunt::bus)
#   shunt_test(kill_test SOURCES kill_test.cpp LABELS process LINK shunt::host TIMEOUT 300 SERIAL)
#
# LABELS      what ctest -L picks: unit (no process started), process (starts real ones), fuzz (bytes nobody meant),
#             house (the tree itself).
# LINK        targets, as in shunt_layer: a test is a leaf and may lean on every layer.
# TIMEOUT     seconds for one test at a tenth of its size; ten times as much when SHUNT_FULL is set, and four times as
#             much again in a build with sanitizers. Default 60.
# SERIAL      runs while no other test runs: for tests that measure or that count what the machine has.
# OWN_MAIN    the sources bring main(); otherwise GoogleTest's is linked.
# ENVIRONMENT NAME=value ... for every test of the program.
#
# The targets unit_tests, process_tests, ... build what has the label. Programs land in build/<preset>/tests/bin: bin/ is for what users run. The header <scale.hpp> says how large a test is
# to be (SHUNT_FULL), and <temporary_directory.hpp> gives one that goes with its scope.
set(SHUNT_TEST_LABELS unit process fuzz house)

function(shunt_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "SERIAL;OWN_MAIN" "TIMEOUT" "SOURCES;LABELS;LINK;ENVIRONMENT")
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_SOURCES OR NOT arg_LABELS)
    message(FATAL_ERROR "shunt_test(${name}) takes SOURCES and LABELS, and knows nothing of \"${arg_UNPARSED_ARGUMENTS}\".")
  endif()
  foreach(label IN LISTS arg_LABELS)
    if(NOT label IN_LIST SHUNT_TEST_LABELS)
      message(FATAL_ERROR "The test ${name} has the label \"${label}\"; there are only: ${SHUNT_TEST_LABELS}.")
    endif()
  endforeach()

  add_executable(${name} ${arg_SOURCES})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/bin)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/support)
  set(framework GTest::gtest GTest::gmock)
  if(NOT arg_OWN_MAIN)
    list(APPEND framework GTest::gtest_main)
  endif()
  shunt_layer(${name} leaf PRIVATE ${arg_LINK} ${framework} Threads::Threads)
  # A test runs little of its own code often: a fifth less to compile. What it tests is compiled as users run it.
  target_compile_options(${name} PRIVATE $<$<CONFIG:RelWithDebInfo>:-O1>)
  foreach(label IN LISTS arg_LABELS)
    if(NOT TARGET ${label}_tests)
      add_custom_target(${label}_tests)
    endif()
    add_dependencies(${label}_tests ${name})
  endforeach()

  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 120 TEST_LIST ${name}_TESTS
    WORKING_DIRECTORY ${PROJECT_BINARY_DIR})
  shunt_test_script(${name} "\${${name}_TESTS}" "")
endfunction()

# shunt_script_test(NAME COMMAND command... LABELS ... [TIMEOUT s] [SERIAL] [ENVIRONMENT ...]): the same for a test that
# is not a GoogleTest program. It passes when the command exits 0; a program of ours is $<TARGET_FILE:name> in it.
function(shunt_script_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "SERIAL" "TIMEOUT" "COMMAND;LABELS;ENVIRONMENT")
  list(TRANSFORM arg_COMMAND REPLACE "(.+)" "[==[\\1]==]")
  list(JOIN arg_COMMAND " " command)
  shunt_test_script(${name} ${name} "add_test([==[${name}]==] ${command})
set_tests_properties([==[${name}]==] PROPERTIES WORKING_DIRECTORY [==[${PROJECT_BINARY_DIR}]==])
")
endfunction()

# Tests get their properties from a script that ctest reads after the discovery: discovery itself cannot carry a list of
# labels, and only ctest knows whether SHUNT_FULL is set. The arguments of the two functions above are its own.
function(shunt_test_script name tests begin)
  set(seconds 60)
  if(arg_TIMEOUT)
    set(seconds ${arg_TIMEOUT})
  endif()
  if(SHUNT_SANITIZE)
    math(EXPR seconds "4 * ${seconds}")
  endif()
  math(EXPR seconds_full "10 * ${seconds}")
  set(properties "LABELS \"${arg_LABELS}\"")
  if(arg_SERIAL)
    string(APPEND properties " RUN_SERIAL TRUE")
  endif()
  if(SHUNT_SANITIZE MATCHES "thread")
    list(APPEND arg_ENVIRONMENT "TSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/cmake/thread_sanitizer.txt")
  endif()
  if(arg_ENVIRONMENT)
    string(APPEND properties " ENVIRONMENT \"${arg_ENVIRONMENT}\"")
  endif()
  set(script ${CMAKE_CURRENT_BINARY_DIR}/${name}_properties.cmake)
  file(GENERATE OUTPUT ${script} CONTENT "${begin}set(seconds ${seconds})
if(\"\$ENV{SHUNT_FULL}\")
  set(seconds ${seconds_full})
endif()
foreach(test IN ITEMS ${tests})
  set_tests_properties(\"\${test}\" PROPERTIES TIMEOUT \${seconds} ${properties})
endforeach()
")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${script})
endfunction()
