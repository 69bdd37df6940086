# Configures PROJECT with ARROW. Passes when that succeeds, or, with REFUSED, when it stops with a text that holds it.
set(temporary $ENV{TMPDIR})
if(NOT temporary)
  set(temporary /tmp)
endif()
string(RANDOM LENGTH 12 suffix)
set(folder ${temporary}/shunt-arrow-${suffix})
execute_process(COMMAND ${CMAKE_COMMAND} -G ${GENERATOR} -S ${PROJECT} -B ${folder} -D ARROW=${ARROW} -D LAYERS=${LAYERS}
  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
file(REMOVE_RECURSE ${folder})

# CMake breaks the lines of a message where it likes.
string(REGEX REPLACE "[ \n]+" " " text "${output}")
if(REFUSED)
  string(FIND "${text}" "${REFUSED}" place)
  if(result EQUAL 0 OR place EQUAL -1)
    message(FATAL_ERROR "\"${ARROW}\" was to be refused with \"${REFUSED}\"; cmake exited ${result} and said:\n${output}")
  endif()
elseif(NOT result EQUAL 0)
  message(FATAL_ERROR "\"${ARROW}\" was to be allowed; cmake exited ${result} and said:\n${output}")
endif()
