/// A lane, in every way that memory and scheduling allow: what its orders, its fences and its steps are for. Each test
/// runs the bus's own code to the end of all executions; and with one order weakened, one fence left out or one step in
/// another place it has to go wrong.
///
///     commit       what a slot says is readable: header and payload are whole
///     read         what may be written again: nobody reads it any more
///     return       a chunk that came back: nobody reads it any more
///     done         what was done: all that its handler has published lies in the ring back
///     standing     the same of what is done before its turn
///     fences       of a doorbell: no wake-up is lost
///
/// Of `begun` no order is needed: it counts when its writer is dead and was waited for, and its place among the steps
/// does. Not here: a load that would see a later store (see memory.hpp), and more than two slots and five messages.

#include "lane_parts.hpp"
#include "world.hpp"

#include <gtest/gtest.h>
#include <scale.hpp>

namespace shunt::model {
namespace {

using bus::Place;
using bus::Ring;

constexpr std::uint64_t kMessages = 5;  ///< Two laps of the ring and a half.

const bus::Incoming& next_of(bus::LaneReceiver& receiver) {
  return *until([&] { return receiver.next(Ring::Data); });
}

void a_ring_carries_messages(World& world) {
  const auto lane = std::make_shared<LaneParts>(world);
  world.thread("sender", [lane] {
    for (std::uint64_t number = 1; number <= kMessages; ++number) {
      until([&] { return lane->to_plugin.has_room(Ring::Data); });
      push_inline(lane->to_plugin, number);
    }
  });
  world.thread("receiver", [lane] {
    for (std::uint64_t number = 1; number <= kMessages; ++number) {
      const bus::Incoming& incoming = next_of(lane->from_host);
      require(incoming.header.correlation == number, "messages come once and in order");
      require(number_in(incoming.payload) == number, "a message comes whole");
      lane->from_host.free(Ring::Data);
    }
  });
}

void one_chunk_is_lent_again(World& world) {
  const auto lane = std::make_shared<LaneParts>(world);
  world.thread("sender", [lane] {
    for (std::uint64_t number = 1; number <= kMessages; ++number) {
      until([&] {
        lane->to_plugin.harvest([](bus::ChunkId) {});
        return lane->to_plugin.held() == 0;
      });
      std::memcpy(lane->chunk(), &number, sizeof number);
      lane->to_plugin.push(Ring::Data, header(number, Place::Chunk), {});
    }
  });
  world.thread("receiver", [lane] {
    for (std::uint64_t number = 1; number <= kMessages; ++number) {
      const bus::MessageHeader header = next_of(lane->from_host).header;
      require(number_in(lane->from_host.last(Ring::Data).payload) == number, "a chunk is written when it was read");
      lane->from_host.free(Ring::Data);
      lane->from_host.give_back(header.chunk, header.generation);
    }
  });
}

/// Three of them have a hundred thousand states.
std::uint64_t sleeps() { return test::full_size() ? 3 : 2; }

void a_sleeper_is_woken_for_messages(World& world) {
  const auto lane = std::make_shared<LaneParts>(world);
  world.thread("sender", [lane] {
    for (std::uint64_t number = 1; number <= sleeps(); ++number) {
      until([&] { return lane->to_plugin.has_room(Ring::Data); });
      push_inline(lane->to_plugin, number);
      lane->to_plugin.wake();
    }
  });
  world.thread("receiver", [lane] {
    for (std::uint64_t number = 1; number <= sleeps();) {
      if (lane->from_host.next(Ring::Data) != nullptr) {
        lane->from_host.free(Ring::Data);
        ++number;
        continue;
      }
      bus::sleep_until_rung(lane->plugin.fixed->doorbell, lane->host.fixed->doorbell, std::chrono::hours{1},
                            [&] { return lane->from_host.has_message(Ring::Data); });
    }
  });
}

void marks_are_read_while_they_change(World& world) {
  const auto lane = std::make_shared<LaneParts>(world);
  world.thread("host", [lane] {
    push_inline(lane->to_plugin, 1);
    push_inline(lane->to_plugin, 2);
    for (int look = 0; look < 3; ++look) static_cast<void>(lane->to_plugin.marks(Ring::Data));
    require(lane->to_plugin.breach() == bus::Breach::None, "an honest plugin is not taken for another");
  });
  world.thread("plugin", [lane] {
    for (int number = 1; number <= 2; ++number) {
      next_of(lane->from_host);
      lane->from_host.mark_begun(Ring::Data);
      lane->from_host.mark_done(Ring::Data);
      lane->from_host.free(Ring::Data);
    }
  });
}

/// What a switch waits for: the old version is done with what it had, and what it has published goes on before that of
/// the new one.
void a_plugin_that_is_done_has_published(World& world) {
  const auto lane = std::make_shared<LaneParts>(world);
  world.thread("host", [lane] {
    push_inline(lane->to_plugin, 1);
    until([&] { return lane->to_plugin.marks(Ring::Data).done == 1; });
    require(lane->from_plugin.next(Ring::Data) != nullptr, "what was published before done is there with done");
  });
  world.thread("plugin", [lane] {
    next_of(lane->from_host);
    lane->from_host.mark_begun(Ring::Data);
    push_inline(lane->to_host, 7);
    lane->from_host.mark_done(Ring::Data);
    lane->from_host.free(Ring::Data);
  });
}

void the_same_for_one_that_is_done_before_its_turn(World& world) {
  const auto lane = std::make_shared<LaneParts>(world);
  world.thread("host", [lane] {
    push_inline(lane->to_plugin, 1);
    push_inline(lane->to_plugin, 2);
    until([&] { return lane->to_plugin.standing(1) == bus::Standing::Done; });
    require(lane->from_plugin.next(Ring::Data) != nullptr, "what was published before it stood as done is there");
  });
  world.thread("plugin", [lane] {
    next_of(lane->from_host);
    lane->from_host.set_standing(0, bus::Standing::Deferred);
    next_of(lane->from_host);
    lane->from_host.mark_begun_below(2);
    push_inline(lane->to_host, 7);
    lane->from_host.set_standing(1, bus::Standing::Done);
  });
}

// ---- Death

/// A step of the plugin that is left out, or made too early.
enum class Wrong { Nothing, BegunAfterItsHandler, DoneBeforeItsHandler, FreedBeforeDone };

/// Three messages, and a kill anywhere; then the host sorts them as failover does.
auto a_plugin_is_killed(Wrong wrong) {
  return [wrong](World& world) {
    struct Parts : LaneParts {
      using LaneParts::LaneParts;
      std::array<int, 4> handled{};  ///< By number: how often its handler has run.
      std::uint64_t sent = 0;
    };
    const auto lane = std::make_shared<Parts>(world);
    world.thread("host", [lane] {
      for (std::uint64_t number = 1; number <= 3 && lane->to_plugin.has_room(Ring::Data); ++number) {
        push_inline(lane->to_plugin, number);
        lane->sent = number;
      }
      reap("plugin");
      const auto marks = lane->to_plugin.marks(Ring::Data);
      require(lane->to_plugin.breach() == bus::Breach::None, "a dead plugin has broken nothing");
      for (std::uint64_t position = 0; position < lane->sent; ++position) {
        const int handled = lane->handled[position + 1];
        if (position < marks.done) require(handled == 1, "what is done was handled");
        else if (position >= marks.begun) require(handled == 0, "what is not begun was not handled");
        if (position < marks.done) continue;
        const bus::MessageHeader& slot = lane->to_plugin.ring_out(Ring::Data).slot(position).header;
        require(slot.correlation == position + 1, "what is not done still stands in its slot");
      }
    });
    world.mortal_thread("plugin", [lane, wrong] {
      bus::LaneReceiver& receiver = lane->from_host;
      for (std::uint64_t number = 1; number <= 3; ++number) {
        next_of(receiver);
        if (wrong != Wrong::BegunAfterItsHandler) receiver.mark_begun(Ring::Data);
        if (wrong == Wrong::DoneBeforeItsHandler) receiver.mark_done(Ring::Data);
        if (wrong == Wrong::FreedBeforeDone) receiver.free(Ring::Data);
        step();
        ++lane->handled[number];
        step();
        if (wrong == Wrong::BegunAfterItsHandler) receiver.mark_begun(Ring::Data);
        if (wrong != Wrong::DoneBeforeItsHandler) receiver.mark_done(Ring::Data);
        receiver.free(Ring::Data);
      }
    });
  };
}

// ---- All of them

struct Scenario {
  const char* name;
  std::function<void(World&)> make;
  friend std::ostream& operator<<(std::ostream& out, const Scenario& each) { return out << each.name; }
};

const std::vector<Scenario> kScenarios{
    {"a_ring_carries_messages", a_ring_carries_messages},
    {"one_chunk_is_lent_again", one_chunk_is_lent_again},
    {"a_sleeper_is_woken_for_messages", a_sleeper_is_woken_for_messages},
    {"marks_are_read_while_they_change", marks_are_read_while_they_change},
    {"a_plugin_that_is_done_has_published", a_plugin_that_is_done_has_published},
    {"the_same_for_one_that_is_done_before_its_turn", the_same_for_one_that_is_done_before_its_turn},
    {"a_plugin_is_killed", a_plugin_is_killed(Wrong::Nothing)},
};

class LaneModel : public testing::TestWithParam<Scenario> {};

TEST_P(LaneModel, goes_well_in_every_execution) {
  const Verdict verdict = explore(GetParam().make);

  EXPECT_EQ(verdict.failure, "");
  EXPECT_GT(verdict.states, 10u);
  RecordProperty("executions", static_cast<int>(verdict.executions));
  RecordProperty("states", static_cast<int>(verdict.states));
}

const auto kNameOfScenario = [](const auto& each) { return std::string{each.param.name}; };
INSTANTIATE_TEST_SUITE_P(Of, LaneModel, testing::ValuesIn(kScenarios), kNameOfScenario);

/// What is needed, for what, and how it goes wrong without.
struct Needed {
  const char* name;
  std::function<void(World&)> scenario;
  Mutation without;
  const char* failure;
  friend std::ostream& operator<<(std::ostream& out, const Needed& each) { return out << each.name; }
};

using What = Mutation::What;

const std::vector<Needed> kNeeded{
    {"release_of_commit", a_ring_carries_messages, {"commit", What::Store}, "it reads what is being written"},
    {"acquire_of_commit", a_ring_carries_messages, {"commit", What::Load}, "it reads what is being written"},
    {"release_of_read", a_ring_carries_messages, {"read", What::Store}, "it writes what is being read"},
    {"acquire_of_read", a_ring_carries_messages, {"read", What::Load}, "it writes what is being read"},
    {"release_of_return", one_chunk_is_lent_again, {"return", What::Store}, "it writes what is being read"},
    {"acquire_of_return", one_chunk_is_lent_again, {"return", What::Load}, "it writes what is being read"},
    {"fence_of_who_wakes", a_sleeper_is_woken_for_messages, {"sender", What::Fence}, "receiver waits for ever"},
    {"fence_of_who_sleeps", a_sleeper_is_woken_for_messages, {"receiver", What::Fence}, "receiver waits for ever"},
    {"release_of_done", marks_are_read_while_they_change, {"done", What::Store}, "not taken for another"},
    {"acquire_of_done", marks_are_read_while_they_change, {"done", What::Load}, "not taken for another"},
    {"release_of_done_after_publishing", a_plugin_that_is_done_has_published, {"done", What::Store}, "there with done"},
    {"acquire_of_done_after_publishing", a_plugin_that_is_done_has_published, {"done", What::Load}, "there with done"},
    {"release_of_standing", the_same_for_one_that_is_done_before_its_turn, {"standing", What::Store}, "is there"},
    {"acquire_of_standing", the_same_for_one_that_is_done_before_its_turn, {"standing", What::Load}, "is there"},
    {"begun_before_the_handler",
     a_plugin_is_killed(Wrong::BegunAfterItsHandler),
     {},
     "what is not begun was not handled"},
    {"done_after_the_handler", a_plugin_is_killed(Wrong::DoneBeforeItsHandler), {}, "what is done was handled"},
    {"freed_after_done", a_plugin_is_killed(Wrong::FreedBeforeDone), {}, "still stands in its slot"},
};

class LaneNeeds : public testing::TestWithParam<Needed> {};

TEST_P(LaneNeeds, it_or_goes_wrong_in_some_execution) {
  const Verdict verdict = explore(GetParam().scenario, GetParam().without);

  EXPECT_NE(verdict.failure.find(GetParam().failure), std::string::npos)
      << "found instead, in " << verdict.executions << " executions: " << verdict.failure;
}

const auto kNameOfNeeded = [](const auto& each) { return std::string{each.param.name}; };
INSTANTIATE_TEST_SUITE_P(The, LaneNeeds, testing::ValuesIn(kNeeded), kNameOfNeeded);

}  // namespace
}  // namespace shunt::model
