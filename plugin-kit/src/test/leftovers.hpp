#pragma once
/// The descriptors, threads and children of this process, to be compared before and after.

#include <set>
#include <string>

#include <sys/types.h>

namespace shunt::test {

struct Belongings {
  std::set<std::string> descriptors;  ///< "5 (/dev/null)"
  std::set<std::string> threads;      ///< By their numbers.
  std::set<pid_t> processes;          ///< That it has started and not waited for, and what of these left it and lives.

  /// What leaves its parent goes to `keeper`; to whom else it would go, nobody can look: 0.
  [[nodiscard]] static Belongings of_this_process(pid_t keeper);
};

/// What is there now and was not before, as the end of a sentence: "2 threads and descriptor 5 (/dev/null)"; empty for
/// nothing. A thread that is joined is seen for an instant longer, and a process ends later than it is told to: waits
/// for both up to a second.
[[nodiscard]] std::string left_since(const Belongings& before, pid_t keeper);

}  // namespace shunt::test
