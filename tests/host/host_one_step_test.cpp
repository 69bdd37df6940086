/// Stopping and starting under load: every change is one step for all who send, and what was accepted is done once.
#include "cast.hpp"
#include "one_step.hpp"

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <scale.hpp>

namespace shunt::test {
namespace {

using News = Received<stage::News>;

/// How something is taken off, and how it comes back.
struct There {
  const char* name;
  std::function<Status(Host&, const Scope&)> off;
  std::function<Status(Host&, const Scope&)> on;
  bool finishes = true;  ///< What several plugins have is finished before the first of them is off for the others.
};

std::ostream& operator<<(std::ostream& out, const There& there) { return out << there.name; }

class OneStepUnderLoad : public HostTest, public testing::WithParamInterface<There> {
 protected:
  static Host begin() {
    auto first = actor();
    auto second = partner();
    for (PluginConfiguration* each : {&first, &second}) each->handler_max = each->grace = 1h;
    auto configuration = with({first, second});
    for (const char* topic : {"actor.news", "partner.news"}) route(configuration, topic).backlog = 1u << 20;
    return start(std::move(configuration));
  }

  /// Turns `scope` off and on again, and off and on, while everybody sends.
  void toggle(Host& host, const Scope& scope) {
    for (std::size_t i = 0; i < scaled(100); ++i) {
      for (const auto* change : {&GetParam().off, &GetParam().on}) {
        // Each state is seen by somebody before the next change, so that none passes unseen.
        const auto seen = steps_.on() + steps_.off();
        const auto changed = steps_.change([&] { return (*change)(host, scope); });
        ASSERT_TRUE(changed) << to_string(changed.error());
        ASSERT_TRUE(await([&] { return steps_.on() + steps_.off() > seen + 4; }));
      }
    }
  }

  template <typename Function>
  void call_until_end(Function&& call) {
    threads_.emplace_back([this, call] {
      while (!ends_) {
        const auto before = steps_.look();
        const auto reply = call();
        if (!reply && reply.error().code != ErrorCode::NotServing) ++wrong_;
        else steps_.saw(before, reply.has_value());
        std::this_thread::sleep_for(50us);
      }
    });
  }

  /// Publishes numbers, each once it was accepted the next; `receivers` of them hear it, or nobody does.
  void publish_until_end(Host& host, std::uint32_t receivers) {
    threads_.emplace_back([this, &host, receivers] {
      auto orders = host.publisher<stage::Order>("stage.orders").value();
      while (!ends_) {
        const auto before = steps_.look();
        const auto sent = orders.publish(order({.deed = Deed::Publish, .number = accepted_}));
        const std::uint32_t heard = sent ? sent->delivered + sent->waiting : 0;
        const bool refused = !sent && sent.error().code == ErrorCode::RingFull;
        if (sent && (heard == 0 || heard == receivers)) steps_.saw(before, heard > 0);
        else if (!refused) ++wrong_;
        if (heard > 0) ++accepted_;
        std::this_thread::sleep_for(50us);
      }
    });
  }

  void end() {
    ends_ = true;
    threads_.clear();
  }

  OneStep steps_;
  std::atomic<bool> ends_ = false;
  std::atomic<std::size_t> wrong_ = 0;       // outcomes that nobody may hear
  std::atomic<std::uint64_t> accepted_ = 0;  // publications
  std::vector<std::jthread> threads_;
};

TEST_P(OneStepUnderLoad, two_functions_of_a_plugin_are_never_seen_one_on_and_one_off) {
  Host host = begin();
  auto client = host.client<actor::Client>().value();
  for (int i = 0; i < 2; ++i) {
    call_until_end([&client] { return client.act(order({}), {.deadline = 60s}); });
    call_until_end([&client] { return client.repeat(order({}), {.deadline = 60s}); });
  }

  toggle(host, "actor");
  end();

  EXPECT_EQ(steps_.half(), 0u);
  EXPECT_EQ(wrong_, 0u);
  EXPECT_GT(steps_.on(), 0u);
  EXPECT_GT(steps_.off(), 0u);
  EXPECT_EQ(host.snapshot().in_flight, 0u);
}

TEST_P(OneStepUnderLoad, what_a_plugin_accepted_before_is_done_once) {
  Host host = begin();
  std::map<std::uint64_t, int> heard;
  const auto subscription = host.subscribe<stage::News>("actor.news", [&](News& news) { ++heard[news->number()]; });
  auto client = host.client<actor::Client>().value();
  call_until_end([&client] { return client.act(order({}), {.deadline = 60s}); });
  threads_.emplace_back([&] {  // the partner hears it, too, and is always there
    auto orders = host.publisher<stage::Order>("stage.orders").value();
    while (!ends_) {
      const auto before = steps_.look();
      const auto sent = orders.publish(order({.deed = Deed::Publish, .number = accepted_}));
      const std::uint32_t receivers = sent ? sent->delivered + sent->waiting : 1;
      if (sent) steps_.saw(before, receivers == 2);
      if (receivers == 2) ++accepted_;
      else if (receivers != 1) ++wrong_;
      std::this_thread::sleep_for(50us);
    }
  });

  toggle(host, "actor");
  end();

  EXPECT_TRUE(poll_until(host, [&] { return heard.size() == accepted_; })) << heard.size() << " of " << accepted_;
  EXPECT_TRUE(std::ranges::all_of(heard, [](const auto& each) { return each.second == 1; })) << "some were done twice";
  EXPECT_EQ(steps_.half(), 0u);
  EXPECT_EQ(wrong_, 0u);
  EXPECT_TRUE(await([&] { return static_cast<void>(host.poll()), chunks_in_use(host) == 0; }));
}

TEST_P(OneStepUnderLoad, everything_is_never_seen_half_and_what_plugins_do_for_each_other_is_done) {
  Host host = begin();
  std::map<std::uint64_t, int> heard;
  std::map<std::uint64_t, int> passed_on;
  const auto from_actor = host.subscribe<stage::News>("actor.news", [&](News& news) { ++heard[news->number()]; });
  const auto from_partner =
      host.subscribe<stage::News>("partner.news", [&](News& news) { ++passed_on[news->number()]; });
  auto first = host.client<actor::Client>().value();
  auto second = host.client<partner::Client>().value();
  call_until_end([&first] { return first.act(order({}), {.deadline = 60s}); });
  call_until_end([&second] { return second.act(order({}), {.deadline = 60s}); });
  publish_until_end(host, 2);

  toggle(host, Scope::everything());
  end();

  const auto all_heard = [&] { return heard.size() == accepted_ && passed_on.size() == accepted_; };
  EXPECT_TRUE(poll_until(host, all_heard)) << heard.size() << " and " << passed_on.size() << " of " << accepted_;
  EXPECT_TRUE(std::ranges::all_of(heard, [](const auto& each) { return each.second == 1; }));
  if (GetParam().finishes) {  // the partner publishes what it hears, and once more what the actor made of it
    const auto twice = [&] {
      return std::ranges::all_of(passed_on, [](const auto& each) { return each.second == 2; });
    };
    EXPECT_TRUE(poll_until(host, twice));
  }
  EXPECT_TRUE(std::ranges::all_of(passed_on, [](const auto& each) { return each.second <= 2; }));
  EXPECT_EQ(steps_.half(), 0u);
  EXPECT_EQ(wrong_, 0u);
}

TEST_P(OneStepUnderLoad, a_single_function_changes_and_its_neighbour_does_not_notice) {
  Host host = begin();
  auto client = host.client<actor::Client>().value();
  for (int i = 0; i < 2; ++i) call_until_end([&client] { return client.act(order({}), {.deadline = 60s}); });
  std::atomic<std::size_t> failed = 0;
  threads_.emplace_back([&] {
    while (!ends_)
      if (!client.repeat(order({}), {.deadline = 60s})) ++failed;
  });

  toggle(host, "actor/act");
  end();

  EXPECT_EQ(steps_.half(), 0u);
  EXPECT_EQ(wrong_, 0u);
  EXPECT_EQ(failed, 0u);
  EXPECT_GT(steps_.off(), 0u);
}

TEST_P(OneStepUnderLoad, a_topic_changes_for_all_who_hear_it) {
  Host host = begin();
  std::map<std::uint64_t, int> heard;
  const auto subscription = host.subscribe<stage::News>("actor.news", [&](News& news) { ++heard[news->number()]; });
  threads_.emplace_back([&] {
    auto orders = host.publisher<stage::Order>("stage.orders").value();
    while (!ends_) {
      const auto before = steps_.look();
      const auto sent = orders.publish(order({.deed = Deed::Publish, .number = accepted_}));
      if (sent || sent.error().code == ErrorCode::NotServing) steps_.saw(before, sent.has_value());
      else if (sent.error().code != ErrorCode::RingFull) ++wrong_;
      if (sent && sent->delivered + sent->waiting != 2) ++wrong_;
      if (sent) ++accepted_;
      std::this_thread::sleep_for(50us);
    }
  });

  toggle(host, "stage.orders");
  end();

  EXPECT_TRUE(poll_until(host, [&] { return heard.size() == accepted_; })) << heard.size() << " of " << accepted_;
  EXPECT_TRUE(std::ranges::all_of(heard, [](const auto& each) { return each.second == 1; }));
  EXPECT_EQ(steps_.half(), 0u);
  EXPECT_EQ(wrong_, 0u);
  EXPECT_GT(steps_.off(), 0u);
}

const There kThere[] = {
    {"disable", [](Host& host, const Scope& scope) { return host.disable(scope); },
     [](Host& host, const Scope& scope) { return host.enable(scope); }, false},
    {"drain", [](Host& host, const Scope& scope) { return host.drain(scope, kPatience); },
     [](Host& host, const Scope& scope) { return host.enable(scope); }},
    {"stop", [](Host& host, const Scope& scope) { return host.stop(scope, kPatience); },
     [](Host& host, const Scope& scope) { return host.restart(scope, kPatience); }},
};

INSTANTIATE_TEST_SUITE_P(By, OneStepUnderLoad, testing::ValuesIn(kThere),
                         [](const auto& of) { return std::string(of.param.name); });

// ---- The check itself

TEST(OneStep, finds_a_sender_that_sees_undone_what_another_has_seen_done) {
  OneStep steps;
  steps.change([&] {
    steps.saw(steps.look(), true);   // not yet
    steps.saw(steps.look(), false);  // now
    EXPECT_EQ(steps.half(), 0u);
    steps.saw(steps.look(), true);
    return true;
  });

  EXPECT_EQ(steps.half(), 1u);
}

TEST(OneStep, blames_nobody_who_began_before_a_change_was_seen) {
  OneStep steps;
  const auto before = steps.look();
  steps.change([&] {
    steps.saw(steps.look(), false);
    steps.saw(before, true);
    return true;
  });
  steps.saw(before, true);

  EXPECT_EQ(steps.half(), 0u);
}

}  // namespace
}  // namespace shunt::test
