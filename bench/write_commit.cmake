# Writes OUTPUT, a header with the commit of the sources in SOURCE, only when it differs from what is there.
cmake_minimum_required(VERSION 3.25)
execute_process(COMMAND git describe --always --dirty --abbrev=12 --exclude=* WORKING_DIRECTORY ${SOURCE}
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed)
  set(commit unknown)
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "#pragma once
/// Written by the build: the commit of the sources.
inline constexpr const char* kCommit = \"@commit@\";
" @ONLY)
