#include "stage.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace shunt::test {
namespace {

constexpr std::size_t kBytes = std::size_t{64} << 10;

void write_file(const char* path, const std::string& text) { std::ofstream{path} << text; }

/// Where that cannot be had the act is tried as it is.
void be_root_of_own_namespaces() {
  const auto user = std::to_string(::geteuid());
  const auto group = std::to_string(::getegid());
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS) != 0) return;
  write_file("/proc/self/setgroups", "deny");
  write_file("/proc/self/uid_map", "0 " + user + " 1");
  write_file("/proc/self/gid_map", "0 " + group + " 1");
}

}  // namespace

ActStage::ActStage() {
  for (const char* file : {"secret", "victim"}) directory_.write(file, "nobody's business\n");
  for (const char* name : {"empty", "doomed"}) std::filesystem::create_directory(directory_.path() / name);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, (folder() + "/door").c_str(), sizeof(address.sun_path) - 1);
  door_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  memory_ = ::memfd_create("stage", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (::bind(door_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 || ::listen(door_, 128) != 0 ||
      ::ftruncate(memory_, kBytes) != 0)
    throw std::system_error(errno, std::generic_category(), "setting the stage");
  shared_ = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory_, 0);
  stranger_ = ::fork();
  if (stranger_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);  // where Yama would keep others of the user away
    for (;;) ::pause();
  }
}

ActStage::~ActStage() {
  ::kill(stranger_, SIGKILL);
  ::waitpid(stranger_, nullptr, 0);
  ::munmap(shared_, kBytes);
  ::close(memory_);
  ::close(door_);
}

hostile::Stage ActStage::open() const {
  return {.folder = folder(),
          .stranger = stranger_,
          .strangers_descriptor = memory_,
          .shared = shared_,
          .descriptors_from = memory_,
          .threads_max = 64,
          .bytes_max = std::size_t{256} << 20};
}

int ActStage::try_unconfined(const hostile::Act& act) const {
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(30);
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    if (act.ground == hostile::Ground::OwnNamespaces) be_root_of_own_namespaces();
    ::_exit(act.run(open()));
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
  return WEXITSTATUS(status);
}

}  // namespace shunt::test
