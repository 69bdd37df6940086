#include "start_times.hpp"

#include <array>
#include <sstream>

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

namespace shunt::bench {

Result<StartTimes> StartTimes::make() {
  bus::UniqueFd file{::memfd_create("shunt-bench: times", MFD_CLOEXEC)};
  if (!file) return system_error("making a file for times");
  return StartTimes{std::move(file)};
}

std::string StartTimes::path() const { return fmt::format("/proc/{}/fd/{}", ::getpid(), file_.get()); }

Status StartTimes::clear() const {
  if (::ftruncate(file_.get(), 0) != 0) return system_error("emptying the file for times");
  return {};
}

Result<std::vector<StartTimes::Step>> StartTimes::read() const {
  std::array<char, 4096> text{};
  const ssize_t bytes = ::pread(file_.get(), text.data(), text.size() - 1, 0);
  if (bytes < 0) return system_error("reading times");
  std::istringstream lines{text.data()};
  std::vector<Step> steps;
  for (Step step; lines >> step.name;) {
    if (!(lines >> step.at_ns)) return error(ErrorCode::BadInput, "the step {} came without a time", step.name);
    steps.push_back(step);
  }
  if (steps.empty()) return error(ErrorCode::BadInput, "the launcher wrote no times down");
  return steps;
}

}  // namespace shunt::bench
