#pragma once
/// The program `robot` from the outside. The base of every test here, and the check that nothing of it is left.
///
///     class Kill : public shunt::test::RobotTest {};
///     TEST_F(Kill, ...) { const Json ran = good("--seconds 2"); EXPECT_EQ(ran["collisions"], 0); }

#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <run_command.hpp>
#include <temporary_directory.hpp>

namespace shunt::test {

using Json = nlohmann::json;

class RobotTest : public testing::Test {
 protected:
  void SetUp() override;
  /// No process and no file of any run is left.
  void TearDown() override;

  /// Runs it in a folder of its own, which is its TMPDIR too. What it says on stderr comes last.
  [[nodiscard]] Ran run(const std::string& arguments) const;
  /// The same with --json, of a run that went as it should.
  [[nodiscard]] Json good(const std::string& arguments) const { return report(arguments, 0); }
  /// With --json; `exit_code` is what is expected.
  [[nodiscard]] Json report(const std::string& arguments, int exit_code) const;
  /// The built configuration with its paths made whole and `from` replaced by `to`: where it is now.
  [[nodiscard]] std::string configuration(const std::string& from, const std::string& to) const;

  const TemporaryDirectory folder_;   ///< For what a test writes.
  const TemporaryDirectory working_;  ///< The program's, which must stay empty.
};

[[nodiscard]] std::string text_of(const std::filesystem::path& file);

}  // namespace shunt::test
