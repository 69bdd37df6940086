/// Switches to a version of which an earlier restart is still under way.
#include "cast.hpp"
#include "gate.hpp"

#include <algorithm>
#include <csignal>
#include <optional>
#include <thread>

#include <gmock/gmock.h>
#include <urcu/urcu-bp.h>

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// A reader of the route table: who waits for those of the table of before waits for as long as it lives.
class SlowReader {
 public:
  SlowReader() { urcu_bp_read_lock(); }
  ~SlowReader() { urcu_bp_read_unlock(); }
  SlowReader(const SlowReader&) = delete;
  SlowReader& operator=(const SlowReader&) = delete;
};

class SwitchesBesideARestart : public HostTest {
 protected:
  /// actor 1.0.0 is restarted, and that is held; 2.0.0 serves.
  void start_host(PluginConfiguration first, PluginConfiguration second) {
    first.restart.delay_first = 1ns;
    first.deadlines.load = 1h;  // which counts while it is held
    auto configuration = with({std::move(first), std::move(second)});
    configuration.launcher = gate_.launcher();
    host_.emplace(start(std::move(configuration)));
    gate_.hold_next("restart");
    send_signal(pid_of(*host_, "actor"), SIGKILL);
    ASSERT_TRUE(await([&] { return gate_.holds("restart"); }));
    const auto switched = host_->switch_to("actor", "2.0.0");
    ASSERT_TRUE(switched) << to_string(switched.error());
  }
  void TearDown() override {
    host_.reset();
    HostTest::TearDown();
  }
  [[nodiscard]] std::optional<PluginSnapshot> serving(std::string_view version, std::uint64_t after = 0) {
    for (PluginSnapshot& each : host_->snapshot().plugins)
      if (each.version.starts_with(version) && each.state == "Active" && each.instance > after && each.pid > 0)
        return std::move(each);
    return std::nullopt;
  }
  [[nodiscard]] bool is_there(std::uint64_t instance) {
    return std::ranges::any_of(host_->snapshot().plugins, [&](const auto& each) { return each.instance == instance; });
  }
  [[nodiscard]] std::uint32_t version() {
    return host_->client<actor::Client>().value().act(order({}), {.deadline = 30s}).value()->version();
  }
  /// The switch back to 1.0.0, up to its exchange; then its newcomer dies and the restart serves in its place. While a
  /// slow reader lives, so that nobody looks at the newcomer between.
  void seat_the_restart() {
    const std::uint64_t old = serving("2.0.0").value().instance;
    switcher_ = std::jthread{[this] { switched_ = host_->switch_to("actor", "1.0.0"); }};
    std::optional<PluginSnapshot> newcomer;
    ASSERT_TRUE(await([&] { return (newcomer = serving("1.0.0", old)).has_value(); }));
    await_event(*host_, HostEventKind::Switched, "actor", seen_);
    send_signal(newcomer->pid, SIGKILL);
    ASSERT_TRUE(await([&] { return !is_there(newcomer->instance); }));
    gate_.let_through("restart");
    ASSERT_TRUE(await([&] { return serving("1.0.0").has_value(); }));
  }
  void note_events() { seen_ = host_->events().back().number; }

  Gate gate_{LAUNCHER};
  std::optional<Host> host_;
  std::uint64_t seen_ = 0;  ///< Events until then do not count.
  Status switched_;
  std::jthread switcher_;  // last: it uses the others
};

TEST_F(SwitchesBesideARestart, go_on_with_it_in_the_place_of_a_newcomer_that_died) {
  auto second = actor_2();
  second.handler_max = 1h;
  ASSERT_NO_FATAL_FAILURE(start_host(actor(), second));
  note_events();
  auto orders = host_->publisher<stage::Order>("stage.orders").value();
  {
    const Frozen frozen{serving("2.0.0").value().pid};
    ASSERT_TRUE(orders.publish(order({})));
    const SlowReader reader;
    ASSERT_NO_FATAL_FAILURE(seat_the_restart());
  }
  switcher_.join();

  EXPECT_TRUE(switched_) << to_string(switched_.error());
  EXPECT_EQ(version(), 1u);
  EXPECT_EQ(host_->snapshot().plugins.size(), 1u);
  EXPECT_EQ(Belongings::now().children.size(), 1u);
}

TEST_F(SwitchesBesideARestart, take_it_along_when_they_are_undone) {
  auto second = actor_2();
  second.handler_max = 1h;
  second.deadlines.drain = 300ms;
  ASSERT_NO_FATAL_FAILURE(start_host(actor(), second));
  note_events();
  const auto before = serving("2.0.0").value();
  auto orders = host_->publisher<stage::Order>("stage.orders").value();
  {
    const Frozen frozen{serving("2.0.0").value().pid};
    ASSERT_TRUE(orders.publish(order({})));
    {
      const SlowReader reader;
      ASSERT_NO_FATAL_FAILURE(seat_the_restart());
    }
    await_event(*host_, HostEventKind::SwitchUndone, "actor", seen_);
  }
  switcher_.join();

  ASSERT_FALSE(switched_);
  EXPECT_EQ(switched_.error().code, ErrorCode::DeadlineExceeded);
  EXPECT_THAT(switched_.error().message, AllOf(HasSubstr("actor 2.0.0"), HasSubstr("undone")));
  EXPECT_EQ(version(), 2u);
  EXPECT_EQ(snapshot_of(*host_, "actor").instance, before.instance);
  EXPECT_EQ(host_->snapshot().plugins.size(), 1u);
  EXPECT_EQ(Belongings::now().children.size(), 1u);
}

TEST_F(SwitchesBesideARestart, do_not_leave_it_up_beside_their_newcomer_where_the_version_is_to_be_warm) {
  auto first = actor();
  first.warm = true;
  ASSERT_NO_FATAL_FAILURE(start_host(first, actor_2()));
  const auto count_warm = [&] { return std::ranges::count(host_->events(), HostEventKind::Warm, &HostEvent::kind); };
  const auto plugins = host_->snapshot().plugins;
  const auto restart =
      std::ranges::find_if(plugins, [](const auto& each) { return each.version.starts_with("1.0.0"); });
  ASSERT_NE(restart, plugins.end());
  gate_.hold_next("newcomer");
  switcher_ = std::jthread{[this] { switched_ = host_->switch_to("actor", "1.0.0"); }};
  ASSERT_TRUE(await([&] { return gate_.holds("newcomer"); }));

  gate_.let_through("restart");
  EXPECT_TRUE(await([&] { return !is_there(restart->instance); }));
  gate_.let_through("newcomer");
  switcher_.join();

  EXPECT_TRUE(switched_) << to_string(switched_.error());
  EXPECT_EQ(count_warm(), 0);
  EXPECT_EQ(version(), 1u);
  EXPECT_EQ(host_->snapshot().plugins.size(), 1u);
  EXPECT_EQ(Belongings::now().children.size(), 1u);
}

}  // namespace
}  // namespace shunt::test
