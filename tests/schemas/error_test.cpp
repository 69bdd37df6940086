#include <shunt/schemas/error.hpp>
#include <shunt/schemas/result.hpp>

#include <cerrno>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace shunt {
namespace {

/// The codes that have a name of their own, by name.
std::map<std::string_view, ErrorCode> named_codes() {
  std::map<std::string_view, ErrorCode> codes{{name(ErrorCode::Unknown), ErrorCode::Unknown}};
  for (std::uint32_t value = 1; value <= std::numeric_limits<std::uint16_t>::max(); ++value) {
    const auto code = static_cast<ErrorCode>(value);
    if (name(code) == "Unknown") continue;
    const auto [known, added] = codes.emplace(name(code), code);
    EXPECT_TRUE(added) << name(code) << " names " << value << " and " << static_cast<int>(known->second);
  }
  return codes;
}

TEST(ErrorCode, no_two_codes_share_a_name) {
  EXPECT_GE(named_codes().size(), 32u) << "codes are appended, never taken away";
}

TEST(ErrorCode, codes_keep_the_numbers_they_travel_with) {
  const std::map<std::string_view, int> expected{
      {"Unknown", 0},           {"BadInput", 1},        {"BadConfiguration", 2},
      {"BadManifest", 3},       {"BadSchema", 4},       {"SchemaMismatch", 5},
      {"BadPayload", 6},        {"NoSuchRoute", 7},     {"NoSuchPlugin", 8},
      {"NoSuchVersion", 9},     {"Undeclared", 10},     {"TooLarge", 11},
      {"WouldDeadlock", 12},    {"NotAPlugin", 20},     {"WrongArchitecture", 21},
      {"NotTrusted", 22},       {"LayoutMismatch", 23}, {"NotServing", 40},
      {"DeadlineExceeded", 41}, {"Cancelled", 42},      {"QuotaExceeded", 43},
      {"RingFull", 44},         {"NoPool", 45},         {"Stopped", 46},
      {"PluginFailed", 60},     {"PluginCrashed", 61},  {"PluginExited", 62},
      {"PluginStuck", 63},      {"OutcomeUnknown", 64}, {"PeerBreach", 65},
      {"HostGone", 66},         {"System", 80}};

  const auto codes = named_codes();

  for (const auto& [code_name, number] : expected) {
    ASSERT_TRUE(codes.contains(code_name)) << code_name << " is gone; codes are appended, never changed";
    EXPECT_EQ(static_cast<int>(codes.at(code_name)), number) << code_name;
  }
}

TEST(ErrorCode, a_code_of_a_later_release_is_unknown_and_not_an_assertion) {
  EXPECT_EQ(name(static_cast<ErrorCode>(65'000)), "Unknown");
}

TEST(Error, its_text_is_the_code_and_the_message) {
  EXPECT_EQ(to_string(Error{ErrorCode::QuotaExceeded, "3 of 3 chunks are held"}),
            "QuotaExceeded: 3 of 3 chunks are held");
  EXPECT_EQ(to_string(Error{ErrorCode::Stopped, ""}), "Stopped");
}

Result<int> half(int number) {
  if (number % 2 != 0) return error(ErrorCode::BadInput, "{} is odd", number);
  return number / 2;
}

Result<int> quarter(int number) {
  SHUNT_TRY(once, half(number));
  SHUNT_TRY(twice, half(once));
  return twice;
}

Status divisible_by_four(int number) {
  SHUNT_CHECK(quarter(number).map([](int) {}));
  return {};
}

TEST(Result, try_names_the_value_or_hands_the_error_up_unchanged) {
  EXPECT_EQ(quarter(12).value(), 3);
  EXPECT_EQ(quarter(6).error(), (Error{ErrorCode::BadInput, "3 is odd"}));
  EXPECT_EQ(quarter(7).error(), (Error{ErrorCode::BadInput, "7 is odd"}));
}

TEST(Result, check_passes_success_on_and_hands_the_error_up_unchanged) {
  EXPECT_TRUE(divisible_by_four(12).has_value());
  EXPECT_EQ(divisible_by_four(6).error(), (Error{ErrorCode::BadInput, "3 is odd"}));
}

TEST(Result, a_system_error_says_what_was_tried_and_what_the_system_answered) {
  errno = ENOENT;
  const auto failed = system_error("opening host.toml");

  EXPECT_EQ(failed.value().code, ErrorCode::System);
  EXPECT_EQ(failed.value().message, "opening host.toml: No such file or directory");
}

}  // namespace
}  // namespace shunt
