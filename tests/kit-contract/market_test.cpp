// The market example's plugins as built, loaded like a launcher loads them, over days that a second computation knows
// too.
#include "executor_contract.hpp"
#include "fake_launcher.hpp"

#include <shunt/schemas/error.hpp>

#include <cstdlib>
#include <random>
#include <stdexcept>

#include <dlfcn.h>
#include <gtest/gtest.h>

namespace shunt::test {
namespace {

/// A plugin loaded from its file. Stays loaded until the program ends.
const shunt_plugin& loaded(const char* path) {
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw std::runtime_error(dlerror());
  return *static_cast<const shunt_plugin*>(dlsym(library, "shunt_plugin_descriptor"));
}

struct Day {
  std::int64_t open_cents;
  std::int64_t close_cents;
};

/// The same random walk every time.
std::vector<Day> days(int count) {
  std::mt19937 random(20000103);
  std::vector<Day> all;
  for (std::int64_t price = 146'925; count > 0; --count) {
    const auto open = price;
    price += static_cast<std::int64_t>(random() % 12'001) - 6'000;
    price = std::max<std::int64_t>(price, 10'000);
    all.push_back({open, price});
  }
  return all;
}

std::vector<std::uint8_t> bar(std::uint64_t sequence, const Day& day) {
  flatbuffers::FlatBufferBuilder build;
  build.Finish(market::CreateBar(build, sequence, 0, static_cast<double>(day.open_cents) / 100, 0, 0,
                                 static_cast<double>(day.close_cents) / 100));
  return {build.GetBufferPointer(), build.GetBufferPointer() + build.GetSize()};
}

/// What the documentation of the example says, in whole numbers, without the plugins.
struct Expected {
  std::int64_t position = 0, cash_cents = 0, turnover_cents = 0;
  void add(const Day& day) {
    const auto move = day.close_cents - day.open_cents;
    const auto strength = std::abs(move) * 1'000'000 / day.open_cents;
    auto lots = strength < 500 ? 0 : std::min<std::int64_t>(strength / 1000, 25);
    if (lots * day.close_cents > 3'000'000) lots = 0;
    const auto quantity = move < 0 ? -lots : lots;
    position += quantity;
    cash_cents -= quantity * day.close_cents;
    turnover_cents += lots * day.close_cents;
  }
};

class Market : public testing::Test {
 protected:
  void SetUp() override {
    for (auto* launcher : {&momentum_1_4_, &momentum_1_5_, &executor_, &risk_}) ASSERT_EQ(launcher->init({}).text, "");
    executor_.on_call([this](std::span<const std::uint8_t> order) {
      risk_.request(0, order);
      const auto code = risk_.failure().count == 0 ? SHUNT_OK : risk_.failure().code;
      executor_.answer_calls(code, risk_.reply().payload, risk_.failure().text);
    });
  }

  FakeLauncher momentum_1_4_{loaded(MOMENTUM_1_4)};
  FakeLauncher momentum_1_5_{loaded(MOMENTUM_1_5)};
  FakeLauncher executor_{loaded(EXECUTOR)};
  FakeLauncher risk_{loaded(RISK)};
};

TEST_F(Market, ends_as_computed_by_hand_however_the_versions_of_momentum_take_turns) {
  Expected expected;
  std::uint64_t sequence = 0;
  for (const auto& day : days(20'000)) {
    auto& momentum = (sequence / 7) % 2 == 0 ? momentum_1_4_ : momentum_1_5_;
    momentum.publish(0, bar(sequence++, day));
    executor_.publish(0, momentum.publication().payload);
    expected.add(day);
  }

  ASSERT_EQ(executor_.publication().count, 20'000) << executor_.failure().text;
  const auto payload = executor_.publication().payload;
  const auto* fill = kit::verified<market::Fill>(payload.data(), payload.size());
  ASSERT_NE(fill, nullptr);
  EXPECT_EQ(fill->fills(), 20'000u);
  EXPECT_EQ(fill->position(), expected.position);
  EXPECT_EQ(fill->cash_cents(), expected.cash_cents);
  EXPECT_EQ(fill->turnover_cents(), static_cast<std::uint64_t>(expected.turnover_cents));
  EXPECT_GT(expected.turnover_cents, 0);
}

TEST_F(Market, signals_of_both_versions_differ_in_nothing_but_the_version) {
  const auto message = bar(3, {146'925, 150'000});
  momentum_1_4_.request(0, message);
  momentum_1_5_.request(0, message);

  const auto* older = flatbuffers::GetRoot<market::Signal>(momentum_1_4_.reply().payload.data());
  const auto* newer = flatbuffers::GetRoot<market::Signal>(momentum_1_5_.reply().payload.data());
  EXPECT_EQ(older->version(), 4);
  EXPECT_EQ(newer->version(), 5);
  EXPECT_EQ(older->direction(), market::Direction::Buy);
  EXPECT_EQ(newer->direction(), market::Direction::Buy);
  EXPECT_EQ(older->strength(), newer->strength());
}

TEST_F(Market, a_signal_that_risk_cannot_judge_fills_nothing_and_is_reported) {
  flatbuffers::FlatBufferBuilder build;
  build.Finish(market::CreateSignal(build, 9, market::Direction::Buy, -1.0));

  executor_.publish(0, {build.GetBufferPointer(), build.GetSize()});

  EXPECT_EQ(executor_.publication().count, 0);
  EXPECT_EQ(executor_.failure().code, static_cast<int>(ErrorCode::BadInput));
  EXPECT_EQ(executor_.failure().text, "order 9 has the price -1");
}

TEST_F(Market, prices_that_cannot_be_are_no_move) {
  flatbuffers::FlatBufferBuilder build;
  build.Finish(market::CreateBar(build, 1, 0, 1e300, 0, 0, -1e300));

  momentum_1_4_.request(0, {build.GetBufferPointer(), build.GetSize()});

  const auto* signal = flatbuffers::GetRoot<market::Signal>(momentum_1_4_.reply().payload.data());
  EXPECT_EQ(signal->direction(), market::Direction::Hold);
}

}  // namespace
}  // namespace shunt::test
