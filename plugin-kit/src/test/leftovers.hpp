#pragma once
/// The descriptors and threads of this process, to be compared before and after.

#include <set>
#include <string>

namespace shunt::test {

struct Belongings {
  std::set<std::string> descriptors;  ///< "5 (/dev/null)"
  std::set<std::string> threads;      ///< By their numbers.

  [[nodiscard]] static Belongings of_this_process();
};

/// What is there now and was not before, as the end of a sentence: "2 threads and descriptor 5 (/dev/null)"; empty for
/// nothing. A thread that is joined is seen for an instant longer: waits for it up to a second.
[[nodiscard]] std::string left_since(const Belongings& before);

}  // namespace shunt::test
