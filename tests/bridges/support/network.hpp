#pragma once
/// Networks that a test makes itself. They have no name anywhere, and go with the last process in them.
///
///     int main(int argc, char** argv) { return shunt::test::run_in_private_network(argc, argv); }
///
///     const Network left, right;
///     const Cable cable{left, right};                    // "cable" on both sides, 10.77.0.1 and 10.77.0.2
///     const auto inside = left.enter();                  // what this thread starts now is in there
///     cable.cut();

#include "process.hpp"

#include <shunt/bus/unique_fd.hpp>

#include <string>

namespace shunt::test {

/// Runs all tests of the program in a network of its own, with a loopback. Where none can be had they are skipped.
int run_in_private_network(int argc, char** argv);

/// The base of tests that need one.
class NetworkTest : public ProcessTest {
 protected:
  void SetUp() override;
};

class Network {
 public:
  /// A new one, with a loopback. Throws where it cannot be made.
  Network();

  /// For as long as it lives, this thread and what it starts are in there.
  class Inside {
   public:
    explicit Inside(int network);
    ~Inside();
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

   private:
    bus::UniqueFd before_;
  };
  [[nodiscard]] Inside enter() const { return Inside{descriptor_.get()}; }
  [[nodiscard]] int descriptor() const { return descriptor_.get(); }

 private:
  bus::UniqueFd descriptor_;
};

/// Joins two networks: an interface "cable" in each. Goes with them.
class Cable {
 public:
  Cable(const Network& left, const Network& right);

  /// Nothing gets through any more, either way.
  void cut() const { set_up(false); }
  void mend() const { set_up(true); }
  /// Loses so many of 100 packets in each direction, by the kernel's netem. False: this kernel has none.
  [[nodiscard]] bool lose(unsigned percent) const;

 private:
  void set_up(bool up) const;
  void know_each_other() const;

  const Network& left_;
  const Network& right_;
};

}  // namespace shunt::test
