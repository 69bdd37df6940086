/// Files of a watched folder as they come, whole or not, and what is there when a host starts.
#include "folder.hpp"

#include <shunt/bus/unique_fd.hpp>
#include <shunt/host/signing.hpp>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <vector>

#include <fcntl.h>
#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class FolderFiles : public FolderTest {};

// ---- What goes wrong

TEST_F(FolderFiles, go_on_with_the_old_build_when_the_new_one_does_not_start) {
  put("first");
  Host host = start(watching());

  put("failing");

  EXPECT_THAT(await_told(host, HostEventKind::ReloadRefused), HasSubstr("build 150 fails on purpose"));
  EXPECT_EQ(build_behind(host), 100);
  put("body");
  await_told(host, HostEventKind::Reloaded);
  EXPECT_EQ(build_behind(host), 110);
}

TEST_F(FolderFiles, refuse_garbage_once_and_take_the_plugin_that_comes_in_its_place) {
  put("first");
  Host host = start(watching());

  write_at_once("", "empty.so");
  EXPECT_THAT(await_told(host, HostEventKind::ReloadRefused, ""), HasSubstr("empty.so"));
  write_at_once(
      "\x7f"
      "ELF and nothing that would follow",
      "stub.so");
  EXPECT_THAT(await_told(host, HostEventKind::ReloadRefused, ""), HasSubstr("stub.so"));
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

TEST_F(FolderFiles, do_not_complain_again_of_garbage_that_is_touched) {
  put("first");
  Host host = start(watching());
  write_at_once("garbage", "other.so");
  EXPECT_THAT(await_told(host, HostEventKind::ReloadRefused, ""), HasSubstr("other.so"));

  std::filesystem::last_write_time(folder() / "other.so", std::filesystem::file_time_type::clock::now());
  write_at_once("garbage", "other.so");
  write_at_once("garbage", "zebra.so");  // looked at behind it

  EXPECT_THAT(await_told(host, HostEventKind::ReloadRefused, ""), HasSubstr("zebra.so"));
  EXPECT_EQ(events_of(host, HostEventKind::ReloadRefused).size(), 2u);
}

TEST_F(FolderFiles, may_be_symbolic_links_that_are_led_elsewhere) {
  const auto link = [&](const std::string& build) {
    const auto beside = directory_.path() / "link";
    std::filesystem::create_symlink(plugin("clerk-" + build + ".so").path, beside);
    std::filesystem::rename(beside, folder() / "clerk.so");
  };
  link("first");
  Host host = start(watching());
  ASSERT_EQ(build_behind(host), 100);

  link("body");

  EXPECT_THAT(await_told(host, HostEventKind::Reloaded), HasSubstr("the same interface"));
  EXPECT_EQ(build_behind(host), 110);
}

TEST_F(FolderFiles, refuse_other_bytes_under_an_identity_that_there_is) {
  put("first");
  Host host = start(watching());

  write_at_once(content(plugin("clerk-first.so").path) + "and more", "clerk.so");

  EXPECT_THAT(await_told(host, HostEventKind::ReloadRefused), HasSubstr("is there already with other bytes"));
  EXPECT_EQ(build_behind(host), 100);
  put("body");
  await_told(host, HostEventKind::Reloaded);
  EXPECT_EQ(build_behind(host), 110);
}

TEST_F(FolderFiles, wait_for_the_end_of_a_build_that_is_written_in_pieces) {
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

TEST_F(FolderFiles, come_to_rest_at_the_last_of_many_rewrites) {
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

TEST_F(FolderFiles, serve_on_with_what_is_deleted) {
  put("first");
  Host host = start(watching());

  std::filesystem::remove(folder() / "clerk.so");
  EXPECT_THAT(await_told(host, HostEventKind::FileGone), HasSubstr("what it held serves on"));
  EXPECT_EQ(build_behind(host), 100);
  put("body");
  await_told(host, HostEventKind::Reloaded);

  EXPECT_EQ(build_behind(host), 110);
}

TEST_F(FolderFiles, are_looked_for_when_they_are_gone) {
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

TEST_F(FolderFiles, are_looked_for_when_their_folder_is_another_and_somebody_works_in_the_old_one) {
  put("first");
  Host host = start(watching());
  const bus::UniqueFd works_in{::open(folder().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  ASSERT_TRUE(works_in);

  std::filesystem::remove_all(folder());
  std::filesystem::create_directory(folder());

  EXPECT_THAT(await_told(host, HostEventKind::FolderLost, ""), HasSubstr("plugins is gone"));
  await_told(host, HostEventKind::FolderFound, "");
  put("body");
  await_told(host, HostEventKind::Reloaded);
  EXPECT_EQ(build_behind(host), 110);
}

TEST_F(FolderFiles, do_not_let_a_file_become_another_plugin) {
  put("first");
  Host host = start(watching());

  write_at_once(content(plugin("libhost_errand.so").path), "clerk.so");

  EXPECT_THAT(await_told(host, HostEventKind::ReloadRefused),
              HasSubstr("the file holds \"errand\" now, and \"clerk\" serves from it"));
  EXPECT_EQ(snapshot_of(host, "errand").plugin, "");
}

// ---- Starting, stopping, trust

TEST_F(FolderFiles, may_be_empty_at_first) {
  Host host = start(watching());
  ASSERT_EQ((host.function<clerks::Question, clerks::Answer>("clerk/answer").error().code), ErrorCode::NoSuchRoute);

  put("first");

  EXPECT_THAT(await_told(host, HostEventKind::Reloaded), HasSubstr("a plugin that was not there"));
  EXPECT_EQ(build_behind(host), 100);
}

TEST_F(FolderFiles, leave_nothing_of_a_plugin_that_does_not_come_to_serve) {
  Host host = start(watching());

  put("failing");

  EXPECT_THAT(await_told(host, HostEventKind::ReloadRefused), HasSubstr("build 150 fails on purpose"));
  EXPECT_TRUE(await([&] { return snapshot_of(host, "clerk").plugin.empty(); }));
  put("first");
  await_told(host, HostEventKind::Reloaded);
  EXPECT_EQ(build_behind(host), 100);
}

TEST_F(FolderFiles, start_with_the_newest_build_of_each_plugin) {
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
  write_at_once("garbage", "zebra.so");  // looked at behind all that is looked at again
  EXPECT_THAT(await_told(host, HostEventKind::ReloadRefused, ""), HasSubstr("zebra.so"));
  EXPECT_EQ(build_behind_other(host), 210);
  EXPECT_EQ(events_of(host, HostEventKind::Reloaded).size(), 1u) << "what was passed over is none that has come";
}

TEST_F(FolderFiles, have_older_builds_that_can_be_switched_to) {
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

TEST_F(FolderFiles, forget_versions_that_were_replaced_but_for_the_last_that_served) {
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

TEST_F(FolderFiles, keep_the_version_warm_that_served_last) {
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

TEST_F(FolderFiles, change_what_a_stopped_plugin_is_started_with) {
  put("first");
  Host host = start(watching());
  ASSERT_TRUE(host.stop(Scope{"clerk"}));

  put("body");
  await_told(host, HostEventKind::Reloaded);
  EXPECT_EQ(snapshot_of(host, "clerk").state, "Stopped");
  ASSERT_TRUE(host.restart(Scope{"clerk"}));

  EXPECT_EQ(build_behind(host), 110);
}

TEST_F(FolderFiles, start_a_plugin_that_crashed_too_often_with_its_next_build) {
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

TEST_F(FolderFiles, leave_a_plugin_in_quarantine_that_its_next_build_does_not_bring_back) {
  put("first");
  HostConfiguration configuration = watching();
  configuration.plugins.front().restart.crashes_max = 3;
  Host host = start(std::move(configuration));
  std::int64_t killed = 0;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(await([&] { return pid_of(host, "clerk") > 0 && pid_of(host, "clerk") != killed; }));
    send_signal(killed = pid_of(host, "clerk"), SIGKILL);
  }
  await_told(host, HostEventKind::Quarantined);

  put("failing");

  EXPECT_THAT(await_told(host, HostEventKind::ReloadRefused), HasSubstr("build 150 fails on purpose"));
  EXPECT_EQ(snapshot_of(host, "clerk").state, "Quarantined");
  EXPECT_TRUE(snapshot_of(host, "clerk").version.starts_with("1.0.0"));
  put("body");
  await_told(host, HostEventKind::Reloaded);
  EXPECT_EQ(build_behind(host), 110);
}

TEST_F(FolderFiles, go_back_to_no_build_that_was_refused_before_another_one_came) {
  put("first", "a.so");
  Host host = start(watching());
  {
    const Tally handle = host.function<clerks::Nothing, clerks::Count>("clerk/tally").value();
    put("less", "b.so");
    EXPECT_THAT(await_told(host, HostEventKind::ReloadRefused), HasSubstr("called by the host"));
  }

  put("more", "c.so");
  await_told(host, HostEventKind::Reloaded);
  write_at_once("garbage", "zebra.so");  // looked at behind all that is looked at again

  EXPECT_THAT(await_told(host, HostEventKind::ReloadRefused, ""), HasSubstr("zebra.so"));
  EXPECT_EQ(build_behind(host), 120);
}

TEST_F(FolderFiles, mean_the_types_of_a_plugin_that_comes_to_serve_at_its_second_build) {
  Host host = start(watching());
  put("failing");
  EXPECT_THAT(await_told(host, HostEventKind::ReloadRefused), HasSubstr("build 150 fails on purpose"));

  put("other");

  EXPECT_THAT(await_told(host, HostEventKind::Reloaded), HasSubstr("a plugin that was not there"));
  EXPECT_EQ(build_behind_other(host), 200);
}

TEST_F(FolderFiles, take_a_signed_build_when_its_signature_has_come) {
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

TEST_F(FolderFiles, refuse_settings_that_are_for_one_file) {
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

}  // namespace
}  // namespace shunt::test
