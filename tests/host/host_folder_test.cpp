/// A folder of plugins that a host watches: what comes into it is decided upon, and switched to.
#include "errand_client.hpp"
#include "folder.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <memory>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <scale.hpp>

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Folders : public FolderTest {};

// ---- One for each case of what a build may be

TEST_F(Folders, lead_the_handles_that_there_are_to_a_build_with_another_body) {
  put("first");
  Host host = start(watching());
  const Ask handle = ask(host);
  ASSERT_EQ(build_behind(handle), 100);

  put("body");

  EXPECT_THAT(await_told(host, HostEventKind::Reloaded), HasSubstr("clerk.so: the same interface"));
  EXPECT_EQ(build_behind(handle), 110);
}

TEST_F(Folders, do_nothing_for_a_file_with_the_content_that_it_had) {
  put("first");
  Host host = start(watching());
  const auto pid = pid_of(host, "clerk");

  put("first");
  std::filesystem::last_write_time(folder() / "clerk.so", std::filesystem::file_time_type::clock::now());
  std::filesystem::permissions(folder() / "clerk.so", std::filesystem::perms::owner_read);
  write_at_once("no plugin", "later.so");  // looked at behind it

  EXPECT_THAT(await_told(host, HostEventKind::ReloadRefused, ""), HasSubstr("later.so"));
  EXPECT_EQ(events_of(host, HostEventKind::Started).size(), 1u);
  EXPECT_THAT(events_of(host, HostEventKind::Reloaded), IsEmpty());
  EXPECT_EQ(pid_of(host, "clerk"), pid);
}

TEST_F(Folders, register_a_function_more_and_leave_the_others_untouched) {
  put("first");
  Host host = start(watching());
  const Ask handle = ask(host);
  ASSERT_EQ((host.function<clerks::Nothing, clerks::Count>("clerk/greet").error().code), ErrorCode::NoSuchRoute);

  put("more");

  EXPECT_THAT(await_told(host, HostEventKind::Reloaded), HasSubstr("clerk.so: greet came"));
  const Tally greet = host.function<clerks::Nothing, clerks::Count>("clerk/greet").value();
  const auto greeted = greet([](auto& build) { return clerks::CreateNothing(build); }, {.deadline = 30s});
  ASSERT_TRUE(greeted) << to_string(greeted.error());
  EXPECT_EQ((*greeted)->build(), 120u);
  EXPECT_EQ(build_behind(handle), 120);
}

TEST_F(Folders, refuse_a_build_without_a_function_that_another_plugin_calls) {
  put("first");
  Host host = start(watching({plugin("libhost_errand.so")}));

  put("less");

  EXPECT_THAT(await_told(host, HostEventKind::ReloadRefused),
              AllOf(HasSubstr("\"tally\" has gone from clerk"), HasSubstr("called by errand")));
  EXPECT_EQ(build_behind(host), 100);
  const auto counted = host.client<errand::Client>().value().count(
      [](auto& build) { return clerks::CreateNothing(build); }, {.deadline = 30s});
  EXPECT_TRUE(counted) << to_string(counted.error());
}

TEST_F(Folders, take_a_build_without_a_function_once_the_host_has_no_handle_to_it) {
  put("first");
  Host host = start(watching());
  {
    auto handle = std::make_unique<Tally>(host.function<clerks::Nothing, clerks::Count>("clerk/tally").value());
    const Tally copy{*handle};
    handle.reset();
    put("less");
    EXPECT_THAT(await_told(host, HostEventKind::ReloadRefused),
                AllOf(HasSubstr("\"tally\" has gone from clerk"), HasSubstr("called by the host")));
    EXPECT_TRUE(copy([](auto& build) { return clerks::CreateNothing(build); }, {.deadline = 30s}));
  }

  put("less");

  EXPECT_THAT(await_told(host, HostEventKind::Reloaded), HasSubstr("tally went"));
  EXPECT_EQ(build_behind(host), 130);
  const Tally gone = host.function<clerks::Nothing, clerks::Count>("clerk/tally").value();
  const auto counted = gone([](auto& build) { return clerks::CreateNothing(build); }, {.deadline = 30s});
  ASSERT_FALSE(counted);
  EXPECT_EQ(counted.error().code, ErrorCode::NoSuchRoute);
}

TEST_F(Folders, make_new_routes_for_other_types_and_let_the_old_ones_stay) {
  put("first");
  Host host = start(watching({plugin("libhost_errand.so")}));
  const Ask handle = ask(host);
  auto errand = host.client<errand::Client>().value();

  put("other");

  EXPECT_THAT(await_told(host, HostEventKind::Reloaded),
              HasSubstr("answer changed; the old build stays for those who know the old types"));
  EXPECT_EQ(build_behind_other(host), 200) << "the name means the new types";
  EXPECT_EQ(build_behind(handle), 100) << "who knows the old ones is led to the build that knows them";
  const auto passed_on = errand.ask([](auto& build) { return clerks::CreateQuestion(build, 7); }, {.deadline = 30s});
  ASSERT_TRUE(passed_on) << to_string(passed_on.error());
  EXPECT_EQ((*passed_on)->build(), 100u);
  auto late = host.client<clerk::Client>();  // by the old types
  ASSERT_TRUE(late) << to_string(late.error());
  const auto answer = late->answer([](auto& build) { return clerks::CreateQuestion(build, 7); }, {.deadline = 30s});
  ASSERT_TRUE(answer) << to_string(answer.error());
  EXPECT_EQ((*answer)->build(), 100u);
}

TEST_F(Folders, have_what_did_not_change_served_by_the_new_build_alone) {
  put("first");
  Host host = start(watching());
  const Ask handle = ask(host);
  put("other");
  await_told(host, HostEventKind::Reloaded);
  std::vector<std::uint32_t> heard;
  const auto news = host.subscribe<clerks::News>(
      "clerk.news", [&](const Received<clerks::News>& each) { heard.push_back(each->build()); });
  ASSERT_TRUE(news) << to_string(news.error());
  const auto notes = host.publisher<clerks::Note>("clerk.notes").value();

  for (std::uint32_t i = 0; i < 3; ++i)
    ASSERT_TRUE(notes.publish([&](auto& build) { return clerks::CreateNote(build, i); }));

  ASSERT_TRUE(poll_until(host, [&] { return heard.size() >= 3; }));
  EXPECT_THAT(heard, ElementsAre(200, 200, 200));
}

TEST_F(Folders, lead_an_old_route_to_the_old_build_when_that_has_crashed_and_when_all_is_restarted) {
  put("first");
  Host host = start(watching());
  const Ask handle = ask(host);
  put("other");
  await_told(host, HostEventKind::Reloaded);
  const auto old_pid = [&] {
    std::int64_t pid = 0;
    for (const PluginSnapshot& each : host.snapshot().plugins)
      if (each.version.starts_with("1.0.0")) pid = each.pid;
    return pid;
  };
  const auto first_pid = old_pid();
  ASSERT_NE(first_pid, 0);

  send_signal(first_pid, SIGKILL);

  ASSERT_TRUE(await([&] { return old_pid() != 0 && old_pid() != first_pid; }));
  EXPECT_TRUE(await([&] { return build_behind(handle) == 100; }));
  EXPECT_EQ(build_behind_other(host), 200);
  ASSERT_TRUE(host.restart(Scope{"clerk"}));
  EXPECT_EQ(build_behind(handle), 100);
  EXPECT_EQ(build_behind_other(host), 200);
}

TEST_F(Folders, end_an_old_route_when_all_is_switched_back) {
  put("first");
  Host host = start(watching());
  const Ask handle = ask(host);
  put("other");
  await_told(host, HostEventKind::Reloaded);

  ASSERT_TRUE(host.switch_to("clerk", "1.0.0"));

  EXPECT_EQ(build_behind(handle), 100);
  EXPECT_EQ(build_behind(host), 100);
  EXPECT_TRUE(await([&] { return host.snapshot().plugins.size() == 1; })) << "no seat is kept for it";
}

TEST_F(Folders, let_an_old_route_go_with_the_build_after_the_next_when_nobody_uses_it) {
  put("first");
  Host host = start(watching());
  auto handle = std::make_unique<Ask>(ask(host));
  put("other");
  await_told(host, HostEventKind::Reloaded);
  put("last");
  await_told(host, HostEventKind::Reloaded);
  EXPECT_EQ(build_behind_other(host), 210);
  EXPECT_EQ(build_behind(*handle), 100) << "it is used yet";

  handle.reset();
  put("other");
  await_told(host, HostEventKind::Reloaded);

  EXPECT_EQ(build_behind_other(host), 200);
  ASSERT_TRUE(await([&] {
    const auto plugins = host.snapshot().plugins;
    return std::ranges::none_of(plugins, [](const auto& each) { return each.version.starts_with("1.0.0"); });
  }));
}

TEST_F(Folders, lead_the_handles_that_there_are_to_a_build_with_appended_fields) {
  put("first");
  Host host = start(watching());
  const Ask handle = ask(host);

  put("appended");

  EXPECT_THAT(await_told(host, HostEventKind::Reloaded),
              HasSubstr("answer changed; what is known by the old types leads to it, too"));
  EXPECT_EQ(build_behind(handle), 140);
  const auto answer = handle([](auto& build) { return clerks::CreateQuestion(build, 21); }, {.deadline = 30s});
  ASSERT_TRUE(answer);
  const auto* const table = reinterpret_cast<const flatbuffers::Table*>(&**answer);
  EXPECT_EQ(table->GetField<std::uint64_t>(8, 0), 42u) << "the field that the host does not know";
  EXPECT_EQ(std::ranges::count(host.snapshot().routes, "clerk/answer", &RouteSnapshot::name), 1);
}

TEST_F(Folders, lead_nobody_to_types_that_conform_to_those_of_before_and_not_to_his) {
  put("first");
  Host host = start(watching());
  const Ask handle = ask(host);
  put("appended");
  await_told(host, HostEventKind::Reloaded);
  put("first");
  EXPECT_THAT(await_told(host, HostEventKind::Reloaded), HasSubstr("leads to it, too"));

  put("apart");  // conforms to the first, and somebody may know the appended one's types

  EXPECT_THAT(await_told(host, HostEventKind::Reloaded),
              HasSubstr("the old build stays for those who know the old types"));
  EXPECT_EQ(build_behind(handle), 100);
  const auto by_name = host.call_bytes("clerk/answer", question(7), {.deadline = 30s});
  ASSERT_TRUE(by_name) << to_string(by_name.error());
  EXPECT_EQ(verified_root<clerks::Answer>(by_name->bytes())->build(), 190u);
}

TEST_F(Folders, keep_no_old_build_up_for_a_topic_that_the_new_one_does_not_hear) {
  put("first");
  Host host = start(watching());
  const auto notes = host.publisher<clerks::Note>("clerk.notes").value();

  put("deaf");

  EXPECT_THAT(await_told(host, HostEventKind::Reloaded), HasSubstr("topic in clerk.notes went"));
  EXPECT_EQ(build_behind(host), 191);
  EXPECT_TRUE(await([&] { return host.snapshot().plugins.size() == 1; }));
}

TEST_F(Folders, refuse_a_build_that_falls_silent_on_a_topic_that_is_heard) {
  put("first");
  Host host = start(watching());
  auto news = std::make_unique<Subscription>(
      host.subscribe<clerks::News>("clerk.news", [](const Received<clerks::News>&) {}).value());
  put("silent");
  EXPECT_THAT(await_told(host, HostEventKind::ReloadRefused),
              AllOf(HasSubstr("\"topic out clerk.news\" has gone"), HasSubstr("heard by the host")));
  put("renamed");
  EXPECT_THAT(await_told(host, HostEventKind::ReloadRefused),
              AllOf(HasSubstr("\"topic out clerk.news\" has other types"), HasSubstr("heard by the host")));
  EXPECT_EQ(build_behind(host), 100);

  news.reset();
  static_cast<void>(host.snapshot());  // behind the end of the subscription
  put("silent");

  await_told(host, HostEventKind::Reloaded);
  EXPECT_EQ(build_behind(host), 160);
}

TEST_F(Folders, refuse_what_the_matrix_of_compatibility_refuses) {
  put("first");
  Host host = start(watching());

  put("foreign");

  EXPECT_THAT(await_told(host, HostEventKind::ReloadRefused),
              AllOf(HasSubstr("abi-v2 does not allow another tool chain"), HasSubstr("Other 1.0.0")));
  EXPECT_EQ(build_behind(host), 100);
}

// ---- Under load

TEST_F(Folders, lose_no_call_while_builds_come_and_go) {
  put("first");
  Host host = start(watching());
  const Ask handle = ask(host);
  std::atomic<bool> over{false};
  std::atomic<std::uint64_t> answered{0};
  std::atomic<std::int64_t> failed{0};
  std::jthread caller{[&] {
    while (!over.load(std::memory_order_relaxed)) {
      const std::int64_t build = build_behind(handle);
      if (build > 0) answered.fetch_add(1, std::memory_order_relaxed);
      else failed.store(build, std::memory_order_relaxed);
    }
  }};

  const std::size_t reloads = scaled(40);
  for (std::size_t i = 0; i < reloads; ++i) {
    put(i % 2 == 0 ? "body" : "first");
    await_told(host, HostEventKind::Reloaded);
  }
  over.store(true, std::memory_order_relaxed);
  caller.join();

  EXPECT_EQ(failed.load(std::memory_order_relaxed), 0);
  EXPECT_GT(answered.load(std::memory_order_relaxed), reloads);
}

}  // namespace
}  // namespace shunt::test
