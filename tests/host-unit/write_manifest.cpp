// Writes the example manifest to the file named on the command line, for the assembler to put into shared objects.
#include "example_manifest.hpp"

#include <fstream>

int main(int count, char** arguments) {
  if (count != 2) return 2;
  const auto bytes = shunt::test::packed(shunt::test::example_manifest());
  std::ofstream file(arguments[1], std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return file.flush() ? 0 : 1;
}
