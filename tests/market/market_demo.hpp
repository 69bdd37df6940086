#pragma once
/// The program market-demo from the outside. The base of every test here, and the check that nothing of it is left.
///
///     class Replay : public shunt::test::MarketTest {};
///     TEST_F(Replay, ...) { const Ran ran = run({"--json", "--messages", "1000"}); ... }

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <flatbuffers/flexbuffers.h>
#include <gtest/gtest.h>
#include <sys/types.h>
#include <temporary_directory.hpp>

namespace shunt::test {

struct Ran {
  int exit_code = -1;  ///< -1 when a signal ended it.
  int signal = 0;
  std::string output;  ///< stdout
  std::string errors;  ///< stderr
};

/// The JSON object that is the last line of a text.
class Json {
 public:
  explicit Json(const std::string& text);
  [[nodiscard]] flexbuffers::Reference operator[](const char* key) const { return root_[key]; }
  [[nodiscard]] bool has(const char* key) const { return !root_[key].IsNull(); }

 private:
  std::vector<std::uint8_t> bytes_;
  flexbuffers::Map root_ = flexbuffers::Map::EmptyMap();
};

class MarketTest : public testing::Test {
 protected:
  void SetUp() override;
  /// No process and no file of any run is left.
  void TearDown() override;

  /// Starts it in a folder of its own, which is its TMPDIR too. On `terminal` its stderr is one.
  [[nodiscard]] pid_t begin(const std::vector<std::string>& arguments, int terminal = -1) const;
  [[nodiscard]] Ran end(pid_t process) const;
  [[nodiscard]] Ran run(const std::vector<std::string>& arguments) const { return end(begin(arguments)); }
  [[nodiscard]] std::string errors_so_far() const;

  /// Asks `condition` until it holds; false after a minute.
  template <typename Condition>
  [[nodiscard]] static bool await(Condition&& condition) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
  }

  /// The built configuration, its paths made whole, with `from` replaced by `to`. Where it is now.
  [[nodiscard]] std::string configuration(const std::string& from, const std::string& to) const;

  const TemporaryDirectory folder_;   ///< For what a test writes.
  const TemporaryDirectory working_;  ///< The program's, which must stay empty.
};

}  // namespace shunt::test
