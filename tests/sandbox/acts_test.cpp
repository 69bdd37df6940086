/// A hostile plugin tries everything, in every tier: nothing succeeds, and what the warden judges leaves a record.
#include "trial.hpp"

#include <algorithm>
#include <map>

#include <gtest/gtest.h>

namespace shunt::test {
namespace {

/// At most these cannot be tried here, and why.
const std::map<std::string_view, std::string_view> kNotTestable {
#if !defined(__x86_64__)
  {"x32_call", "there is no such interface on this machine"},
      {"int_0x80", "there is no such interface on this machine"},
#endif
};

TEST(HostileActs, succeed_where_nothing_confines_them) {
  hostile::for_each_act([&](const hostile::Act& act) {
    if (kNotTestable.contains(act.name)) return;
    const ActStage fresh;
    EXPECT_EQ(fresh.try_unconfined(act), 0) << act.group << ": " << act.name;
  });
}

TEST(HostileActs, are_at_least_sixty_and_almost_all_can_be_tried) {
  std::size_t count = 0;
  hostile::for_each_act([&](const hostile::Act&) { ++count; });

  EXPECT_GE(count, 60u);
  EXPECT_LE(kNotTestable.size(), 5u);
}

class InTier : public testing::TestWithParam<Tier> {};
INSTANTIATE_TEST_SUITE_P(HostileActs, InTier, testing::ValuesIn(kTiers), [](const auto& parameter) {
  std::string text{name(parameter.param)};
  std::replace(text.begin(), text.end(), ' ', '_');
  return text;
});

TEST_P(InTier, none_succeeds_and_each_is_stopped_as_expected) {
  const ActStage stage;

  const auto attempts = try_acts(GetParam(), stage);

  EXPECT_GE(attempts.size(), 120u) << "each once while serving, and almost each while loading";
  for (const Attempt& each : attempts) {
    const auto surprise = each.surprise(GetParam());
    EXPECT_FALSE(surprise) << (each.moment == Moment::Loading ? "loading: " : "serving: ") << *surprise;
  }
}

}  // namespace
}  // namespace shunt::test
