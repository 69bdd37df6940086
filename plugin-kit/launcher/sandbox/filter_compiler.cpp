/// shunt-filter: has libseccomp build the system call filter while Shunt is built, and writes it down as the launcher
/// holds it. What a start then costs is handing it to the kernel.
///
///     shunt-filter filter_program.inc

#include "filter.hpp"

#include <cstdio>

int main(int count, char** arguments) {
  using namespace shunt;
  if (count != 2) {
    std::fprintf(stderr, "shunt-filter: say one file to write to\n");
    return 2;
  }
  const auto filter = launcher::build_filter(launcher::Undecided::AskWarden);
  if (!filter) {
    std::fprintf(stderr, "shunt-filter: %s\n", to_string(filter.error()).c_str());
    return 1;
  }
  std::FILE* const file = std::fopen(arguments[1], "w");
  if (file == nullptr) {
    std::perror("shunt-filter: opening the file");
    return 1;
  }
  for (const sock_filter& each : filter->program())
    std::fprintf(file, "{%u, %u, %u, %u},\n", each.code, each.jt, each.jf, each.k);
  if (std::fclose(file) == 0) return 0;
  std::perror("shunt-filter: writing the file");
  return 1;
}
