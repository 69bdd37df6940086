# Writes OUTPUT from TEMPLATE with each @SHA256_<file>@ replaced by the sum of that file in FOLDER.
file(READ ${TEMPLATE} text)
file(GLOB plugins ${FOLDER}/*.so)
foreach(plugin IN LISTS plugins)
  cmake_path(GET plugin FILENAME name)
  file(SHA256 ${plugin} sum)
  string(REPLACE "@SHA256_${name}@" "${sum}" text "${text}")
endforeach()
file(WRITE ${OUTPUT} "${text}")
