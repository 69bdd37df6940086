#pragma once
/// What a host leaves behind in its process: nothing. The base of every test here.
///
///     class Calls : public shunt::test::HostTest {};
///     TEST_F(Calls, ...) { Host host = start({actor()}); ... }       // the host goes with the body

#include <cstddef>
#include <iosfwd>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace shunt::test {

/// Children, descriptors, threads and shared memory of this process.
struct Belongings {
  std::vector<int> children;             ///< Also those that were orphaned: we are their reaper. Zombies count.
  std::vector<std::string> descriptors;  ///< What each leads to.
  std::size_t threads = 0;
  std::size_t shared_mappings = 0;

  [[nodiscard]] static Belongings now();
  friend bool operator==(const Belongings&, const Belongings&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Belongings& belongings);
};

/// Takes stock before a test and asserts after it that there is no more.
class HostTest : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  /// Waits until every child has ended, and reaps it.
  static void reap_orphans();

 private:
  Belongings before_;
};

}  // namespace shunt::test
