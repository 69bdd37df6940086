# Builds plugins, and what hosts need to call them.
#
#   shunt_add_plugin(TARGET MANIFEST plugin.toml SOURCES momentum.cpp
#     [NAME momentum]            the plugin's name in the manifest; TARGET if it is not given
#     [OUTPUT libmomentum.so]    the file's name; lib<TARGET>.so if it is not given
#     [SCHEMAS folder...]        where schemas are looked for, after the manifest's folder
#     [OBJECTS files...]         objects and static archives that another compiler makes, beside SOURCES or without any
#     [LIBRARIES targets...]     shared libraries that it is linked with and that its host hands it
#     [TOOL_CHAIN "GNU 12.2.0"]) what compiles it, where CMake's compiler is a wrapper around that; "unknown": not said
#
# makes ${SHUNT_PLUGIN_FOLDER}/OUTPUT with the manifest in an ELF note and <NAME>_contract.hpp, or for C
# <NAME>_contract.h, on the include path of the sources, and lists it: OUTPUT.sha256 beside it, and plugins.sha256 for
# all plugins of the folder, as `sha256sum -c` reads them. The file links libc, libm, libstdc++ and LIBRARIES only, exports
# its descriptor only, and is the same bytes wherever the sources and the build folder are. The manifest lists each of
# LIBRARIES with its sha256, and a copy of it lies beside the plugin under its SONAME: what a library of them needs in turn
# belongs into the list as well.
# The manifest also says which compiler made the plugin: that of C++, or that of C when all SOURCES are C. `shunt compat`
# believes it, so say with TOOL_CHAIN only what is true. Of OBJECTS it is not known.
#
#   shunt_add_contract(TARGET MANIFEST plugin.toml [NAME momentum] [SCHEMAS folder...] [LIBRARIES targets...]
#     [TOOL_CHAIN "GNU 12.2.0"])
#
# makes the headers alone, as the library TARGET: <NAME>_client.hpp for a host, <NAME>_contract.hpp for a test. Every
# plugin has one already, TARGET_contract, and beside it TARGET_runner, which is what a test of the plugin links:
#
#   add_executable(momentum_test momentum_test.cpp)    # includes <shunt/test.hpp> and momentum.cpp
#   target_link_libraries(momentum_test PRIVATE momentum_runner GTest::gtest_main)
set(SHUNT_PLUGIN_FOLDER ${CMAKE_BINARY_DIR}/plugins CACHE PATH "Where plugins are built")
find_program(FLATC flatc REQUIRED)

function(shunt_add_contract target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "MANIFEST;NAME;TOOL_CHAIN" "SCHEMAS;LIBRARIES")
  if(NOT arg_MANIFEST OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "shunt_add_contract(${target}) needs MANIFEST, and knows NAME, SCHEMAS, LIBRARIES and "
      "TOOL_CHAIN; not: \"${arg_UNPARSED_ARGUMENTS}\".")
  endif()
  if(NOT arg_NAME)
    set(arg_NAME ${target})
  endif()
  if(NOT arg_TOOL_CHAIN)
    shunt_tool_chain_(CXX arg_TOOL_CHAIN)
  endif()
  set(tool_chain "")
  if(NOT arg_TOOL_CHAIN STREQUAL "unknown")
    set(tool_chain --tool-chain ${arg_TOOL_CHAIN})
  endif()
  cmake_path(ABSOLUTE_PATH arg_MANIFEST)
  string(MAKE_C_IDENTIFIER ${arg_NAME} identifier)
  set(generated ${CMAKE_CURRENT_BINARY_DIR}/${target})
  set(schemas "")
  foreach(folder IN LISTS arg_SCHEMAS)
    cmake_path(ABSOLUTE_PATH folder)
    list(APPEND schemas --schemas ${folder})
  endforeach()
  set(libraries "")
  set(library_files "")
  foreach(library IN LISTS arg_LIBRARIES)
    list(APPEND libraries --library "$<TARGET_SONAME_FILE_NAME:${library}>=$<TARGET_FILE:${library}>")
    list(APPEND library_files $<TARGET_FILE:${library}>)
  endforeach()
  set(outputs ${generated}/${identifier}_contract.hpp ${generated}/${identifier}_contract.h
    ${generated}/${identifier}_client.hpp ${generated}/${identifier}_note.cpp ${generated}/${identifier}.manifest)
  add_custom_command(OUTPUT ${outputs}
    COMMAND shunt::shunt-manifest ${arg_MANIFEST} --name ${arg_NAME} --out ${generated} --flatc ${FLATC} ${schemas}
            --depfile ${generated}/${identifier}.d ${libraries} ${tool_chain}
    DEPENDS ${arg_MANIFEST} ${library_files} shunt::shunt-manifest DEPFILE ${generated}/${identifier}.d
    COMMENT "Manifest of ${arg_NAME}" VERBATIM)
  add_custom_target(${target}_files DEPENDS ${outputs})
  add_library(${target} INTERFACE)
  add_dependencies(${target} ${target}_files)
  target_include_directories(${target} SYSTEM INTERFACE ${generated})
  set_target_properties(${target} PROPERTIES SHUNT_OUTPUTS "${outputs}")
endfunction()

function(shunt_add_plugin target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "MANIFEST;NAME;OUTPUT;TOOL_CHAIN" "SOURCES;OBJECTS;SCHEMAS;LIBRARIES")
  if(NOT arg_MANIFEST OR NOT (arg_SOURCES OR arg_OBJECTS) OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "shunt_add_plugin(${target}) needs MANIFEST and SOURCES or OBJECTS, and knows NAME, OUTPUT, "
      "SCHEMAS, LIBRARIES and TOOL_CHAIN; not: \"${arg_UNPARSED_ARGUMENTS}\".")
  endif()
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  if(NOT CXX IN_LIST languages)
    message(FATAL_ERROR "shunt_add_plugin(${target}) compiles the plugin's manifest, which is written as C++ for plugins "
      "in C as well (they need no C++ library for it): add CXX to the LANGUAGES of project().")
  endif()
  if(NOT arg_NAME)
    set(arg_NAME ${target})
  endif()
  if(NOT arg_OUTPUT)
    set(arg_OUTPUT lib${target}.so)
  endif()
  if(NOT arg_TOOL_CHAIN)
    set(others ${arg_SOURCES})
    list(FILTER others EXCLUDE REGEX "\\.c$")
    if(arg_OBJECTS)
      set(arg_TOOL_CHAIN unknown)
    elseif(others)
      shunt_tool_chain_(CXX arg_TOOL_CHAIN)
    else()
      shunt_tool_chain_(C arg_TOOL_CHAIN)
    endif()
  endif()
  shunt_add_contract(${target}_contract MANIFEST ${arg_MANIFEST} NAME ${arg_NAME} SCHEMAS ${arg_SCHEMAS}
    LIBRARIES ${arg_LIBRARIES} TOOL_CHAIN ${arg_TOOL_CHAIN})

  get_target_property(outputs ${target}_contract SHUNT_OUTPUTS)
  list(FILTER outputs INCLUDE REGEX "(_note\\.cpp|_contract\\.h|_contract\\.hpp)$")
  set(note ${outputs})
  list(FILTER note INCLUDE REGEX "_note\\.cpp$")
  add_library(${target}_runner INTERFACE)
  target_sources(${target}_runner INTERFACE ${note})
  target_link_libraries(${target}_runner INTERFACE ${target}_contract shunt::plugin_test)
  add_library(${target} MODULE ${arg_SOURCES} ${outputs})
  target_link_libraries(${target} PRIVATE ${target}_contract shunt::plugin_sdk ${arg_LIBRARIES})
  if(arg_OBJECTS)
    set(objects "")
    foreach(file IN LISTS arg_OBJECTS)
      cmake_path(ABSOLUTE_PATH file)
      list(APPEND objects ${file})
    endforeach()
    add_custom_target(${target}_objects DEPENDS ${objects})
    add_dependencies(${target} ${target}_objects)
    set_target_properties(${target} PROPERTIES LINK_DEPENDS "${objects}")
    target_link_libraries(${target} PRIVATE ${objects})
    # An archive's member is linked when somebody asks for what it has.
    target_link_options(${target} PRIVATE -Wl,--undefined=shunt_plugin_descriptor)
  endif()
  shunt_plugin_flags_(${target})
  cmake_path(GET arg_OUTPUT STEM LAST_ONLY stem)
  set_target_properties(${target} PROPERTIES PREFIX "" SUFFIX .so OUTPUT_NAME ${stem}
    LIBRARY_OUTPUT_DIRECTORY ${SHUNT_PLUGIN_FOLDER})
  foreach(library IN LISTS arg_LIBRARIES)
    add_custom_command(TARGET ${target} POST_BUILD
      COMMAND ${CMAKE_COMMAND} -E copy_if_different $<TARGET_FILE:${library}>
              $<TARGET_FILE_DIR:${target}>/$<TARGET_SONAME_FILE_NAME:${library}> VERBATIM)
  endforeach()
  add_custom_command(TARGET ${target} POST_BUILD
    COMMAND ${CMAKE_COMMAND} -D FILE=$<TARGET_FILE:${target}> -P ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/ShuntListPlugin.cmake
    VERBATIM)
endfunction()

# The compiler of a language by name and version; CMake does not know those of every compiler.
function(shunt_tool_chain_ language variable)
  set(${variable} unknown PARENT_SCOPE)
  if(CMAKE_${language}_COMPILER_ID AND CMAKE_${language}_COMPILER_VERSION)
    set(${variable} "${CMAKE_${language}_COMPILER_ID} ${CMAKE_${language}_COMPILER_VERSION}" PARENT_SCOPE)
  endif()
endfunction()

# How a plugin is compiled and linked, apart from what it is made of.
function(shunt_plugin_flags_ target)
  set_target_properties(${target} PROPERTIES CXX_VISIBILITY_PRESET hidden C_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON POSITION_INDEPENDENT_CODE ON SKIP_BUILD_RPATH ON
    UNITY_BUILD OFF)  # the build hash is that of the sources, however a tree compiles them
  # The build hash is made of these bytes: no folder of this machine may be among them. The last map that fits counts.
  cmake_path(GET CMAKE_CURRENT_FUNCTION_LIST_DIR PARENT_PATH shunt_folder)
  if(NOT shunt_folder STREQUAL CMAKE_SOURCE_DIR)  # where CMake would drop those below, which are there already
    target_compile_options(${target} PRIVATE -ffile-prefix-map=${shunt_folder}=shunt)
  endif()
  target_compile_options(${target} PRIVATE -ffile-prefix-map=${CMAKE_SOURCE_DIR}=. -ffile-prefix-map=${CMAKE_BINARY_DIR}=.)
  # In Shunt's tree its headers lie in several folders, in an installation in one.
  set(headers $<TARGET_PROPERTY:shunt::plugin_sdk,INTERFACE_INCLUDE_DIRECTORIES>)
  target_compile_options(${target} PRIVATE
    -ffile-prefix-map=$<JOIN:${headers},/shunt=shunt$<SEMICOLON>-ffile-prefix-map=>/shunt=shunt)
  target_link_options(${target} PRIVATE -Wl,--build-id=sha1 -Wl,--gc-sections -Wl,--as-needed
    -Wl,--version-script=${CMAKE_CURRENT_FUNCTION_LIST_DIR}/ShuntPlugin.map)
  if(NOT SHUNT_SANITIZE)
    target_link_options(${target} PRIVATE -Wl,-z,defs)  # sanitizers leave their own symbols to the program
  endif()
endfunction()
