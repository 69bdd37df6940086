/// State that goes from one version of a plugin to another, and what happens where it does not.
#include "cast.hpp"
#include "ledger_client.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <map>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <scale.hpp>

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kOne = "libhost_ledger.so", kTwo = "libhost_ledger-2.so";

class States : public HostTest {
 protected:
  static PluginConfiguration ledger(const std::string& file, std::string trouble = {}) {
    PluginConfiguration configuration = plugin(file);
    configuration.config["trouble"] = {std::move(trouble)};
    return configuration;
  }
  static HostConfiguration ledgers(std::vector<PluginConfiguration> plugins) {
    HostConfiguration configuration = with(std::move(plugins));
    for (const char* const name : {"ledger.entries", "ledger.beats", "ledger/sum"})
      route(configuration, name).wait = bus::Wait::Sleep;
    route(configuration, "ledger.entries").backlog = 1u << 20;
    return configuration;
  }

  struct Sum {
    std::int64_t amount = 0;
    std::uint64_t entries = 0;
    std::uint64_t restores = 0;
    std::uint32_t version = 0;
  };
  static Sum sum(Host& host) {
    const auto said = host.client<ledger::Client>()
                          .value()
                          .sum([](auto& build) { return ::ledgers::CreateAsk(build); }, {.deadline = 30s})
                          .value();
    return {said->amount(), said->entries(), said->restores(), said->version()};
  }
  static auto entry(std::int64_t amount) {
    return [amount](auto& build) { return ::ledgers::CreateEntry(build, amount); };
  }
  /// One entry each, and waits until they are in.
  static void write(Host& host, std::initializer_list<std::int64_t> amounts) {
    auto entries = host.publisher<::ledgers::Entry>("ledger.entries").value();
    const std::uint64_t before = sum(host).entries;
    for (const std::int64_t amount : amounts) ASSERT_TRUE(entries.publish(entry(amount)));
    ASSERT_TRUE(await([&] { return sum(host).entries == before + amounts.size(); }));
  }
  static std::vector<HostEvent> events_of(Host& host, HostEventKind kind) {
    std::vector<HostEvent> found;
    for (const HostEvent& each : host.events())
      if (each.kind == kind) found.push_back(each);
    return found;
  }
};

TEST_F(States, go_to_the_new_version_and_back) {
  Host host = start(ledgers({ledger(kOne), ledger(kTwo)}));
  write(host, {5, 7});

  const auto switched = host.switch_to("ledger", "2.0.0");

  ASSERT_TRUE(switched) << to_string(switched.error());
  EXPECT_EQ(sum(host).amount, 12);
  EXPECT_EQ(sum(host).restores, 1u);
  EXPECT_EQ(sum(host).version, 2u);
  const HostEvent told = await_event(host, HostEventKind::HandedOver, "ledger");
  EXPECT_THAT(told.text, AllOf(HasSubstr("state 1 of 1.0.0"), HasSubstr(" bytes; what came for it waited")));
  EXPECT_GT(told.pause.count(), 0);
  EXPECT_GT(told.state_bytes, 0u);
  write(host, {30});
  ASSERT_TRUE(host.switch_to("ledger", "1.0.0"));
  EXPECT_EQ(sum(host).amount, 42);
  EXPECT_EQ(sum(host).version, 1u);
}

TEST_F(States, take_the_newest_form_that_both_versions_know) {
  Host host = start(ledgers({ledger(kTwo), ledger("libhost_ledger-crowd.so")}));
  write(host, {5});

  ASSERT_TRUE(host.switch_to("ledger", "2.5.0"));

  EXPECT_THAT(await_event(host, HostEventKind::HandedOver, "ledger").text, HasSubstr("state 2 of 2.0.0"));
  EXPECT_EQ(sum(host).amount, 5);
}

TEST_F(States, lose_and_double_nothing_that_comes_while_they_are_handed_over) {
  Host host = start(ledgers({ledger(kOne), ledger(kTwo), ledger("libhost_ledger-crowd.so")}));
  std::atomic<bool> ends = false;
  std::atomic<std::uint64_t> published = 0, failed_calls = 0;
  std::vector<std::jthread> threads;
  threads.reserve(2);
  for (int sender = 0; sender < 2; ++sender)
    threads.emplace_back([&] {
      auto entries = host.publisher<::ledgers::Entry>("ledger.entries").value();
      while (!ends) {
        if (entries.publish(entry(3))) ++published;
        else std::this_thread::sleep_for(100us);
      }
    });
  threads.emplace_back([&] {
    auto client = host.client<ledger::Client>().value();
    while (!ends)
      if (!client.sum([](auto& build) { return ::ledgers::CreateAsk(build); }, {.deadline = 30s})) ++failed_calls;
  });

  for (std::size_t i = 0; i < scaled(100); ++i) {
    const char* const versions[] = {"2.0.0", "2.5.0", "1.0.0"};
    const auto switched = host.switch_to("ledger", versions[i % 3]);
    EXPECT_TRUE(switched) << to_string(switched.error());
  }
  ends = true;
  threads.clear();

  EXPECT_TRUE(await([&] { return sum(host).entries >= published; }));
  EXPECT_EQ(sum(host).entries, published);
  EXPECT_EQ(sum(host).amount, static_cast<std::int64_t>(3 * published));
  EXPECT_EQ(failed_calls, 0u);
  EXPECT_EQ(events_of(host, HostEventKind::HandedOver).size(), scaled(100));
}

/// With the new version's trouble, and how the switch fails.
using Failure = std::pair<std::string, ErrorCode>;

TEST_F(States, that_cannot_be_restored_leave_the_old_version_serving) {
  for (const auto& [trouble, code] :
       {Failure{"restore fail", ErrorCode::PluginFailed}, Failure{"restore throw", ErrorCode::PluginFailed},
        Failure{"restore die", ErrorCode::PluginCrashed}, Failure{"restore hang", ErrorCode::DeadlineExceeded}}) {
    SCOPED_TRACE(trouble);
    PluginConfiguration second = ledger(kTwo, trouble);
    second.deadlines.state = 200ms;
    second.deadlines.cleanup = 200ms;  // it hangs in restore, and would not come to that
    Host host = start(ledgers({ledger(kOne), second}));
    write(host, {5, 7});

    const auto switched = host.switch_to("ledger", "2.0.0");

    ASSERT_FALSE(switched);
    EXPECT_EQ(switched.error().code, code);
    EXPECT_THAT(switched.error().message, HasSubstr("the switch to 2.0.0"));
    EXPECT_EQ(events_of(host, HostEventKind::SwitchUndone).size(), 1u);
    EXPECT_THAT(events_of(host, HostEventKind::HandedOver), IsEmpty());
    write(host, {30});
    EXPECT_EQ(sum(host).amount, 42);
    EXPECT_EQ(sum(host).version, 1u);
    EXPECT_EQ(sum(host).restores, 0u) << "it is the instance that it was";
  }
}

TEST_F(States, that_cannot_be_written_down_leave_the_old_version_serving) {
  for (const auto& [trouble, code] :
       {Failure{"snapshot fail", ErrorCode::PluginFailed}, Failure{"snapshot throw", ErrorCode::PluginFailed},
        Failure{"snapshot nothing", ErrorCode::PluginFailed}, Failure{"snapshot twice", ErrorCode::BadInput},
        Failure{"snapshot slow", ErrorCode::DeadlineExceeded}}) {
    SCOPED_TRACE(trouble);
    PluginConfiguration first = ledger(kOne, trouble);
    first.deadlines.state = 200ms;
    Host host = start(ledgers({first, ledger(kTwo)}));
    write(host, {5, 7});

    const auto switched = host.switch_to("ledger", "2.0.0");

    ASSERT_FALSE(switched);
    EXPECT_EQ(switched.error().code, code) << to_string(switched.error());
    write(host, {30});
    EXPECT_EQ(sum(host).amount, 42);
    EXPECT_EQ(sum(host).version, 1u);
  }
}

TEST_F(States, that_are_larger_than_state_max_are_not_handed_over) {
  PluginConfiguration first = ledger(kOne);
  first.config["padding"] = {std::int64_t{100'000}};
  first.state_max = 64u << 10;
  Host host = start(ledgers({first, ledger(kTwo)}));
  write(host, {5});

  const auto switched = host.switch_to("ledger", "2.0.0");

  ASSERT_FALSE(switched);
  EXPECT_EQ(switched.error().code, ErrorCode::TooLarge);
  EXPECT_THAT(switched.error().message, AllOf(HasSubstr("ledger 1.0.0"), HasSubstr("65536"), HasSubstr("state_max")));
  EXPECT_EQ(sum(host).amount, 5);
}

TEST_F(States, of_a_version_that_dies_before_they_are_written_down_are_lost_and_that_is_said) {
  Host host = start(ledgers({ledger(kOne, "snapshot die"), ledger(kTwo)}));
  write(host, {5});

  const auto switched = host.switch_to("ledger", "2.0.0");

  ASSERT_TRUE(switched) << to_string(switched.error());
  EXPECT_EQ(sum(host).amount, 0);
  EXPECT_EQ(sum(host).version, 2u);
  EXPECT_THAT(await_event(host, HostEventKind::StateLost, "ledger").text,
              AllOf(HasSubstr("1.0.0"), HasSubstr(" ended before its state"), HasSubstr("2.0.0"),
                    HasSubstr(" serves without")));
  EXPECT_THAT(events_of(host, HostEventKind::HandedOver), IsEmpty());
  write(host, {7});
  EXPECT_EQ(sum(host).amount, 7);
}

TEST_F(States, survive_a_new_version_that_is_killed_while_it_restores) {
  PluginConfiguration second = ledger(kTwo, "restore hang");
  Host host = start(ledgers({ledger(kOne), second}));
  write(host, {5});
  Status switched;
  std::jthread switching{[&] { switched = host.switch_to("ledger", "2.0.0"); }};
  std::int64_t pid = 0;
  ASSERT_TRUE(await([&] {
    for (const PluginSnapshot& each : host.snapshot().plugins)
      if (each.plugin == "ledger" && each.version.starts_with("1.0.0") && each.state == "Draining")
        for (const PluginSnapshot& other : host.snapshot().plugins)
          if (other.version.starts_with("2.0.0")) pid = other.pid;
    return pid != 0;
  }));

  send_signal(pid, SIGKILL);
  switching.join();

  ASSERT_FALSE(switched);
  EXPECT_EQ(switched.error().code, ErrorCode::PluginCrashed) << to_string(switched.error());
  EXPECT_EQ(sum(host).amount, 5);
  EXPECT_EQ(sum(host).version, 1u);
}

TEST_F(States, are_complete_before_the_new_version_is_heard_and_nothing_of_the_old_one_comes_after) {
  PluginConfiguration first = ledger(kOne), second = ledger(kTwo);
  for (PluginConfiguration* const each : {&first, &second}) each->config["beat_us"] = {std::int64_t{200}};
  second.warm = true;  // its timer runs all the time
  Host host = start(ledgers({first, second}));
  std::vector<std::uint32_t> heard;
  const auto subscription = host.subscribe<::ledgers::Beat>(
      "ledger.beats", [&](Received<::ledgers::Beat>& beat) { heard.push_back(beat->version()); });
  ASSERT_TRUE(poll_until(host, [&] { return heard.size() > 10; }));

  ASSERT_TRUE(host.switch_to("ledger", "2.0.0"));

  ASSERT_TRUE(poll_until(host, [&] { return std::ranges::count(heard, 2u) > 10; }));
  EXPECT_TRUE(std::ranges::is_sorted(heard));
}

TEST_F(States, let_timers_go_on_when_they_were_not_handed_over) {
  PluginConfiguration first = ledger(kOne);
  first.config["beat_us"] = {std::int64_t{200}};
  Host host = start(ledgers({first, ledger(kTwo, "restore fail")}));
  std::size_t heard = 0;
  const auto subscription =
      host.subscribe<::ledgers::Beat>("ledger.beats", [&](Received<::ledgers::Beat>&) { ++heard; });
  ASSERT_TRUE(poll_until(host, [&] { return heard > 10; }));

  ASSERT_FALSE(host.switch_to("ledger", "2.0.0"));

  const std::size_t before = heard;
  EXPECT_TRUE(poll_until(host, [&] { return heard > before + 1000; }));
}

TEST_F(States, of_no_common_form_refuse_a_switch_before_anything_starts) {
  Host host = start(ledgers({ledger(kOne), ledger("libhost_ledger-apart.so"), ledger("libhost_ledger-mistaken.so"),
                             ledger("libhost_ledger-none.so")}));
  write(host, {5});

  const auto apart = host.switch_to("ledger", "3.0.0");
  const auto mistaken = host.switch_to("ledger", "4.0.0");
  const auto none = host.switch_to("ledger", "0.9.0");

  ASSERT_FALSE(apart);
  EXPECT_EQ(apart.error().code, ErrorCode::NoSuchVersion);
  EXPECT_THAT(apart.error().message, AllOf(HasSubstr("writes state 1"), HasSubstr("reads 3")));
  ASSERT_FALSE(mistaken);
  EXPECT_EQ(mistaken.error().code, ErrorCode::SchemaMismatch);
  EXPECT_THAT(mistaken.error().message, AllOf(HasSubstr("ledgers.State1"), HasSubstr("ledgers.State2")));
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, HasSubstr("reads none"));
  EXPECT_EQ(events_of(host, HostEventKind::Started).size(), 1u);
  EXPECT_EQ(sum(host).amount, 5);
}

TEST_F(States, need_no_state_of_a_version_that_has_none) {
  Host host = start(ledgers({ledger("libhost_ledger-none.so"), ledger(kOne)}));
  write(host, {5});

  const auto switched = host.switch_to("ledger", "1.0.0");

  ASSERT_TRUE(switched) << to_string(switched.error());
  EXPECT_EQ(sum(host).amount, 0);
  EXPECT_EQ(sum(host).version, 1u);
}

TEST_F(States, are_of_one_instance_at_a_time) {
  PluginConfiguration twice = ledger(kOne);
  twice.instances = 2;
  const auto refused = Host::start(ledgers({twice}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::BadConfiguration);
  EXPECT_THAT(refused.error().message, AllOf(HasSubstr("[state]"), HasSubstr("2 instances")));

  HostConfiguration guarded = ledgers({ledger(kOne), ledger(kTwo)});
  route(guarded, "ledger/sum").lts = "2.0.0";
  const auto no_lts = Host::start(guarded);
  ASSERT_FALSE(no_lts);
  EXPECT_THAT(no_lts.error().message, HasSubstr("[state]"));

  Host host = start(ledgers({ledger(kOne), ledger(kTwo)}));
  const auto shared = host.share({.route = "ledger.entries", .targets = {{"1.0.0", 1}, {"2.0.0", 1}}});
  ASSERT_FALSE(shared);
  EXPECT_EQ(shared.error().code, ErrorCode::BadInput);
  EXPECT_THAT(shared.error().message, AllOf(HasSubstr("[state]"), HasSubstr("use a switch")));
}

TEST_F(States, are_restored_by_an_instance_that_has_done_nothing_yet) {
  PluginConfiguration first = ledger(kOne), second = ledger(kTwo);
  first.warm = second.warm = true;
  Host host = start(ledgers({first, second}));
  const auto pid_of_version = [&](std::string_view version) {
    std::int64_t pid = 0;
    EXPECT_TRUE(await([&] {
      for (const PluginSnapshot& each : host.snapshot().plugins)
        if (each.version.starts_with(version) && each.state == "Active") pid = each.pid;
      return pid != 0;
    }));
    return pid;
  };
  const std::int64_t old = pid_of_version("1.0.0");
  write(host, {5});

  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(host.switch_to("ledger", "2.0.0"));
    ASSERT_TRUE(host.switch_to("ledger", "1.0.0"));
    EXPECT_EQ(sum(host).restores, 1u);
    EXPECT_EQ(sum(host).amount, 5);
  }

  EXPECT_NE(pid_of_version("1.0.0"), old) << "what it knew was old";
}

TEST_F(States, of_several_plugins_are_handed_over_all_or_not_at_all) {
  Host host = start(ledgers({ledger(kOne), ledger(kTwo, "restore fail"), actor(), actor_2()}));
  write(host, {5});

  const auto switched = host.switch_to({{"ledger", "2.0.0"}, {"actor", "2.0.0"}});

  ASSERT_FALSE(switched);
  EXPECT_EQ(sum(host).version, 1u);
  EXPECT_EQ(sum(host).amount, 5);
  EXPECT_EQ(host.client<actor::Client>().value().act(order({}), {.deadline = 30s}).value()->version(), 1u);
}

// ---- Versions that lie about their state

class StatesOfLiars : public States {
 protected:
  /// A host whose old version does this when it is asked for its state.
  static Host with_liar(const std::string& act) {
    PluginConfiguration liar = ledger(kOne);
    liar.config["breach"] = {act};
    liar.state_max = 1u << 20;
    HostConfiguration configuration = ledgers({liar, ledger(kTwo)});
    configuration.launcher = HOSTILE_LAUNCHER;
    return start(std::move(configuration));
  }
};

TEST_F(StatesOfLiars, are_lost_with_whoever_breaks_the_protocol) {
  for (const std::string act :
       {"a snapshot larger than its file", "a snapshot of nothing", "restored instead of written down"}) {
    SCOPED_TRACE(act);
    Host host = with_liar(act);

    const auto switched = host.switch_to("ledger", "2.0.0");

    EXPECT_TRUE(switched) << to_string(switched.error());
    EXPECT_THAT(await_event(host, HostEventKind::Ended, "ledger").text, HasSubstr("was ended by the host: PeerBreach"));
    EXPECT_EQ(events_of(host, HostEventKind::StateLost).size(), 1u);
    EXPECT_EQ(sum(host).version, 2u);
    EXPECT_EQ(sum(host).amount, 0);
  }
}

TEST_F(StatesOfLiars, that_are_none_undo_the_switch) {
  for (const std::string act : {"a state of garbage", "a state that ends before it says"}) {
    SCOPED_TRACE(act);
    Host host = with_liar(act);

    const auto switched = host.switch_to("ledger", "2.0.0");

    ASSERT_FALSE(switched);
    EXPECT_EQ(switched.error().code, ErrorCode::BadPayload) << to_string(switched.error());
    EXPECT_THAT(switched.error().message, HasSubstr("bytes that are not its state 1"));
    EXPECT_EQ(events_of(host, HostEventKind::SwitchUndone).size(), 1u);
  }
}

TEST_F(StatesOfLiars, are_taken_once) {
  Host host = with_liar("two snapshots");

  static_cast<void>(host.switch_to("ledger", "2.0.0"));  // the first of them is no state, or its writer is gone by then

  EXPECT_TRUE(await([&] {  // who was to take over may end before, as it is told to
    return std::ranges::any_of(host.events(), [](const HostEvent& each) {
      return each.kind == HostEventKind::Ended && each.plugin == "ledger" &&
             each.text.find("was ended by the host: PeerBreach") != std::string::npos;
    });
  }));
}

}  // namespace
}  // namespace shunt::test
