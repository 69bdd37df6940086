#include "instructions.hpp"

#include "../shunt/host_subject.hpp"

#include <shunt/bench/child.hpp>
#include <shunt/bench/mark.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <numeric>
#include <vector>

#include <fmt/format.h>

namespace shunt::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kInARow = 4;  ///< Messages after which their costs begin anew.

struct Ready {
  pid_t plugin = 0;
};
struct Order {
  std::size_t messages = 0;  // the second one: none
};
struct Done {
  bool good = false;
};

/// A host that publishes as often as it is told to, a mark before each and one behind the last.
class CountedPublisher final : public HostSubject {
 public:
  explicit CountedPublisher(const char* launcher) : HostSubject(Payload::Inline, launcher) {}

  Result<Measured> roundtrip(const Plan&, Samples&) override { return refused(); }
  Result<Measured> stream(const Plan&, Samples&) override { return refused(); }

  Status serve(Channel& coordinator) {
    SHUNT_TRY(publisher, host_->publisher<::bench::Blob>("bench.stream"));
    const Running running{plugins_};
    bool good = publish(publisher);  // the first one makes the thread known to the route table
    SHUNT_CHECK(coordinator.send(Ready{plugins_.front()}));
    SHUNT_TRY(order, coordinator.receive<Order>());
    // The first one after a while of rest wakes the watchdog, which is a system call; how long a rest is, is time's.
    good &= publish(publisher);
    for (std::size_t i = 0; i < order.messages; ++i) {
      mark();
      good &= publish(publisher);
    }
    mark();
    SHUNT_CHECK(coordinator.send(Done{good}));
    SHUNT_TRY(end, coordinator.receive<Order>());  // until the plugin has been followed, too
    static_cast<void>(end);
    return {};
  }

 private:
  bool publish(const Publisher<::bench::Blob>& publisher) {
    return publisher.publish([&](auto& builder) { return build(builder, next_++); }).has_value();
  }
  static tl::unexpected<Error> refused() {
    return error(ErrorCode::BadInput, "its instructions are counted, not its time");
  }
};

int run(const char* launcher, const Setup& setup, Channel& coordinator) {
  CountedPublisher subject{launcher};
  Status status = subject.start(setup);
  if (status) status = subject.serve(coordinator);
  subject.stop();
  if (status) return 0;
  std::fprintf(stderr, "shunt-bench-sandbox: %s\n", to_string(status.error()).c_str());
  return 1;
}

Result<pid_t> serving_thread(pid_t plugin) {
  std::error_code problem;
  for (const auto& task : std::filesystem::directory_iterator{fmt::format("/proc/{}/task", plugin), problem}) {
    std::string name;
    if (std::ifstream{task.path() / "comm"} >> name && name == "shunt-serve") return std::stoi(task.path().filename());
  }
  return error(ErrorCode::System, "the plugin process {} has no serving thread", plugin);
}

/// The plugin takes a few instructions more for some places of the ring than for others, in turn, and many more where a
/// clock tells it to say how it is, which on a slow machine is often: a median would be of one kind or another by
/// chance. What four in a row take most often is the same.
Count summed(const std::vector<Round>& rounds) {
  Count count;
  for (const Round& round : rounds) count.system_calls += round.system_calls;
  const std::size_t in_a_row = std::min(kInARow, rounds.size());
  std::map<std::uint64_t, std::size_t> how_often;  // by the sum
  for (std::size_t from = 0; from + in_a_row <= rounds.size(); ++from) {
    const auto first = rounds.begin() + static_cast<std::ptrdiff_t>(from);
    ++how_often[std::accumulate(first, first + static_cast<std::ptrdiff_t>(in_a_row), std::uint64_t{0},
                                [](std::uint64_t sum, const Round& each) { return sum + each.instructions; })];
  }
  const auto usual = std::ranges::max_element(how_often, {}, [](const auto& each) { return each.second; });
  count.instructions = usual->first / in_a_row;
  const auto [least, most] = std::ranges::minmax_element(rounds, {}, &Round::instructions);
  count.least = least->instructions;
  count.most = most->instructions;
  return count;
}

}  // namespace

Result<Counts> count_instructions(const char* launcher, Wait wait, std::size_t messages) {
  Setup setup;
  setup.bench = Bench::Stream;
  setup.wait = wait;
  setup.placement = placement_here();
  SHUNT_TRY(child, Child::start("publisher", setup.placement.sender_cpu(),
                                [&](Channel& coordinator) { return run(launcher, setup, coordinator); }));
  SHUNT_TRY(ready, child.channel().receive<Ready>(30s));
  SHUNT_TRY(thread, serving_thread(ready.plugin));
  Counts counts;
  {
    SHUNT_TRY(plugin, Stepper::seize(thread));
    {
      SHUNT_TRY(host, Stepper::seize(child.pid()));
      SHUNT_CHECK(child.channel().send(Order{messages}));
      SHUNT_TRY(rounds, host.follow(messages));
      counts.host = summed(rounds);
    }
    SHUNT_TRY(rounds, plugin.follow(messages - 1));
    counts.plugin = summed(rounds);
  }
  SHUNT_TRY(done, child.channel().receive<Done>(30s));
  SHUNT_CHECK(child.channel().send(Order{}));
  child.finish(10s);
  if (!done.good) return error(ErrorCode::RingFull, "a publication was refused: its instructions are not a message's");
  return counts;
}

}  // namespace shunt::bench
