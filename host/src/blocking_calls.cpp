#include "blocking_calls.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

namespace shunt {
namespace {

constexpr auto kBlocking = std::to_array<std::string_view>({
    // Name resolution asks servers, for seconds.
    "getaddrinfo",
    "getnameinfo",
    "gethostbyname",
    "gethostbyname_r",
    "gethostbyname2",
    "gethostbyname2_r",
    "gethostbyaddr",
    "gethostbyaddr_r",
    "res_query",
    "res_search",
    "__res_query",
    "__res_search",
    // Connections wait for the other side.
    "connect",
    "accept",
    "accept4",
    // Sleeping; std::this_thread::sleep_for is nanosleep or clock_nanosleep by then.
    "sleep",
    "usleep",
    "nanosleep",
    "clock_nanosleep",
    "thrd_sleep",
    "pause",
    "sigsuspend",
    "sigwait",
    "sigwaitinfo",
    // Other programs, and waiting for them.
    "system",
    "popen",
    "pclose",
    "wait",
    "waitpid",
    "wait3",
    "wait4",
    "waitid",
    // Waiting for descriptors and locks of files.
    "poll",
    "ppoll",
    "__poll_chk",
    "select",
    "pselect",
    "epoll_wait",
    "epoll_pwait",
    "flock",
    "lockf",
    "lockf64",
    // Writing through to a disk.
    "fsync",
    "fdatasync",
    "sync",
    "syncfs",
    "msync",
});

}  // namespace

std::vector<std::string> blocking_calls(std::span<const std::string> undefined) {
  std::vector<std::string> found;
  std::ranges::copy_if(undefined, std::back_inserter(found),
                       [](const std::string& name) { return std::ranges::find(kBlocking, name) != kBlocking.end(); });
  return found;
}

}  // namespace shunt
