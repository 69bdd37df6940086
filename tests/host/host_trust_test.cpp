/// Signed plugins and libraries that plugins bring along, in processes that serve.
#include "borrower_client.hpp"
#include "by_hand.hpp"
#include "cast.hpp"

#include <shunt/host/inspect.hpp>
#include <shunt/host/signing.hpp>
#include <shunt/schemas/libraries.hpp>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include <gmock/gmock.h>
#include <temporary_directory.hpp>

namespace shunt::test {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

std::string content(const std::filesystem::path& path) {
  std::ifstream stream{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{stream}, {}};
}

/// Every file that the process has mapped, once for each inode: memory files have one name and many of these.
std::vector<std::string> mapped_files(std::int64_t pid) {
  std::ifstream maps{fmt::format("/proc/{}/maps", pid)};
  std::map<std::string, std::string> files;  // by inode
  for (std::string line; std::getline(maps, line);) {
    std::istringstream words{line};
    std::string range, access, offset, device, inode, path;
    if (words >> range >> access >> offset >> device >> inode >> path && path.starts_with('/')) files[inode] = path;
  }
  std::vector<std::string> paths;
  paths.reserve(files.size());
  for (const auto& [inode, path] : files) paths.push_back(path);
  return paths;
}

bool lends(Host& host, std::uint64_t number) {
  auto client = host.client<borrower::Client>();
  if (!client) return false;
  const auto reply = client->act(order({.number = number}), {.deadline = 30s});
  return reply && (*reply)->number() == 2 * number + 1;
}

/// A folder with copies of plugins and libraries, in a host whose policy the test sets.
class TrustedPlugins : public HostTest {
 protected:
  std::filesystem::path copy(const std::string& file) { return directory_.write(file, content(plugin(file).path)); }
  /// A host that runs this file and nothing that is unsigned.
  HostConfiguration running(const std::filesystem::path& file) {
    PluginConfiguration each;
    each.path = file;
    each.wait = bus::Wait::Sleep;
    HostConfiguration configuration = with({std::move(each)});
    configuration.trust = trust_;
    route(configuration, "borrower/act").wait = bus::Wait::Sleep;
    return configuration;
  }
  /// The borrower with what it needs, listed by its sum.
  std::filesystem::path borrower() {
    for (const char* library : {"liblender.so", "libsaver.so"}) copy(library);
    auto file = copy("libhost_borrower.so");
    trust_.listed = {inspect_plugin(file).value().sha256};
    return file;
  }
  Error refusal(const std::filesystem::path& file) {
    const auto host = Host::start(running(file));
    return host ? Error{} : host.error();
  }

  TemporaryDirectory directory_;
  TrustConfiguration trust_;
};

TEST_F(TrustedPlugins, that_a_key_has_signed_serve_and_say_whose_key_it_was) {
  const auto file = copy("libhost_actor.so");
  ASSERT_TRUE(make_key(directory_.path() / "release", {}));
  ASSERT_TRUE(sign_plugin(file, directory_.path() / "release.key"));
  trust_.keys = {directory_.path() / "release.pub"};

  Host host = start(running(file));

  EXPECT_TRUE(host.client<actor::Client>()->act(order({.number = 7}), {.deadline = 30s}));
  EXPECT_EQ(snapshot_of(host, "actor").trust, "Signed");
  EXPECT_EQ(snapshot_of(host, "actor").signer, "release");
  EXPECT_EQ(await_event(host, HostEventKind::Started, "actor").text, "started, signed by \"release\"");
}

TEST_F(TrustedPlugins, that_nobody_vouches_for_are_refused_or_named_in_the_events) {
  const auto file = copy("libhost_actor.so");

  EXPECT_EQ(refusal(file).code, ErrorCode::NotTrusted);
  trust_.allow_unsigned = true;
  Host host = start(running(file));

  EXPECT_EQ(snapshot_of(host, "actor").trust, "Unsigned");
  EXPECT_THAT(await_event(host, HostEventKind::Started, "actor").text, HasSubstr("neither signed nor listed"));
}

TEST_F(TrustedPlugins, run_as_the_bytes_that_were_checked_after_their_file_and_signature_were_swapped) {
  const auto file = copy("libhost_actor.so");
  ASSERT_TRUE(make_key(directory_.path() / "release", {}));
  ASSERT_TRUE(sign_plugin(file, directory_.path() / "release.key"));
  trust_.keys = {directory_.path() / "release.pub"};
  Host host = start(running(file));
  const auto pid = pid_of(host, "actor");

  directory_.write("other.so", "not even an object");
  std::filesystem::rename(directory_.path() / "other.so", file);
  directory_.write("libhost_actor.so.sig", "nor a signature");
  send_signal(pid, SIGKILL);

  ASSERT_TRUE(await([&] { return pid_of(host, "actor") != pid && snapshot_of(host, "actor").state == "Active"; }));
  EXPECT_TRUE(host.client<actor::Client>()->act(order({.number = 7}), {.deadline = 30s}));
}

TEST_F(TrustedPlugins, get_the_libraries_that_they_list_and_open_none_by_a_path) {
  Host host = start(running(borrower()));

  EXPECT_TRUE(lends(host, 20));

  const auto files = mapped_files(pid_of(host, "borrower"));
  EXPECT_EQ(std::ranges::count_if(files, [](const auto& each) { return each.starts_with("/memfd:shunt-plugin"); }), 3)
      << testing::PrintToString(files);
  EXPECT_THAT(files, Not(Contains(HasSubstr("lender"))));
  EXPECT_THAT(files, Not(Contains(HasSubstr(directory_.path().string()))));
}

TEST_F(TrustedPlugins, find_the_launchers_own_libraries_in_their_process) {
  trust_.allow_unsigned = true;
  Host host = start(running(copy("libhost_actor.so")));

  const auto files = mapped_files(pid_of(host, "actor"));

  for (const std::string_view library : kLauncherLibraries) {
#ifdef SHUNT_SANITIZED  // one sanitizer at a time
    if (library.starts_with("libasan") || library.starts_with("libtsan") || library.starts_with("libubsan")) continue;
#endif
    const auto name = library.substr(0, library.find(".so") + 3);
    EXPECT_THAT(files, Contains(HasSubstr(fmt::format("/{}", name)))) << library;
  }
}

TEST_F(TrustedPlugins, keep_the_libraries_that_were_checked_when_those_are_swapped) {
  Host host = start(running(borrower()));
  const auto pid = pid_of(host, "borrower");

  for (const char* library : {"liblender.so", "libsaver.so"}) directory_.write(library, "swapped");
  send_signal(pid, SIGKILL);

  ASSERT_TRUE(
      await([&] { return pid_of(host, "borrower") != pid && snapshot_of(host, "borrower").state == "Active"; }));
  EXPECT_TRUE(lends(host, 21));
}

TEST_F(TrustedPlugins, with_a_library_that_was_changed_or_is_missing_are_refused) {
  const auto file = borrower();

  directory_.write("libsaver.so", content(directory_.path() / "libsaver.so") + "x");
  const Error changed = refusal(file);
  std::filesystem::remove(directory_.path() / "libsaver.so");
  const Error missing = refusal(file);

  EXPECT_EQ(changed.code, ErrorCode::NotTrusted) << to_string(changed);
  EXPECT_THAT(changed.message, HasSubstr((directory_.path() / "libsaver.so").string() + " has the sha256 "));
  EXPECT_EQ(missing.code, ErrorCode::System) << to_string(missing);
  EXPECT_THAT(missing.message, HasSubstr("libsaver.so"));
}

TEST_F(TrustedPlugins, need_room_for_their_libraries_among_their_open_files) {
  HostConfiguration configuration = running(borrower());
  configuration.plugins.front().sandbox.open_files = 16;

  const auto tight = Host::start(configuration);
  configuration.plugins.front().sandbox.open_files = 18;
  Host host = start(configuration);

  ASSERT_FALSE(tight);
  EXPECT_EQ(tight.error().code, ErrorCode::BadConfiguration);
  EXPECT_THAT(tight.error().message, HasSubstr("at least 18 are meant"));
  EXPECT_TRUE(lends(host, 22));
}

TEST_F(TrustedPlugins, get_libraries_of_the_system_only_where_that_is_allowed) {
  const auto file = copy("libhost_borrower_system.so");
  trust_.listed = {inspect_plugin(file).value().sha256};

  EXPECT_THAT(refusal(file).message, HasSubstr("it needs libelf.so.1, which its manifest does not list"));
  trust_.system_libraries = true;
  Host host = start(running(file));

  EXPECT_TRUE(lends(host, 23));
  EXPECT_THAT(mapped_files(pid_of(host, "borrower")), Not(Contains(HasSubstr("libelf"))));
}

TEST_F(TrustedPlugins, do_not_get_what_the_hosts_loader_was_told_to_load) {
  const auto file = borrower();
  ASSERT_EQ(::setenv("LD_PRELOAD", (directory_.path() / "libsaver.so").c_str(), 1), 0);
  ASSERT_EQ(::setenv("LD_LIBRARY_PATH", directory_.path().c_str(), 1), 0);

  Host host = start(running(file));
  ::unsetenv("LD_PRELOAD");
  ::unsetenv("LD_LIBRARY_PATH");

  EXPECT_TRUE(lends(host, 24));
  EXPECT_THAT(mapped_files(pid_of(host, "borrower")), Not(Contains(HasSubstr(directory_.path().string()))));
}

TEST_F(TrustedPlugins, that_join_by_hand_find_their_libraries_beside_them) {
  HostConfiguration configuration = with({actor()});
  configuration.admin_socket = directory_.path() / "host.sock";
  Host host = start(std::move(configuration));

  const ByHand joined{host, directory_.path() / "host.sock", "libhost_borrower.so", "borrower"};

  EXPECT_TRUE(lends(host, 25));
}

}  // namespace
}  // namespace shunt::test
