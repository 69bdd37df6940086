/// A folder of plugins that a host watches: what comes into it is decided upon, and switched to.
#include "cast.hpp"
#include "clerk_client.hpp"
#include "errand_client.hpp"

#include <shunt/host/signing.hpp>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <scale.hpp>
#include <temporary_directory.hpp>

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

using Ask = Function<clerks::Question, clerks::Answer>;
using Tally = Function<clerks::Nothing, clerks::Count>;

std::string content(const std::filesystem::path& path) {
  std::ifstream stream{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{stream}, {}};
}

class Folders : public HostTest {
 protected:
  Folders() { std::filesystem::create_directories(folder()); }

  [[nodiscard]] std::filesystem::path folder() const { return directory_.path() / "plugins"; }
  [[nodiscard]] PluginConfiguration entry() const {
    PluginConfiguration entry = plugin("");
    entry.path = folder();
    return entry;
  }
  [[nodiscard]] HostConfiguration watching(std::vector<PluginConfiguration> others = {}) const {
    others.insert(others.begin(), entry());
    HostConfiguration configuration = with(std::move(others));
    for (const char* const name : {"clerk/*", "errand/*", "clerk.notes", "clerk.news"})
      route(configuration, name).wait = bus::Wait::Sleep;
    return configuration;
  }

  /// As a build: under its name at once, and whole.
  void put(const std::string& build, const std::string& as = "clerk.so") const {
    write_at_once(content(plugin("clerk-" + build + ".so").path), as);
  }
  void write_at_once(std::string_view bytes, const std::string& as) const {
    const auto beside = directory_.write("incoming", bytes);
    std::filesystem::rename(beside, folder() / as);
  }

  static Ask ask(Host& host) { return host.function<clerks::Question, clerks::Answer>("clerk/answer").value(); }
  /// Which build answers; an error's code, below zero.
  static std::int64_t build_behind(const Ask& function) {
    const auto answer =
        function([](auto& build) { return clerks::CreateQuestion(build, 7); }, {.deadline = 30s});
    return answer ? std::int64_t{(*answer)->build()} : -static_cast<std::int64_t>(answer.error().code);
  }
  static std::int64_t build_behind(Host& host) { return build_behind(ask(host)); }

  /// The same of who is asked as the builds with other questions are.
  static std::int64_t build_behind_other(Host& host) {
    flatbuffers::FlatBufferBuilder build;
    const auto table = build.StartTable();
    build.AddElement<std::uint64_t>(4, 1'000'000'000'000'007u, 0);
    build.Finish(flatbuffers::Offset<flatbuffers::Table>{build.EndTable(table)});
    const auto answer =
        host.call_bytes("clerk/answer", {build.GetBufferPointer(), build.GetSize()}, {.deadline = 30s});
    if (!answer) return -static_cast<std::int64_t>(answer.error().code);
    return verified_root<clerks::Answer>(answer->bytes())->build();
  }

  /// The text of the first event of this kind after `seen`.
  std::string await_told(Host& host, HostEventKind kind, std::string_view plugin = "clerk") {
    const HostEvent event = await_event(host, kind, plugin, seen_);
    seen_ = event.number;
    return event.text;
  }
  static std::vector<HostEvent> events_of(Host& host, HostEventKind kind) {
    std::vector<HostEvent> found;
    for (const HostEvent& each : host.events())
      if (each.kind == kind) found.push_back(each);
    return found;
  }
  static std::vector<std::string> versions_of(const std::vector<HostEvent>& events) {
    std::vector<std::string> versions;
    for (const HostEvent& each : events) versions.push_back(each.version.substr(0, each.version.find('+')));
    return versions;
  }

  const TemporaryDirectory directory_;
  std::uint64_t seen_ = 0;
};

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
  ASSERT_EQ(host.function<clerks::Nothing, clerks::Count>("clerk/greet").error().code, ErrorCode::NoSuchRoute);

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
    const Tally handle = host.function<clerks::Nothing, clerks::Count>("clerk/tally").value();
    const Tally copy = handle;
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
  const auto errand = host.client<errand::Client>().value();

  put("other");

  EXPECT_THAT(await_told(host, HostEventKind::Reloaded),
              HasSubstr("answer changed; the old build stays for those who know the old types"));
  EXPECT_EQ(build_behind_other(host), 200) << "the name means the new types";
  EXPECT_EQ(build_behind(handle), 100) << "who knows the old ones is led to the build that knows them";
  const auto passed_on =
      errand.ask([](auto& build) { return clerks::CreateQuestion(build, 7); }, {.deadline = 30s});
  ASSERT_TRUE(passed_on) << to_string(passed_on.error());
  EXPECT_EQ((*passed_on)->build(), 100u);
  const auto late = host.client<clerk::Client>();  // by the old types
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
  host.snapshot();  // behind the end of the subscription
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

// ---- What goes wrong

TEST_F(Folders, go_on_with_the_old_build_when_the_new_one_does_not_start) {
  put("first");
  Host host = start(watching());

  put("failing");

  EXPECT_THAT(await_told(host, HostEventKind::ReloadRefused), HasSubstr("build 150 fails on purpose"));
  EXPECT_EQ(build_behind(host), 100);
  put("body");
  await_told(host, HostEventKind::Reloaded);
  EXPECT_EQ(build_behind(host), 110);
}

TEST_F(Folders, refuse_garbage_once_and_take_the_plugin_that_comes_in_its_place) {
  put("first");
  Host host = start(watching());

  write_at_once("", "empty.so");
  EXPECT_THAT(await_told(host, HostEventKind::ReloadRefused, ""), HasSubstr("empty.so"));
  write_at_once("\x7f""ELF and nothing that would follow", "empty.so");
  EXPECT_THAT(await_told(host, HostEventKind::ReloadRefused, ""), HasSubstr("empty.so"));
  std::filesystem::create_directory(folder() / "folder.so");
  EXPECT_THAT(await_told(host, HostEventKind::ReloadRefused, ""), HasSubstr("folder.so"));
  write_at_once("garbage", "clerk.so");
  EXPECT_THAT(await_told(host, HostEventKind::ReloadRefused), HasSubstr("clerk.so"));
  EXPECT_EQ(build_behind(host), 100);

  put("body");

  await_told(host, HostEventKind::Reloaded);
  EXPECT_EQ(build_behind(host), 110);
  EXPECT_EQ(events_of(host, HostEventKind::ReloadRefused).size(), 4u);
}

TEST_F(Folders, wait_for_the_end_of_a_build_that_is_written_in_pieces) {
  put("first");
  Host host = start(watching());
  const Ask handle = ask(host);
  const std::string bytes = content(plugin("clerk-body.so").path);

  {
    std::ofstream stream{folder() / "clerk.so", std::ios::binary | std::ios::trunc};
    constexpr std::size_t kPieces = 20;
    for (std::size_t i = 0; i < kPieces; ++i) {
      const std::size_t at = bytes.size() * i / kPieces;
      stream.write(bytes.data() + at, static_cast<std::streamsize>(bytes.size() * (i + 1) / kPieces - at));
      stream.flush();
      EXPECT_EQ(build_behind(handle), 100);
    }
  }

  await_told(host, HostEventKind::Reloaded);
  EXPECT_EQ(build_behind(handle), 110);
  EXPECT_THAT(versions_of(events_of(host, HostEventKind::Started)), ElementsAre("1.0.0", "1.1.0"));
}

TEST_F(Folders, come_to_rest_at_the_last_of_many_rewrites) {
  put("first");
  Host host = start(watching());
  const Ask handle = ask(host);

  for (int i = 0; i < 50; ++i) {
    put("more");
    put("first");
    std::filesystem::remove(folder() / "clerk.so");
    put("body");
  }

  ASSERT_TRUE(await([&] { return build_behind(handle) == 110; }));
  EXPECT_THAT(events_of(host, HostEventKind::ReloadRefused), IsEmpty());
}

TEST_F(Folders, serve_on_with_what_is_deleted) {
  put("first");
  Host host = start(watching());

  std::filesystem::remove(folder() / "clerk.so");
  EXPECT_THAT(await_told(host, HostEventKind::FileGone), HasSubstr("what it held serves on"));
  EXPECT_EQ(build_behind(host), 100);
  put("body");
  await_told(host, HostEventKind::Reloaded);

  EXPECT_EQ(build_behind(host), 110);
}

TEST_F(Folders, are_looked_for_when_they_are_gone) {
  put("first");
  Host host = start(watching());
  std::filesystem::rename(folder(), directory_.path() / "before");
  EXPECT_THAT(await_told(host, HostEventKind::FolderLost, ""), HasSubstr("plugins is gone"));
  EXPECT_EQ(build_behind(host), 100);

  std::filesystem::create_directory(folder());
  put("body");

  EXPECT_THAT(await_told(host, HostEventKind::FolderFound, ""), HasSubstr("is there again"));
  await_told(host, HostEventKind::Reloaded);
  EXPECT_EQ(build_behind(host), 110);
}

TEST_F(Folders, do_not_let_a_file_become_another_plugin) {
  put("first");
  Host host = start(watching());

  write_at_once(content(plugin("libhost_errand.so").path), "clerk.so");

  EXPECT_THAT(await_told(host, HostEventKind::ReloadRefused),
              HasSubstr("the file holds \"errand\" now, and \"clerk\" serves from it"));
  EXPECT_EQ(snapshot_of(host, "errand").plugin, "");
}

// ---- Starting, stopping, trust

TEST_F(Folders, may_be_empty_at_first) {
  Host host = start(watching());
  ASSERT_EQ(host.function<clerks::Question, clerks::Answer>("clerk/answer").error().code, ErrorCode::NoSuchRoute);

  put("first");

  EXPECT_THAT(await_told(host, HostEventKind::Reloaded), HasSubstr("a plugin that was not there"));
  EXPECT_EQ(build_behind(host), 100);
}

TEST_F(Folders, leave_nothing_of_a_plugin_that_does_not_come_to_serve) {
  Host host = start(watching());

  put("failing");

  EXPECT_THAT(await_told(host, HostEventKind::ReloadRefused), HasSubstr("build 150 fails on purpose"));
  EXPECT_TRUE(await([&] { return snapshot_of(host, "clerk").plugin.empty(); }));
  put("first");
  await_told(host, HostEventKind::Reloaded);
  EXPECT_EQ(build_behind(host), 100);
}

TEST_F(Folders, start_with_the_newest_build_of_each_plugin) {
  put("body", "a.so");
  put("more", "b.so");
  put("first", "c.so");
  write_at_once("garbage", "d.so");
  put("other", "e.so");
  Host host = start(watching());

  EXPECT_EQ(build_behind_other(host), 200);
  EXPECT_EQ(events_of(host, HostEventKind::ReloadRefused).size(), 4u)
      << "garbage, and three that know the functions by other types";
  put("last", "e.so");
  await_told(host, HostEventKind::Reloaded);
  EXPECT_EQ(build_behind_other(host), 210);
  EXPECT_EQ(events_of(host, HostEventKind::Reloaded).size(), 1u) << "what was passed over is none that has come";
}

TEST_F(Folders, have_older_builds_that_can_be_switched_to) {
  put("body", "a.so");
  put("first", "b.so");
  Host host = start(watching());
  const Ask handle = ask(host);
  ASSERT_EQ(build_behind(handle), 110);

  ASSERT_TRUE(host.switch_to("clerk", "1.0.0"));
  EXPECT_EQ(build_behind(handle), 100);
  put("more", "a.so");
  await_told(host, HostEventKind::Reloaded);

  EXPECT_EQ(build_behind(handle), 120);
}

TEST_F(Folders, forget_versions_that_were_replaced_but_for_the_last_that_served) {
  put("first");
  Host host = start(watching());
  for (const char* const build : {"body", "more", "appended"}) {
    put(build);
    await_told(host, HostEventKind::Reloaded);
  }

  const auto unknown = host.switch_to("clerk", "9.9.9");

  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message, AllOf(HasSubstr("1.4.0"), HasSubstr("1.2.0"), Not(HasSubstr("1.0.0"))));
  ASSERT_TRUE(host.switch_to("clerk", "1.2.0"));
  EXPECT_EQ(build_behind(host), 120);
}

TEST_F(Folders, keep_the_version_warm_that_served_last) {
  put("first");
  HostConfiguration configuration = watching();
  configuration.plugins.front().warm = true;
  Host host = start(std::move(configuration));
  for (const char* const build : {"body", "more", "appended"}) {
    put(build);
    await_told(host, HostEventKind::Reloaded);
  }

  const auto up = [&] {
    std::vector<std::string> versions;
    for (const PluginSnapshot& each : host.snapshot().plugins) versions.push_back(each.version.substr(0, 5));
    std::ranges::sort(versions);
    return versions;
  };
  EXPECT_TRUE(await([&] { return up() == std::vector<std::string>{"1.2.0", "1.4.0"}; }));
  EXPECT_EQ(build_behind(host), 140);
}

TEST_F(Folders, change_what_a_stopped_plugin_is_started_with) {
  put("first");
  Host host = start(watching());
  ASSERT_TRUE(host.stop(Scope{"clerk"}));

  put("body");
  await_told(host, HostEventKind::Reloaded);
  EXPECT_EQ(snapshot_of(host, "clerk").state, "Stopped");
  ASSERT_TRUE(host.restart(Scope{"clerk"}));

  EXPECT_EQ(build_behind(host), 110);
}

TEST_F(Folders, start_a_plugin_that_crashed_too_often_with_its_next_build) {
  put("first");
  HostConfiguration configuration = watching();
  configuration.plugins.front().restart.crashes_max = 1;
  Host host = start(std::move(configuration));
  send_signal(pid_of(host, "clerk"), SIGKILL);
  await_told(host, HostEventKind::Quarantined);

  put("body");

  await_told(host, HostEventKind::Reloaded);
  EXPECT_EQ(build_behind(host), 110);
}

TEST_F(Folders, take_a_signed_build_when_its_signature_has_come) {
  const auto key = make_key(directory_.path() / "release", {});
  ASSERT_TRUE(key) << to_string(key.error());
  const auto sign = [&] { ASSERT_TRUE(sign_plugin(folder() / "clerk.so", directory_.path() / "release.key")); };
  put("first");
  sign();
  HostConfiguration configuration = watching();
  configuration.trust.allow_unsigned = false;
  configuration.trust.keys = {directory_.path() / "release.pub"};
  Host host = start(std::move(configuration));

  put("body");
  EXPECT_THAT(await_told(host, HostEventKind::ReloadRefused), HasSubstr("NotTrusted"));
  EXPECT_EQ(build_behind(host), 100);
  sign();

  await_told(host, HostEventKind::Reloaded);
  EXPECT_EQ(build_behind(host), 110);
}

TEST_F(Folders, refuse_settings_that_are_for_one_file) {
  put("first");
  HostConfiguration sum = watching(), active = watching();
  sum.plugins.front().sha256 = std::string(64, 'a');
  active.plugins.front().active = true;

  const auto with_sum = Host::start(std::move(sum)), with_active = Host::start(std::move(active));

  ASSERT_FALSE(with_sum);
  EXPECT_THAT(with_sum.error().message, AllOf(HasSubstr("plugins is a folder"), HasSubstr("`sha256` is for one file")));
  ASSERT_FALSE(with_active);
  EXPECT_THAT(with_active.error().message, HasSubstr("`active` is for one file"));
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
