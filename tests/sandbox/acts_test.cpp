/// A hostile plugin tries everything, in every tier: nothing succeeds, each act is stopped as the table says, and what
/// the warden judges leaves a record that names its call.
#include "baseline.hpp"
#include "trial.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace shunt::test {
namespace {

/// Mounts, and what System V has made, by their numbers. What other processes have comes and goes meanwhile.
std::set<std::string> things_on_the_machine() {
  std::set<std::string> things;
  for (const char* path : {"/proc/self/mountinfo", "/proc/sysvipc/shm", "/proc/sysvipc/sem", "/proc/sysvipc/msg"}) {
    std::ifstream file{path};
    for (std::string line; std::getline(file, line);) {
      std::istringstream words{line};
      std::string first;
      std::string second;
      words >> first >> second;
      things.insert(fmt::format("{} {} {}", path, first, second));
    }
  }
  return things;
}

bool are_all_in(const std::set<std::string>& things, const std::set<std::string>& known) {
  return std::ranges::includes(known, things);
}

TEST(HostileActs, succeed_where_nothing_confines_them_but_for_a_few_whose_reason_is_known) {
  std::size_t not_testable = 0;
  hostile::for_each_act([&](const hostile::Act& act) {
    const Baseline baseline = baseline_of(act);
    if (baseline.succeeded) return;
    ++not_testable;
    EXPECT_NE(baseline.reason, "") << act.group << ": " << act.name << ": " << name_of_error(baseline.stopped_by);
  });

  EXPECT_LE(not_testable, kNotTestableMax);
}

TEST(HostileActs, leave_nothing_on_the_machine_where_they_succeed) {
  const auto before = things_on_the_machine();
  std::string folder;
  {
    const ActStage stage;
    folder = stage.folder();
    hostile::for_each_act([&](const hostile::Act& act) { static_cast<void>(stage.try_unconfined(act)); });
  }

  for (int i = 0; i < 30'000 && !are_all_in(things_on_the_machine(), before); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  EXPECT_TRUE(are_all_in(things_on_the_machine(), before));
  EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST(HostileActs, are_at_least_sixty_and_have_different_names) {
  std::size_t count = 0;
  std::set<std::string_view> names;
  hostile::for_each_act([&](const hostile::Act& act) {
    ++count;
    names.insert(act.name);
  });

  EXPECT_GE(count, 60u);
  EXPECT_EQ(names.size(), count);
}

class InTier : public testing::TestWithParam<Tier> {};
INSTANTIATE_TEST_SUITE_P(HostileActs, InTier, testing::ValuesIn(kTiers), [](const auto& parameter) {
  std::string text{name(parameter.param)};
  std::replace(text.begin(), text.end(), ' ', '_');
  return text;
});

TEST_P(InTier, none_succeeds_and_each_is_stopped_as_expected_while_loading_and_while_serving) {
  const ActStage stage;

  const auto attempts = try_acts(GetParam(), stage);

  std::set<std::pair<Moment, std::string_view>> tried;
  for (const Attempt& each : attempts) {
    tried.emplace(each.moment, each.act->name);
    const auto surprise = each.surprise();
    EXPECT_FALSE(surprise) << name(each.moment) << ": " << *surprise;
  }
  for (const Moment moment : kMoments)
    hostile::for_each_act([&](const hostile::Act& act) {
      EXPECT_EQ(tried.contains({moment, act.name}), why_not_at(moment, act).empty()) << name(moment) << act.name;
    });
}

}  // namespace
}  // namespace shunt::test
