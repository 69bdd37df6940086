/// The steps of a hand-over of state, in every way that memory and scheduling allow. The lanes are the bus's own code;
/// the rest is written down here as exchange.cpp, state_hand_over.cpp and the kit's serving loop do it:
///
///     sender       looks at the table: sends to the old version, or puts it where messages wait, or sends what waits
///                  and then its own to the new one
///     control      lets messages wait; waits until whoever looked at the old table is through, and until the old
///                  version is done; asks it for a snapshot; has the new one restore it; lets messages go to the new
///                  one, what waits first; ends the old one. Where restoring fails: the old one goes on instead
///     old version  adds up what it handles; asked, it writes that down and handles nothing more
///
/// Each step is left out in turn, and a message is lost, doubled or overtaken, or the sum is wrong.

#include "lane_parts.hpp"
#include "world.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <scale.hpp>

namespace shunt::model {
namespace {

using bus::Ring;

/// Two of them have some ten thousand states more; one has no order.
std::uint64_t messages() { return test::full_size() ? 2 : 1; }

enum class Without {
  Nothing,
  WaitingForReaders,  ///< After the exchange.
  Drain,              ///< Until the old version is done.
  Waiting,            ///< Messages, for the new version to be ready.
  Restore,            ///< Of what the old one has written.
  WaitingFirst,       ///< What has waited goes before what comes.
  Thaw,               ///< Of the old version, when it is to go on.
  Failover,           ///< Sending again what a dead version has not begun.
};

enum class Table : std::uint32_t { Old, Waits, New, Back };
enum class Ask : std::uint32_t { Nothing, Snapshot, GoOn };

struct HandOver {
  explicit HandOver(World& world) : old_version(world), new_version(world) {
    world.word("table", table);
    world.word("reading", reading);
    world.word("stop", stop_old);
    world.word("stop", stop_new);
    world.word("asked", asked);
    world.word("written", written);
    world.word("restore", restore);
    world.word("restored", restored);
    world.share(&state, sizeof state);
  }

  static void send(LaneParts& lane, std::uint64_t number) {
    const Locked locked(&lane);
    require(lane.to_plugin.has_room(Ring::Data), "there is room for all");
    push_inline(lane.to_plugin, number);
  }
  static bool is_done(LaneParts& lane) {
    const Locked locked(&lane);
    return lane.to_plugin.marks(Ring::Data).done == lane.to_plugin.ring_out(Ring::Data).sent();
  }
  void wait(std::uint64_t number) {
    const Locked locked(&waiting);
    waiting.push_back(number);
  }
  /// Under the lock that whoever puts something there takes, too.
  void flush(LaneParts& lane) {
    const Locked locked(&waiting);
    for (const std::uint64_t number : waiting) send(lane, number);
    waiting.clear();
  }

  LaneParts old_version;
  LaneParts new_version;
  std::vector<std::uint64_t> waiting;
  std::atomic<Table> table{Table::Old};
  std::atomic<std::uint32_t> reading{0};  ///< Odd: the sender is in a read section.
  std::atomic<std::uint32_t> stop_old{0};
  std::atomic<std::uint32_t> stop_new{0};
  std::atomic<Ask> asked{Ask::Nothing};    ///< Of the old version, by control.
  std::atomic<std::uint32_t> written{0};   ///< By the old version.
  std::atomic<std::uint32_t> restore{0};   ///< Of the new one, by control.
  std::atomic<std::uint32_t> restored{0};  ///< By the new version.
  std::uint64_t state = 0;                 ///< The file that goes from one to the other.
  std::vector<std::uint64_t> handled_by_old;
  std::vector<std::uint64_t> handled_by_new;
  std::uint64_t sum_of_old = 0;
  std::uint64_t sum_of_new = 0;
  bool is_lost = false;       ///< The state: the old version died before control knew that it was written.
  std::uint64_t unknown = 0;  ///< Messages that a dead version was in.
};

void send_all(HandOver& all, Without without) {
  for (std::uint32_t number = 1; number <= messages(); ++number) {
    all.reading.store(2 * number - 1, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    switch (all.table.load(std::memory_order_acquire)) {
      case Table::Old: HandOver::send(all.old_version, number); break;
      case Table::Waits: all.wait(number); break;
      case Table::New:
        if (without != Without::WaitingFirst) all.flush(all.new_version);
        HandOver::send(all.new_version, number);
        break;
      case Table::Back:
        all.flush(all.old_version);
        HandOver::send(all.old_version, number);
        break;
    }
    all.reading.store(2 * number, std::memory_order_release);
  }
}

/// One message of those that it has.
void handle(LaneParts& lane, std::vector<std::uint64_t>& handled, std::uint64_t& sum) {
  const std::uint64_t number = lane.from_host.next(Ring::Data)->header.correlation;
  lane.from_host.mark_begun(Ring::Data);
  handled.push_back(number);
  sum += number;
  lane.from_host.mark_done(Ring::Data);
  lane.from_host.free(Ring::Data);
}

enum class Found { Message, Stop, Control };

void serve_old(HandOver& all) {
  for (bool frozen = false;;) {
    const auto found = until([&]() -> std::optional<Found> {
      if (all.stop_old.load(std::memory_order_acquire) == 1) return Found::Stop;
      const Ask asked = all.asked.load(std::memory_order_acquire);
      if (asked == (frozen ? Ask::GoOn : Ask::Snapshot)) return Found::Control;
      if (frozen) return std::nullopt;
      return all.old_version.from_host.has_message(Ring::Data) ? std::optional{Found::Message} : std::nullopt;
    });
    if (found == Found::Stop) return;
    if (found == Found::Message) {
      handle(all.old_version, all.handled_by_old, all.sum_of_old);
      continue;
    }
    frozen = !frozen;
    if (!frozen) {
      all.asked.load(std::memory_order_acquire);  // it is asked for nothing more
      continue;
    }
    all.state = all.sum_of_old;
    all.written.store(1, std::memory_order_release);
  }
}

void serve_new(HandOver& all) {
  for (bool is_restored = false;;) {
    const auto found = until([&]() -> std::optional<Found> {
      if (all.stop_new.load(std::memory_order_acquire) == 1) return Found::Stop;
      if (!is_restored && all.restore.load(std::memory_order_acquire) == 1) return Found::Control;
      return all.new_version.from_host.has_message(Ring::Data) ? std::optional{Found::Message} : std::nullopt;
    });
    if (found == Found::Stop) return;
    if (found == Found::Message) {
      handle(all.new_version, all.handled_by_new, all.sum_of_new);
      continue;
    }
    is_restored = true;
    all.sum_of_new = all.state;
    all.restored.store(1, std::memory_order_release);
  }
}

void wait_for_readers(HandOver& all) {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  const std::uint32_t seen = all.reading.load(std::memory_order_acquire);
  if (seen % 2 == 0) return;
  until([&] { return all.reading.load(std::memory_order_acquire) != seen; });
}

/// What the old version has not begun waits in front of what waits already.
void fail_over(HandOver& all, Without without) {
  reap("old version");
  all.is_lost = true;  // also where it was written, and nobody heard of that
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
  const Locked locked(&all.waiting);
  all.waiting.insert(all.waiting.begin(), again.begin(), again.end());
}

/// Whether the old version has come to it, and not died before.
bool old_comes_to(HandOver& all, const std::function<bool()>& is_there) {
  enum class Came { There, Dead };
  return until([&]() -> std::optional<Came> {
           if (is_there()) return Came::There;
           return has_ended("old version") ? std::optional{Came::Dead} : std::nullopt;
         }) == Came::There;
}

void control(HandOver& all, Without without, bool restoring_fails) {
  all.table.store(without == Without::Waiting ? Table::New : Table::Waits, std::memory_order_release);
  if (without != Without::WaitingForReaders) wait_for_readers(all);
  bool lives = without == Without::Drain || old_comes_to(all, [&] { return HandOver::is_done(all.old_version); });
  if (lives) {
    all.asked.store(Ask::Snapshot, std::memory_order_release);
    lives = old_comes_to(all, [&] { return all.written.load(std::memory_order_acquire) == 1; });
  }
  if (!lives) fail_over(all, without);
  if (restoring_fails && lives) {
    if (without != Without::Thaw) all.asked.store(Ask::GoOn, std::memory_order_release);
    all.table.store(Table::Back, std::memory_order_release);
    all.flush(all.old_version);
    reap("sender");
    all.flush(all.old_version);  // of whoever had looked before
    if (without != Without::Thaw) until([&] { return HandOver::is_done(all.old_version); });
    all.stop_old.store(1, std::memory_order_release);
    all.stop_new.store(1, std::memory_order_release);
    return;
  }
  if (lives && without != Without::Restore) {
    all.restore.store(1, std::memory_order_release);
    until([&] { return all.restored.load(std::memory_order_acquire) == 1; });
  }
  all.table.store(Table::New, std::memory_order_release);
  all.flush(all.new_version);
  all.stop_old.store(1, std::memory_order_release);
  reap("sender");
  all.flush(all.new_version);
  until([&] { return HandOver::is_done(all.new_version); });
  all.stop_new.store(1, std::memory_order_release);
}

void check(const HandOver& all, bool restoring_fails) {
  std::vector<std::uint64_t> handled = all.handled_by_old;
  handled.insert(handled.end(), all.handled_by_new.begin(), all.handled_by_new.end());
  std::ranges::sort(handled);
  require(std::ranges::adjacent_find(handled) == handled.end(), "no message is handled twice");
  require(handled.size() + all.unknown >= messages(), "no message is lost");
  require(std::ranges::is_sorted(all.handled_by_old), "each version handles them in order");
  require(std::ranges::is_sorted(all.handled_by_new), "each version handles them in order");
  if (all.is_lost) return;
  const std::uint64_t sum = messages() * (messages() + 1) / 2;
  require((restoring_fails ? all.sum_of_old : all.sum_of_new) == sum, "who serves knows the sum of all");
}

enum class Old { Lives, MayDie };
enum class Restoring { Succeeds, Fails };

auto a_hand_over(Without without, Old old = Old::Lives, Restoring restoring = Restoring::Succeeds) {
  return [without, old, fails = restoring == Restoring::Fails](World& world) {
    const auto all = std::make_shared<HandOver>(world);
    world.thread("sender", [all, without] { send_all(*all, without); });
    world.thread("control", [all, without, fails] { control(*all, without, fails); });
    if (old == Old::MayDie) world.mortal_thread("old version", [all] { serve_old(*all); });
    else world.thread("old version", [all] { serve_old(*all); });
    world.thread("new version", [all] { serve_new(*all); });
    // One that died in the middle of a hand-over that would have failed anyhow is followed by the new one.
    world.at_end([all, fails] { check(*all, fails && !all->is_lost); });
  };
}

TEST(StateModel, hands_over_what_was_added_up_and_keeps_every_message_in_order) {
  const Verdict verdict = explore(a_hand_over(Without::Nothing));

  EXPECT_EQ(verdict.failure, "");
  RecordProperty("states", static_cast<int>(verdict.states));
}

TEST(StateModel, goes_on_with_the_old_version_when_restoring_fails) {
  const Verdict verdict = explore(a_hand_over(Without::Nothing, Old::Lives, Restoring::Fails));

  EXPECT_EQ(verdict.failure, "");
  RecordProperty("states", static_cast<int>(verdict.states));
}

TEST(StateModel, loses_the_state_as_a_whole_or_not_at_all_when_the_old_version_dies_anywhere) {
  const Verdict verdict = explore(a_hand_over(Without::Nothing, Old::MayDie));

  EXPECT_EQ(verdict.failure, "");
  RecordProperty("states", static_cast<int>(verdict.states));
}

struct Step {
  const char* name;
  std::function<void(World&)> scenario;
  const char* failure;
  bool takes_two = false;  ///< Messages: it is about their order.
  friend std::ostream& operator<<(std::ostream& out, const Step& each) { return out << each.name; }
};

const std::vector<Step> kSteps{
    {"waiting_for_readers", a_hand_over(Without::WaitingForReaders), "no message is lost"},
    {"the_drain", a_hand_over(Without::Drain), "no message is lost"},
    {"letting_messages_wait", a_hand_over(Without::Waiting), "who serves knows the sum of all"},
    {"restoring", a_hand_over(Without::Restore), "who serves knows the sum of all"},
    {"sending_first_what_has_waited", a_hand_over(Without::WaitingFirst), "each version handles them in order", true},
    {"the_thaw", a_hand_over(Without::Thaw, Old::Lives, Restoring::Fails), "no message is lost"},
    {"failover", a_hand_over(Without::Failover, Old::MayDie), "no message is lost"},
};

class StateNeeds : public testing::TestWithParam<Step> {};

TEST_P(StateNeeds, it_or_goes_wrong_in_some_execution) {
  if (GetParam().takes_two && messages() < 2) GTEST_SKIP() << "two messages are looked at in the full size alone";

  const Verdict verdict = explore(GetParam().scenario);

  EXPECT_NE(verdict.failure.find(GetParam().failure), std::string::npos)
      << "found instead, in " << verdict.executions << " executions: " << verdict.failure;
}

const auto kNameOfStep = [](const auto& each) { return std::string{each.param.name}; };
INSTANTIATE_TEST_SUITE_P(The, StateNeeds, testing::ValuesIn(kSteps), kNameOfStep);

}  // namespace
}  // namespace shunt::model
