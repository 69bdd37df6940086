/// The steps of a switch, in every way that memory and scheduling allow. The lanes are the bus's own code; who looks at
/// the route table and who exchanges it is written down here as routes.cpp, switching.cpp and failover.cpp do it:
///
///     sender       enters a read section, looks at the table, sends to whom that names, leaves the section
///     control      exchanges the table; waits until whoever looked at the old one is through; waits until the old
///                  version is done; takes what that has published; ends it
///     a death      of the old one: what it has not begun goes to the new one, what it was in is unknown
///
/// Each step is left out in turn, and a message is lost, doubled, or its publication is.

#include "lane_parts.hpp"
#include "world.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include <gtest/gtest.h>
#include <scale.hpp>

namespace shunt::model {
namespace {

using bus::Ring;

/// Two of them have a hundred thousand states. One has no order: that is looked at in the full size alone.
std::uint64_t messages() { return test::full_size() ? 2 : 1; }

enum class Without {
  Nothing,
  FenceOfReaders,     ///< In front of a look at the table.
  WaitingForReaders,  ///< After the exchange.
  Drain,              ///< Until the old version is done.
  LastPublications,   ///< Taking them before it is ended.
  Failover,           ///< Sending again what a dead version has not begun.
};

struct Switch {
  explicit Switch(World& world) : old_version(world), new_version(world) {
    world.word("table", table);
    world.word("reading", reading);
    world.word("stop", stop_old);
    world.word("stop", stop_new);
  }

  /// With its place in the ring, under the lane's lock.
  static void send(LaneParts& lane, std::uint64_t number) {
    const Locked locked(&lane);
    require(lane.to_plugin.has_room(Ring::Data), "there is room for all");
    push_inline(lane.to_plugin, number);
  }
  static bool is_done(LaneParts& lane) {
    const Locked locked(&lane);
    return lane.to_plugin.marks(Ring::Data).done == lane.to_plugin.ring_out(Ring::Data).sent();
  }
  void take_publications(LaneParts& lane) {
    while (const bus::Incoming* const incoming = lane.from_plugin.next(Ring::Data)) {
      published.push_back(incoming->header.correlation);
      lane.from_plugin.free(Ring::Data);
    }
  }

  LaneParts old_version;
  LaneParts new_version;
  std::atomic<std::uint32_t> table{0};    ///< 0: the old version serves, 1: the new one.
  std::atomic<std::uint32_t> reading{0};  ///< Odd: the sender is in a read section.
  std::atomic<std::uint32_t> stop_old{0};
  std::atomic<std::uint32_t> stop_new{0};
  std::vector<std::uint64_t> handled_by_old;
  std::vector<std::uint64_t> handled_by_new;
  std::vector<std::uint64_t> published;
  bool died = false;          ///< The old version.
  std::uint64_t unknown = 0;  ///< Messages that it was in.
};

void send_all(Switch& all, Without without) {
  for (std::uint32_t number = 1; number <= messages(); ++number) {
    all.reading.store(2 * number - 1, std::memory_order_relaxed);
    if (without != Without::FenceOfReaders) std::atomic_thread_fence(std::memory_order_seq_cst);
    Switch::send(all.table.load(std::memory_order_acquire) == 0 ? all.old_version : all.new_version, number);
    all.reading.store(2 * number, std::memory_order_release);
  }
}

/// Until it is told to end, whatever it has then. It says what it has handled, too.
void serve(LaneParts& lane, const std::atomic<std::uint32_t>& stop, std::vector<std::uint64_t>& handled) {
  for (;;) {
    enum class Found { Message, Stop };
    const auto found = until([&]() -> std::optional<Found> {
      if (stop.load(std::memory_order_acquire) == 1) return Found::Stop;
      return lane.from_host.has_message(Ring::Data) ? std::optional{Found::Message} : std::nullopt;
    });
    if (found == Found::Stop) return;
    const std::uint64_t number = lane.from_host.next(Ring::Data)->header.correlation;
    lane.from_host.mark_begun(Ring::Data);
    handled.push_back(number);
    push_inline(lane.to_host, number);
    lane.from_host.mark_done(Ring::Data);
    lane.from_host.free(Ring::Data);
  }
}

/// What liburcu does for synchronize_rcu(): whoever was in a section when the table was exchanged has left it. The
/// barrier is a full fence in every thread.
void wait_for_readers(Switch& all) {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  const std::uint32_t seen = all.reading.load(std::memory_order_acquire);
  if (seen % 2 == 0) return;
  until([&] { return all.reading.load(std::memory_order_acquire) != seen; });
}

/// As failover.cpp sorts what a dead instance was sent.
void fail_over(Switch& all, Without without) {
  reap("old version");
  all.died = true;
  std::vector<std::uint64_t> again;
  {
    const Locked locked(&all.old_version);
    const auto marks = all.old_version.to_plugin.marks(Ring::Data);
    const auto& ring = all.old_version.to_plugin.ring_out(Ring::Data);
    all.unknown = marks.begun - marks.done;
    for (std::uint64_t position = marks.begun; position < ring.sent(); ++position)
      again.push_back(ring.slot(position).header.correlation);
  }
  if (without == Without::Failover) return;
  for (const std::uint64_t number : again) Switch::send(all.new_version, number);
}

void control(Switch& all, Without without) {
  all.table.store(1, std::memory_order_release);
  if (without != Without::WaitingForReaders) wait_for_readers(all);
  enum class Came { Done, Dead };
  std::optional<Came> came;
  if (without != Without::Drain)
    came = until([&]() -> std::optional<Came> {
      if (has_ended("old version")) return Came::Dead;
      return Switch::is_done(all.old_version) ? std::optional{Came::Done} : std::nullopt;
    });
  if (came == Came::Dead) fail_over(all, without);
  if (without != Without::LastPublications) all.take_publications(all.old_version);
  all.stop_old.store(1, std::memory_order_release);
  reap("sender");
  until([&] { return Switch::is_done(all.new_version); });
  all.take_publications(all.new_version);
  all.stop_new.store(1, std::memory_order_release);
}

void check(const Switch& all) {
  std::vector<std::uint64_t> handled = all.handled_by_old;
  handled.insert(handled.end(), all.handled_by_new.begin(), all.handled_by_new.end());
  std::ranges::sort(handled);
  require(std::ranges::adjacent_find(handled) == handled.end(), "no message is handled twice");
  require(handled.size() + all.unknown >= messages(), "no message is lost");
  require(std::ranges::is_sorted(all.handled_by_old), "each version handles them in order");
  if (all.died) return;  // what the new version is given then comes behind what it has
  require(std::ranges::is_sorted(all.handled_by_new), "each version handles them in order");
  require(all.published.size() == messages(), "what was published for each goes on");
}

auto a_switch(Without without) {
  return [without](World& world) {
    const auto all = std::make_shared<Switch>(world);
    world.thread("sender", [all, without] { send_all(*all, without); });
    world.thread("control", [all, without] { control(*all, without); });
    world.thread("old version", [all] { serve(all->old_version, all->stop_old, all->handled_by_old); });
    world.thread("new version", [all] { serve(all->new_version, all->stop_new, all->handled_by_new); });
    world.at_end([all] { check(*all); });
  };
}

/// The same, and the old version dies anywhere.
auto a_switch_with_a_death(Without without) {
  return [without](World& world) {
    const auto all = std::make_shared<Switch>(world);
    world.thread("sender", [all, without] { send_all(*all, without); });
    world.thread("control", [all, without] { control(*all, without); });
    world.mortal_thread("old version", [all] { serve(all->old_version, all->stop_old, all->handled_by_old); });
    world.thread("new version", [all] { serve(all->new_version, all->stop_new, all->handled_by_new); });
    world.at_end([all] { check(*all); });
  };
}

TEST(SwitchModel, loses_nothing_doubles_nothing_and_keeps_the_order_of_each_version) {
  const Verdict verdict = explore(a_switch(Without::Nothing));

  EXPECT_EQ(verdict.failure, "");
  RecordProperty("states", static_cast<int>(verdict.states));
}

TEST(SwitchModel, knows_every_outcome_when_the_old_version_dies_anywhere) {
  const Verdict verdict = explore(a_switch_with_a_death(Without::Nothing));

  EXPECT_EQ(verdict.failure, "");
  RecordProperty("states", static_cast<int>(verdict.states));
}

struct Step {
  const char* name;
  std::function<void(World&)> scenario;
  const char* failure;
  friend std::ostream& operator<<(std::ostream& out, const Step& each) { return out << each.name; }
};

const std::vector<Step> kSteps{
    {"the_fence_of_readers", a_switch(Without::FenceOfReaders), "no message is lost"},
    {"waiting_for_readers", a_switch(Without::WaitingForReaders), "no message is lost"},
    {"the_drain", a_switch(Without::Drain), "no message is lost"},
    {"taking_the_last_publications", a_switch(Without::LastPublications), "what was published for each goes on"},
    {"failover", a_switch_with_a_death(Without::Failover), "no message is lost"},
};

class SwitchNeeds : public testing::TestWithParam<Step> {};

TEST_P(SwitchNeeds, it_or_goes_wrong_in_some_execution) {
  const Verdict verdict = explore(GetParam().scenario);

  EXPECT_NE(verdict.failure.find(GetParam().failure), std::string::npos)
      << "found instead, in " << verdict.executions << " executions: " << verdict.failure;
}

const auto kNameOfStep = [](const auto& each) { return std::string{each.param.name}; };
INSTANTIATE_TEST_SUITE_P(The, SwitchNeeds, testing::ValuesIn(kSteps), kNameOfStep);

}  // namespace
}  // namespace shunt::model
