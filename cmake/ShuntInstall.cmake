# What `cmake --install` puts where. Two components, as find_package(Shunt COMPONENTS host kit) knows them:
#
#   kit    for those who write and test plugins: headers, the SDK, what runs a plugin in its test, shunt-manifest and
#          ShuntPlugin.cmake. Needs no iceoryx.
#   host   over the kit, for those who link a host: its libraries, `shunt`, shunt-launch and shunt-drill.
#
# A third, bridges, is programs alone, which a host starts where a topic is open.
#
# Every place is relative to what is installed, so that an installation can be moved as a whole.
include(CMakePackageConfigHelpers)

set(SHUNT_PACKAGE_FOLDER ${CMAKE_INSTALL_LIBDIR}/cmake/Shunt)
set(templates ${CMAKE_CURRENT_LIST_DIR})
set(made ${PROJECT_BINARY_DIR}/package)

# ---- Libraries and programs

set_target_properties(shunt_schemas PROPERTIES EXPORT_NAME schemas)
set_target_properties(shunt_bus PROPERTIES EXPORT_NAME bus)
set_target_properties(shunt_host PROPERTIES EXPORT_NAME host)
install(TARGETS shunt_plugin_sdk shunt_plugin_test shunt-manifest EXPORT ShuntKitTargets COMPONENT kit
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS shunt_host shunt_bus shunt_schemas EXPORT ShuntHostTargets COMPONENT host
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS shunt shunt-launch shunt-drill COMPONENT host)
if(SHUNT_BRIDGES)
  install(TARGETS shunt-bridge-iceoryx shunt-bridge-dds COMPONENT bridges)
  install(FILES bridges/dds/open_message.idl DESTINATION ${CMAKE_INSTALL_DATADIR}/shunt COMPONENT bridges)
endif()
install(EXPORT ShuntKitTargets NAMESPACE shunt:: DESTINATION ${SHUNT_PACKAGE_FOLDER} COMPONENT kit)
install(EXPORT ShuntHostTargets NAMESPACE shunt:: DESTINATION ${SHUNT_PACKAGE_FOLDER} COMPONENT host)

# ---- Headers

foreach(layer IN ITEMS schemas bus plugin-kit)
  install(DIRECTORY ${layer}/include/ TYPE INCLUDE COMPONENT kit)
endforeach()
install(DIRECTORY host/include/ TYPE INCLUDE COMPONENT host PATTERN package.hpp EXCLUDE)

# The path from the folder of package.hpp to the launcher.
cmake_path(APPEND CMAKE_INSTALL_FULL_INCLUDEDIR shunt host OUTPUT_VARIABLE header_folder)
file(RELATIVE_PATH SHUNT_LAUNCHER_FROM_HEADER ${header_folder} ${CMAKE_INSTALL_FULL_BINDIR}/shunt-launch)
configure_file(${templates}/package.hpp.in ${made}/package.hpp @ONLY)
install(FILES ${made}/package.hpp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/shunt/host COMPONENT host)

# ---- find_package

configure_package_config_file(${templates}/ShuntConfig.cmake.in ${made}/ShuntConfig.cmake
  INSTALL_DESTINATION ${SHUNT_PACKAGE_FOLDER} NO_SET_AND_CHECK_MACRO)
# Before 1.0.0 a minor version may change the API.
write_basic_package_version_file(${made}/ShuntConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${made}/ShuntConfig.cmake ${made}/ShuntConfigVersion.cmake ${templates}/ShuntPlugin.cmake
  ${templates}/ShuntListPlugin.cmake ${templates}/ShuntPlugin.map DESTINATION ${SHUNT_PACKAGE_FOLDER} COMPONENT kit)

# The kit of the build folder, for projects that are given it in CMAKE_PREFIX_PATH in place of an installation.
set(built ${PROJECT_BINARY_DIR}/lib/cmake/Shunt)
export(EXPORT ShuntKitTargets NAMESPACE shunt:: FILE ${built}/ShuntKitTargets.cmake)
foreach(file IN ITEMS ${made}/ShuntConfig.cmake ${made}/ShuntConfigVersion.cmake ${templates}/ShuntPlugin.cmake
    ${templates}/ShuntListPlugin.cmake ${templates}/ShuntPlugin.map)
  cmake_path(GET file FILENAME name)
  configure_file(${file} ${built}/${name} COPYONLY)
endforeach()

# ---- pkg-config

set(pkgconfig_folder ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
cmake_path(APPEND CMAKE_INSTALL_PREFIX ${pkgconfig_folder} OUTPUT_VARIABLE pkgconfig_full)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY ${pkgconfig_full} OUTPUT_VARIABLE SHUNT_PREFIX_FROM_PC)
foreach(place IN ITEMS BINDIR INCLUDEDIR LIBDIR)
  set(SHUNT_PC_${place} "\${prefix}")
  cmake_path(APPEND SHUNT_PC_${place} ${CMAKE_INSTALL_${place}})  # one that is absolute takes the prefix's place
endforeach()
foreach(component IN ITEMS host kit)
  configure_file(${templates}/shunt-${component}.pc.in ${made}/shunt-${component}.pc @ONLY)
  install(FILES ${made}/shunt-${component}.pc DESTINATION ${pkgconfig_folder} COMPONENT ${component})
endforeach()
