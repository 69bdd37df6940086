#include "instructions.hpp"

#include "../shunt/host_subject.hpp"

#include <shunt/bench/child.hpp>
#include <shunt/bench/mark.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

namespace shunt::bench {
namespace {

using namespace std::chrono_literals;

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

Count summed(std::vector<Round> rounds) {
  Count count;
  for (const Round& round : rounds) count.system_calls += round.system_calls;
  std::sort(rounds.begin(), rounds.end(),
            [](const Round& a, const Round& b) { return a.instructions < b.instructions; });
  count.instructions = rounds[rounds.size() / 2].instructions;
  count.least = rounds.front().instructions;
  count.most = rounds.back().instructions;
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
      counts.host = summed(std::move(rounds));
    }
    SHUNT_TRY(rounds, plugin.follow(messages - 1));
    counts.plugin = summed(std::move(rounds));
  }
  SHUNT_TRY(done, child.channel().receive<Done>(30s));
  SHUNT_CHECK(child.channel().send(Order{}));
  child.finish(10s);
  if (!done.good) return error(ErrorCode::RingFull, "a publication was refused: its instructions are not a message's");
  return counts;
}

}  // namespace shunt::bench
