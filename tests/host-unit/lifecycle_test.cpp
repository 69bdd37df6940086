#include "lifecycle.hpp"

#include <set>

#include <gtest/gtest.h>

namespace shunt {
namespace {

template <typename Visit>
void for_every_state_and_event(Visit visit) {
  for (std::size_t i = 0; i < kStateCount; ++i)
    for (std::size_t j = 0; j < kEventCount; ++j) visit(static_cast<State>(i), static_cast<Event>(j));
}

std::set<State> reachable_from(State start) {
  std::set<State> seen{start};
  for (std::size_t before = 0; before != seen.size();) {
    before = seen.size();
    for_every_state_and_event([&](State state, Event event) {
      if (const auto after = next(state, event); after && seen.contains(state)) seen.insert(*after);
    });
  }
  return seen;
}

TEST(Lifecycle, every_pair_of_state_and_event_has_the_one_answer_of_the_table_or_none) {
  std::size_t answers = 0;

  for_every_state_and_event([&](State state, Event event) {
    std::set<State> expected;
    for (const auto& row : lifecycle::kTable)
      if (row.from == state && row.event == event) expected.insert(row.to);
    const auto after = next(state, event);

    EXPECT_LE(expected.size(), 1u) << name(state) << " on " << name(event);
    EXPECT_EQ(after.has_value(), !expected.empty()) << name(state) << " on " << name(event);
    if (after) {
      EXPECT_EQ(*after, *expected.begin()) << name(state) << " on " << name(event);
    }
    answers += after.has_value();
  });

  EXPECT_EQ(answers, lifecycle::kTable.size());
}

TEST(Lifecycle, the_phases_are_walked_in_order_and_the_process_ends_after_cleanup) {
  constexpr std::pair<Event, State> kWalk[] = {
      {Event::Confinement, State::Confined},  {Event::Attachment, State::Attached},
      {Event::PhaseDone, State::Initialised}, {Event::PhaseDone, State::Validated},
      {Event::PhaseDone, State::Active},      {Event::StopAsked, State::Draining},
      {Event::DrainDone, State::Cleaning},    {Event::PhaseDone, State::Ending},
      {Event::ExitSeen, State::Ended}};
  auto state = State::Spawned;

  for (const auto& [event, expected] : kWalk) {
    const auto after = next(state, event);
    ASSERT_EQ(after, expected) << name(state) << " on " << name(event);
    state = *after;
  }
}

TEST(Lifecycle, every_state_is_reached_from_spawned) { EXPECT_EQ(reachable_from(State::Spawned).size(), kStateCount); }

TEST(Lifecycle, every_state_in_which_a_process_may_run_can_end) {
  for (std::size_t i = 0; i < kStateCount; ++i) {
    const auto state = static_cast<State>(i);
    EXPECT_EQ(is_alive(state), next(state, Event::ExitSeen).has_value()) << name(state);
    if (is_alive(state)) {
      EXPECT_TRUE(reachable_from(state).contains(State::Ended)) << name(state);
    }
  }
}

TEST(Lifecycle, nothing_leads_from_the_end_of_a_process_back_to_one) {
  EXPECT_EQ(reachable_from(State::Ended), (std::set{State::Ended, State::Quarantined}));
}

TEST(Lifecycle, every_state_with_a_deadline_has_an_answer_when_it_passes) {
  for (std::size_t i = 0; i < kStateCount; ++i) {
    const auto state = static_cast<State>(i);
    const bool has_deadline = is_alive(state) && state != State::Active;
    EXPECT_EQ(next(state, Event::DeadlinePassed).has_value(), has_deadline) << name(state);
  }
}

TEST(Lifecycle, a_drain_that_is_undone_serves_again) {
  EXPECT_EQ(next(State::Draining, Event::Resume), State::Active);
  EXPECT_FALSE(next(State::Cleaning, Event::Resume)) << "cleanup has begun: too late";
}

TEST(Lifecycle, every_state_and_event_has_a_name_of_its_own) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kStateCount; ++i) names.insert(name(static_cast<State>(i)));
  for (std::size_t i = 0; i < kEventCount; ++i) names.insert(name(static_cast<Event>(i)));

  EXPECT_EQ(names.size(), kStateCount + kEventCount);
  EXPECT_FALSE(names.contains("Unknown"));
  EXPECT_EQ(name(static_cast<State>(kStateCount)), "Unknown");
  EXPECT_EQ(name(static_cast<Event>(kEventCount)), "Unknown");
}

}  // namespace
}  // namespace shunt
