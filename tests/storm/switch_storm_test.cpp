// A plugin is switched to and fro, or its versions get other shares of its routes, while instances of it, old and new,
// and of its neighbour are killed.

#include "killer.hpp"
#include "leftovers.hpp"
#include "round.hpp"
#include "waiting.hpp"

#include <cstdio>

#include <fmt/format.h>
#include <scale.hpp>

namespace storm {
namespace {

using shunt::ErrorCode;

#ifdef SHUNT_SANITIZED
constexpr std::size_t kKills = 5'000;  // an instance takes a second and more to come back
#else
constexpr std::size_t kKills = 10'000;
#endif
constexpr std::size_t kKillsPerRound = 50;  ///< After which everything comes to rest and is accounted for.

/// Switches without a pause, on a thread of its own, to its end.
class Switcher {
 public:
  Switcher(shunt::Host& host, bool shares)
      : thread_([this, &host, shares](const std::stop_token& stop) {
          for (bool newer = true; !stop.stop_requested(); newer = !newer)
            note(shares ? share(host, newer) : host.switch_to("witness", version(newer)));
        }) {}

  void finish() {
    thread_.request_stop();
    thread_.join();
  }
  static const char* version(bool newer) { return newer ? "1.1.0" : "1.0.0"; }
  /// Of every route of the witness: the newer version gets two thirds, or nothing.
  static shunt::Status share(shunt::Host& host, bool newer) {
    for (const char* const route : {"witness/ask", "witness/order", "storm.told", "storm.repeated"}) {
      shunt::RouteTargets targets{.route = route, .plugin = "witness", .targets = {}};
      if (newer) targets.targets = {{"1.0.0", 1}, {"1.1.0", 2}};
      if (auto status = host.share(targets); !status) return status;
    }
    return {};
  }

  // Valid once finished.
  std::uint64_t switched = 0;
  std::uint64_t failed = 0;        ///< Because somebody died on the way.
  std::vector<std::string> wrong;  ///< Failures that no kill explains.

 private:
  void note(const shunt::Status& status) {
    if (status) return static_cast<void>(++switched);
    ++failed;
    const ErrorCode code = status.error().code;
    if (code != ErrorCode::PluginCrashed && code != ErrorCode::PluginExited && code != ErrorCode::DeadlineExceeded)
      wrong.push_back(to_string(status.error()));
  }

  std::jthread thread_;  // last: it uses the others
};

struct Kind {
  const char* name;
  std::uint32_t instances;  ///< Of the older version; the newer one has as many, or one more where they are several.
  bool shares;
};

class SwitchStorm : public testing::TestWithParam<Kind> {};

INSTANTIATE_TEST_SUITE_P(Between, SwitchStorm,
                         testing::Values(Kind{"one_and_one", 1, false}, Kind{"two_and_three", 2, false},
                                         Kind{"shares", 1, true}),
                         [](const auto& test) { return test.param.name; });

TEST_P(SwitchStorm, kills_of_old_and_new_during_switches_lose_no_message_and_leave_the_plugin_serving) {
  adopt_orphans();
  { const HostUnderStorm warm_up; }  // libraries keep threads once they are used
  const Census before = take_census();
  const std::size_t rounds = shunt::test::scaled(kKills) / kKillsPerRound;
  std::uint64_t switched = 0;
  std::uint64_t failed = 0;
  Account total;

  {
    HostUnderStorm storm{{.both_versions = true, .instances = GetParam().instances}};
    Killer killer{storm, 2};
    for (std::size_t round = 1; round <= rounds; ++round) {
      SCOPED_TRACE(fmt::format("in round {}", round));
      ASSERT_NO_FATAL_FAILURE(run_round(storm, total, [&](Traffic& traffic) {
        Switcher switcher{storm.host(), GetParam().shares};
        const std::uint64_t wanted = killer.kills() + kKillsPerRound;
        while (killer.kills() < wanted) ASSERT_EQ(killer.strike(traffic), "");
        switcher.finish();
        ASSERT_THAT(switcher.wrong, testing::IsEmpty());
        switched += switcher.switched;
        failed += switcher.failed;
      }));
    }
    std::printf("%s\n%s\n%lu switches, %lu that a kill prevented\n", killer.describe().c_str(), describe(total).c_str(),
                static_cast<unsigned long>(switched), static_cast<unsigned long>(failed));
    for (const bool newer : {true, false}) {
      const auto status = storm.host().switch_to("witness", Switcher::version(newer));
      ASSERT_TRUE(status) << to_string(status.error());
    }
  }

  EXPECT_TRUE(eventually([&] { return take_census() == before; }))
      << "before: " << to_string(before) << "; after: " << to_string(take_census());
  EXPECT_GT(switched, 0u);
}

}  // namespace
}  // namespace storm
