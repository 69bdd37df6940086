/// A launcher of the build behind a standard output that is the file STORM_EVIDENCE names: what its plugin writes there
/// is appended, whoever else writes.

#include <cstdio>
#include <cstdlib>

#include <fcntl.h>
#include <unistd.h>

int main(int, char** arguments) {
  const char* const path = std::getenv("STORM_EVIDENCE");
  const int file = path == nullptr ? -1 : ::open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
  if (file < 0 || ::dup2(file, STDOUT_FILENO) < 0) {
    std::perror("opening what STORM_EVIDENCE names");
    return 1;
  }
  ::execv(LAUNCHER, arguments);
  std::perror("starting the launcher");
  return 1;
}
