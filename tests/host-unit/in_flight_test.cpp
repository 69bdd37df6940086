#include "in_flight.hpp"

#include <array>
#include <vector>

#include <gtest/gtest.h>

namespace shunt::host {
namespace {

struct Route : RouteInfo {
  explicit Route(std::uint32_t number) { id = {number}; }
};

TEST(InFlight, a_request_beyond_the_most_of_its_route_is_refused_and_counted_there) {
  InFlightTable table{8};
  const Route one{1}, other{2};
  InFlight first{.route = &one}, second{.route = &one}, third{.route = &one}, elsewhere{.route = &other};

  EXPECT_EQ(table.add(first, 2), Added::Yes);
  EXPECT_EQ(table.add(second, 2), Added::Yes);
  EXPECT_EQ(table.add(third, 2), Added::Full);
  EXPECT_EQ(table.add(elsewhere, 1), Added::Yes);

  EXPECT_EQ(table.on_route({1}).now, 2u);
  EXPECT_EQ(table.on_route({1}).refused, 1u);
  EXPECT_EQ(table.on_route({2}).now, 1u);
  EXPECT_EQ(table.on_route({2}).refused, 0u);
  EXPECT_TRUE(table.take(first.correlation));
  EXPECT_EQ(table.on_route({1}).now, 1u);
  EXPECT_EQ(table.on_route({1}).refused, 1u) << "for good";
  EXPECT_EQ(table.add(third, 2), Added::Yes);
}

TEST(InFlight, a_full_table_refuses_whatever_the_route_would_take) {
  InFlightTable table{1};
  const Route route{1};
  InFlight first{.route = &route}, second{.route = &route};

  EXPECT_EQ(table.add(first, 100), Added::Yes);
  EXPECT_EQ(table.add(second, 100), Added::Full);

  EXPECT_EQ(table.size(), table.places());
  EXPECT_EQ(table.on_route({1}).refused, 1u);
}

TEST(InFlight, what_a_call_wants_of_its_version_is_kept_as_long_as_its_record) {
  InFlightTable table{2};
  const Route route{1};
  const Hints wants = Hints::parse("v2;region=bj").value();
  InFlight plain{.route = &route}, hinted{.route = &route, .hints = &wants};
  ASSERT_EQ(table.add(plain, 10), Added::Yes);
  ASSERT_EQ(table.add(hinted, 10), Added::Yes);
  Hints of_plain, of_hinted;

  ASSERT_TRUE(table.look_up(plain.correlation, &of_plain));
  ASSERT_TRUE(table.look_up(hinted.correlation, &of_hinted));

  EXPECT_TRUE(of_plain.empty());
  EXPECT_EQ(of_hinted, wants);
  ASSERT_TRUE(table.take(hinted.correlation));
  InFlight next{.route = &route};
  ASSERT_EQ(table.add(next, 10), Added::Yes) << "in its place";
  ASSERT_TRUE(table.look_up(next.correlation, &of_plain));
  EXPECT_TRUE(of_plain.empty());
}

constexpr std::uint32_t kPlaces = 1000;  // more than are looked at under one lock
constexpr std::uint32_t kNoLimit = kPlaces;

class InFlightRequests : public testing::Test {
 protected:
  InFlightRequests() { route_.id = {1}; }
  /// A target is only a name here.
  Instance* target(std::size_t which) { return reinterpret_cast<Instance*>(&names_[which]); }
  std::uint64_t add(Instance* target, std::uint64_t position) {
    InFlight record;
    record.caller = caller();
    return add(record, target, position);
  }
  /// What the handler of `parent`, in `origin`, calls.
  std::uint64_t add_nested(std::uint64_t parent, Instance* origin, Instance* target) {
    InFlight record;
    record.origin = origin;
    record.parent = parent;
    return add(record, target, 0);
  }
  std::uint64_t add(InFlight& record, Instance* target, std::uint64_t position) {
    record.route = &route_;
    record.target = target;
    record.position = position;
    EXPECT_EQ(table_.add(record, kNoLimit), Added::Yes);
    return record.correlation;
  }
  /// Likewise, only a name.
  PendingCall* caller() { return reinterpret_cast<PendingCall*>(&caller_); }
  /// Those that are to be told, in that order; none is afterwards.
  std::vector<std::uint64_t> told() {
    std::vector<std::uint64_t> correlations;
    while (table_.next_untold([&](const InFlight& each) { correlations.push_back(each.correlation); })) {
    }
    EXPECT_EQ(table_.untold(), 0u);
    return correlations;
  }

  std::array<std::max_align_t, 3> names_{};
  std::max_align_t caller_{};
  RouteInfo route_;
  InFlightTable table_{kPlaces};
};

TEST_F(InFlightRequests, the_next_of_each_target_is_the_one_that_stands_first_in_its_ring) {
  add(nullptr, 0);  // waits in a backlog: nobody's turn
  for (std::uint64_t i = 0; i < 600; ++i) add(target(0), 5000 - i);
  add(target(1), 7);
  const auto first = table_.next_of_each().at(target(0)).correlation;

  const auto next = table_.next_of_each();

  ASSERT_EQ(next.size(), 2u);
  EXPECT_EQ(next.at(target(0)).position, 4401u);
  EXPECT_EQ(next.at(target(0)).correlation, first);
  EXPECT_EQ(next.at(target(1)).position, 7u);
}

TEST_F(InFlightRequests, one_that_is_answered_gives_the_turn_to_the_one_behind_it) {
  const auto first = add(target(0), 1);
  const auto second = add(target(0), 2);

  EXPECT_EQ(table_.next_of_each().at(target(0)).correlation, first);
  EXPECT_TRUE(table_.take(first, target(0), Ending::Answered));
  EXPECT_EQ(table_.next_of_each().at(target(0)).correlation, second);
  EXPECT_TRUE(table_.take(second, target(0), Ending::Answered));
  EXPECT_TRUE(table_.next_of_each().empty());
}

TEST_F(InFlightRequests, one_that_goes_to_another_ring_stands_where_it_was_put_there) {
  const auto moved = add(target(0), 1);
  add(target(2), 5);

  EXPECT_TRUE(table_.set_target(moved, target(2), 9, Epoch::Even, nullptr));

  const auto next = table_.next_of_each();
  ASSERT_EQ(next.size(), 1u);
  EXPECT_EQ(next.at(target(2)).position, 5u);
}

using Unwanted = InFlightRequests;

TEST_F(Unwanted, a_call_takes_what_its_handler_called_along_down_to_the_last) {
  const auto other = add(target(0), 1);
  const auto outer = add(target(0), 2);
  const auto first = add_nested(outer, target(0), target(1));
  const auto second = add_nested(outer, target(0), target(1));
  const auto innermost = add_nested(second, target(1), target(2));

  EXPECT_EQ(table_.abandon(outer, Ending::Failed), caller());

  EXPECT_EQ(told(), (std::vector{outer, second, first, innermost}));
  EXPECT_TRUE(table_.look_up(other)->wanted());
  for (const auto each : {outer, first, second, innermost}) EXPECT_FALSE(table_.look_up(each)->wanted());
  EXPECT_EQ(table_.size(), 5u) << "each counts until it is answered";
}

TEST_F(Unwanted, a_call_is_abandoned_once_and_not_after_its_answer) {
  const auto abandoned = add(target(0), 1);
  const auto answered = add(target(0), 2);

  EXPECT_EQ(table_.abandon(abandoned, Ending::Failed), caller());
  EXPECT_EQ(table_.abandon(abandoned, Ending::Failed), nullptr);
  EXPECT_TRUE(table_.take(answered, target(0), Ending::Answered));
  EXPECT_EQ(table_.abandon(answered, Ending::Failed), nullptr);

  EXPECT_EQ(told(), std::vector{abandoned});
}

TEST_F(Unwanted, a_handler_calls_nothing_more) {
  const auto outer = add(target(0), 1);
  EXPECT_EQ(table_.abandon(outer, Ending::Failed), caller());
  InFlight nested{.route = &route_, .origin = target(0), .parent = outer};

  EXPECT_EQ(table_.add(nested, kNoLimit), Added::Unwanted);
  EXPECT_TRUE(table_.take(outer, target(0), Ending::Answered));
  EXPECT_EQ(table_.add(nested, kNoLimit), Added::Unwanted) << "nor when it has answered";
}

TEST_F(Unwanted, what_a_handler_called_goes_on_when_the_outer_call_is_answered) {
  const auto outer = add(target(0), 1);
  const auto nested = add_nested(outer, target(0), target(1));

  EXPECT_TRUE(table_.take(outer, target(0), Ending::Answered));
  const auto next = add(target(0), 2);
  EXPECT_EQ(table_.abandon(next, Ending::Failed), caller()) << "in the place of the first";

  EXPECT_EQ(told(), std::vector{next});
  EXPECT_TRUE(table_.look_up(nested)->wanted());
  EXPECT_TRUE(table_.take(nested, target(1), Ending::Answered));
}

TEST_F(Unwanted, a_request_in_a_backlog_goes_with_its_place_and_into_no_ring) {
  const auto waiting = add(nullptr, 0);
  EXPECT_EQ(table_.abandon(waiting, Ending::Failed), caller());

  EXPECT_FALSE(table_.set_target(waiting, target(0), 1, Epoch::Even, nullptr));
  EXPECT_EQ(told(), std::vector{waiting});

  EXPECT_EQ(table_.size(), 0u);
}

TEST_F(Unwanted, what_cannot_be_told_now_comes_behind_what_is_new) {
  const auto first = add(target(0), 1);
  const auto second = add(target(1), 1);
  EXPECT_EQ(table_.abandon(first, Ending::Failed), caller());
  EXPECT_TRUE(table_.next_untold([](const InFlight&) {}));
  table_.tell_later(first);

  EXPECT_EQ(table_.abandon(second, Ending::Failed), caller());
  EXPECT_EQ(table_.untold(), 2u);

  EXPECT_EQ(told(), (std::vector{second, first}));
}

TEST_F(Unwanted, one_that_is_answered_need_not_be_told) {
  const auto first = add(target(0), 1);
  const auto second = add(target(0), 2);
  const auto third = add(target(0), 3);
  for (const auto each : {first, second, third}) EXPECT_EQ(table_.abandon(each, Ending::Failed), caller());

  EXPECT_TRUE(table_.take(second, target(0), Ending::Answered));
  table_.tell_later(second);

  EXPECT_EQ(told(), (std::vector{third, first}));
}

TEST_F(Unwanted, the_calls_of_a_dead_plugin_are_with_all_that_follows_from_them) {
  const auto outer = add(target(0), 1);
  const auto nested = add_nested(outer, target(0), target(1));
  const auto innermost = add_nested(nested, target(1), target(2));

  table_.abandon_calls_of(target(0));

  EXPECT_EQ(told(), (std::vector{nested, innermost}));
  EXPECT_TRUE(table_.look_up(outer)->wanted()) << "its own outcome is another matter";
}

TEST_F(Unwanted, those_of_many_are_given_up_that_are_asked_for) {
  std::vector<std::uint64_t> late;
  for (std::int64_t i = 0; i < 500; ++i) {
    InFlight record;
    record.caller = caller();
    record.deadline_ns = i;
    const auto correlation = add(record, target(0), static_cast<std::uint64_t>(i));
    if (i < 200) late.push_back(correlation);
  }

  table_.abandon_if(Ending::Failed, [](const InFlight& each) { return each.deadline_ns < 200; });

  const auto unwanted = told();
  EXPECT_EQ(unwanted.size(), 200u);
  for (const auto each : late) EXPECT_FALSE(table_.look_up(each)->wanted());
}

/// What becomes of calls whose version a breaker guards.
class Counted : public InFlightRequests {
 protected:
  std::uint64_t add_counted(Outcomes& outcomes, std::uint64_t parent = 0) {
    InFlight record{.caller = caller(), .parent = parent, .outcomes = &outcomes, .sent_ns = 1'000};
    return add(record, target(0), 0);
  }

  Outcomes outcomes_{std::chrono::nanoseconds{500}};
};

TEST_F(Counted, each_call_counts_once_as_what_it_has_become) {
  EXPECT_TRUE(table_.take(add_counted(outcomes_), target(0), Ending::Answered));
  EXPECT_TRUE(table_.take(add_counted(outcomes_), target(0), Ending::Failed));
  EXPECT_TRUE(table_.take(add_counted(outcomes_), target(0), Ending::LetGo));
  add_counted(outcomes_);

  EXPECT_EQ(outcomes_.sent(), 4u);
  EXPECT_EQ(outcomes_.answered(), 1u);
  EXPECT_EQ(outcomes_.failed(), 1u);
  EXPECT_EQ(outcomes_.in_flight(), 1u);
}

TEST_F(Counted, a_call_that_was_given_up_has_failed_then_and_is_not_counted_when_it_is_answered) {
  const auto given_up = add_counted(outcomes_);

  EXPECT_EQ(table_.abandon(given_up, Ending::Failed), caller());
  EXPECT_EQ(outcomes_.failed(), 1u);
  EXPECT_TRUE(table_.take(given_up, target(0), Ending::Answered));

  EXPECT_EQ(outcomes_.answered(), 0u);
  EXPECT_EQ(outcomes_.failed(), 1u);
  EXPECT_EQ(outcomes_.in_flight(), 0u);
}

TEST_F(Counted, a_call_fails_with_the_deadline_of_the_one_that_it_is_nested_in) {
  Outcomes inner{{}};
  const auto outer = add_counted(outcomes_);
  add_counted(inner, outer);

  EXPECT_EQ(table_.abandon(outer, Ending::Failed), caller());

  EXPECT_EQ(inner.failed(), 1u);
}

TEST_F(Counted, a_call_is_slow_from_the_moment_on_and_nothing_else_afterwards) {
  const auto slow = add_counted(outcomes_);

  table_.count_slow(1'499);
  EXPECT_EQ(outcomes_.slow(), 0u);
  table_.count_slow(1'500);
  table_.count_slow(1'600);
  EXPECT_EQ(outcomes_.slow(), 1u);
  EXPECT_EQ(outcomes_.in_flight(), 1u);
  EXPECT_TRUE(table_.take(slow, target(0), Ending::Answered));

  EXPECT_EQ(outcomes_.slow(), 1u);
  EXPECT_EQ(outcomes_.answered(), 0u);
  EXPECT_EQ(outcomes_.in_flight(), 0u);
}

TEST_F(Counted, without_a_bound_no_call_is_slow) {
  Outcomes patient{{}};
  add_counted(patient);

  table_.count_slow(std::int64_t{1} << 60);

  EXPECT_EQ(patient.slow(), 0u);
}

TEST_F(Counted, a_call_that_another_version_is_given_counts_there_alone) {
  Outcomes other{std::chrono::hours{1}};
  const auto moved = add_counted(outcomes_);
  table_.count_slow(2'000);
  ASSERT_EQ(outcomes_.slow(), 1u);

  EXPECT_TRUE(table_.set_target(moved, target(1), 9, Epoch::Even, &other));
  table_.count_slow(2'000);
  EXPECT_TRUE(table_.take(moved, target(1), Ending::Failed));

  EXPECT_EQ(outcomes_.in_flight(), 0u);
  EXPECT_EQ(outcomes_.failed(), 0u);
  EXPECT_EQ(other.sent(), 1u);
  EXPECT_EQ(other.failed(), 1u);
}

TEST_F(Counted, what_a_caller_did_wrong_says_nothing_of_the_version) {
  for (const auto said : {ErrorCode::BadInput, ErrorCode::BadPayload, ErrorCode::ValidationFailed})
    EXPECT_EQ(ending_of(said), Ending::LetGo);
  for (const auto said :
       {ErrorCode::PluginFailed, ErrorCode::DeadlineExceeded, ErrorCode::Cancelled, static_cast<ErrorCode>(60'000)})
    EXPECT_EQ(ending_of(said), Ending::Failed);
}

}  // namespace
}  // namespace shunt::host
