/// keygen, sign, verify, check and inspect, and a host that is told which keys it trusts.
#include "running_host.hpp"

#include <csignal>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>

namespace shunt::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// A folder with a copy of the actor and a key.
class Trust : public ProcessTest {
 protected:
  void SetUp() override {
    copy(ACTOR, "actor.so");
    ASSERT_EQ(shunt({"keygen", path("release")}).code, 0);
  }

  [[nodiscard]] std::string path(const std::string& name) const { return directory_.path() / name; }
  static std::string content(const std::string& file) {
    std::ifstream stream{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{stream}, {}};
  }
  void copy(const std::string& from, const std::string& name) const { directory_.write(name, content(from)); }
  [[nodiscard]] Ran sign(const std::string& file, const std::string& key = "release.key") const {
    return shunt({"sign", path(file), "--key", path(key)});
  }
  [[nodiscard]] Ran verify(const std::string& file, const std::string& key = "release.pub") const {
    return shunt({"verify", path(file), "--key", path(key)});
  }
  /// What `shunt check` says of the actor under these lines of [trust].
  [[nodiscard]] Ran check(const std::string& trust, const Words& more = {}) const {
    directory_.write("host.toml", "[trust]\n" + trust + "\n");
    Words words{"check", path("actor.so"), "--config", path("host.toml")};
    words.insert(words.end(), more.begin(), more.end());
    return shunt(words);
  }
  /// `shunt run` of host.toml, by a socket of its own: tests that run beside this one must not meet at the default one.
  [[nodiscard]] Ran start_host() const { return shunt({"run", path("host.toml"), "--socket", path("host.sock")}); }
  [[nodiscard]] std::string keys() const { return "keys = [\"" + path("release.pub") + "\"]"; }

  TemporaryDirectory directory_;
};

TEST_F(Trust, a_key_is_made_once_and_its_private_half_is_its_owners_alone) {
  const Ran again = shunt({"keygen", path("release")});
  const Ran json = shunt({"keygen", path("desk"), "--not-after", "2027-12-31", "--json"});
  const Ran bad = shunt({"keygen", path("late"), "--not-after", "soon"});

  struct stat status {};
  ASSERT_EQ(::stat(path("release.key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777u, 0600u);
  EXPECT_EQ(again.code, 1);
  EXPECT_THAT(again.errors, HasSubstr("is not overwritten: choose another name"));
  EXPECT_EQ(json.code, 0);
  EXPECT_EQ(json.json()["key"].get<std::string>().size(), 64u);
  EXPECT_EQ(json.json()["not_after"], "2027-12-31");
  EXPECT_EQ(bad.code, 1);
  EXPECT_THAT(bad.errors, HasSubstr("one such as 2027-12-31 is meant"));
}

/// While it lives no file of this process, or of one that it starts, may have more bytes.
class FileLimit {
 public:
  explicit FileLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit low{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &low);
#ifdef __SANITIZE_THREAD__
    // Its runtime writes a file before main(), which would end the program; without it, it goes on.
    on_excess_ = ::signal(SIGXFSZ, SIG_IGN);
#endif
  }
  ~FileLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
#ifdef __SANITIZE_THREAD__
    ::signal(SIGXFSZ, on_excess_);
#endif
  }
  FileLimit(const FileLimit&) = delete;
  FileLimit& operator=(const FileLimit&) = delete;

 private:
  rlimit before_{};
#ifdef __SANITIZE_THREAD__
  sighandler_t on_excess_ = SIG_DFL;
#endif
};

TEST_F(Trust, a_key_that_fits_no_file_is_not_made_and_nothing_of_it_is_left) {
  const auto private_bytes = std::filesystem::file_size(path("release.key"));
  const auto make = [&](std::uintmax_t bytes, const std::string& name) {
    const FileLimit limit{bytes};
    return shunt({"keygen", path(name), "--not-after", "2027-12-31"});  // which makes the public half the larger one
  };

  const std::pair<Ran, std::string> made[] = {{make(0, "nothing"), "nothing.key"},
                                              {make(private_bytes / 2, "partial"), "partial.key"},
                                              {make(private_bytes, "private"), "private.pub"}};

  for (const auto& [ran, file] : made) {
    EXPECT_EQ(ran.code, 1) << ran;
    EXPECT_EQ(ran.out, "");
    EXPECT_THAT(ran.errors, AllOf(HasSubstr(path(file) + " would be larger"), HasSubstr("raise `ulimit -f`")));
  }
  std::set<std::string> left;
  for (const auto& each : std::filesystem::directory_iterator{directory_.path()}) left.insert(each.path().filename());
  EXPECT_EQ(left, (std::set<std::string>{"actor.so", "release.key", "release.pub"}));
}

TEST_F(Trust, what_one_key_signed_it_verifies_and_another_does_not) {
  ASSERT_EQ(shunt({"keygen", path("stranger")}).code, 0);

  const Ran before = verify("actor.so");
  const Ran made = sign("actor.so");
  const Ran held = verify("actor.so");
  const Ran by_another = verify("actor.so", "stranger.pub");
  const Ran by_either =
      shunt({"verify", path("actor.so"), "--key", path("stranger.pub"), "--key", path("release.pub"), "--json"});

  EXPECT_EQ(before.code, 1);
  EXPECT_THAT(before.errors, AllOf(HasSubstr("NotTrusted"), HasSubstr("make one with `shunt sign`")));
  EXPECT_EQ(made.code, 0) << made;
  EXPECT_THAT(made.out, HasSubstr("actor 1.0.0+"));
  EXPECT_EQ(held.code, 0) << held;
  EXPECT_THAT(held.out, HasSubstr("is signed by \"release\""));
  EXPECT_EQ(by_another.code, 1);
  EXPECT_THAT(by_another.errors, HasSubstr("none of those given"));
  EXPECT_EQ(by_either.json()["signer"], "release");
}

TEST_F(Trust, a_private_key_that_others_can_read_signs_nothing) {
  ASSERT_EQ(::chmod(path("release.key").c_str(), 0644), 0);

  const Ran ran = sign("actor.so");

  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.errors, AllOf(HasSubstr("NotTrusted"), HasSubstr("chmod 600")));
  EXPECT_FALSE(std::filesystem::exists(path("actor.so.sig")));
}

TEST_F(Trust, what_is_no_plugin_is_not_signed) {
  directory_.write("notes.so", "nothing to run");

  const Ran ran = sign("notes.so");

  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.errors, HasSubstr("NotAPlugin"));
  EXPECT_FALSE(std::filesystem::exists(path("notes.so.sig")));
}

TEST_F(Trust, commands_that_are_said_halfway_are_misuse) {
  for (const Words& words : std::vector<Words>{{"keygen"}, {"sign", ACTOR}, {"verify", ACTOR}, {"check"}}) {
    const Ran ran = shunt(words);
    EXPECT_EQ(ran.code, 2) << words.front();
    EXPECT_EQ(ran.out, "") << words.front();
  }
}

TEST_F(Trust, check_says_whether_a_host_would_run_a_plugin_and_why_not) {
  const Ran by_nobody = check("");
  const Ran allowed = check("allow_unsigned = true");
  ASSERT_EQ(sign("actor.so").code, 0);
  const Ran by_key = check(keys());
  const Ran json = check(keys(), {"--json"});
  const Ran refused_json =
      check(keys() + "\nrevoked = [\"" + json.json()["sha256"].get<std::string>() + "\"]", {"--json"});

  EXPECT_EQ(by_nobody.code, 1);
  EXPECT_THAT(by_nobody.errors, AllOf(HasSubstr("NotTrusted"), HasSubstr("nothing says that it may run")));
  EXPECT_EQ(allowed.code, 0);
  EXPECT_THAT(allowed.out, HasSubstr("would run: Unsigned"));
  EXPECT_EQ(by_key.code, 0);
  EXPECT_THAT(by_key.out, HasSubstr("would run: Signed by \"release\"\n  tool chain " CXX_TOOL_CHAIN "\n"));
  EXPECT_EQ(json.json()["accepted"], true);
  EXPECT_EQ(json.json()["trust"], "Signed");
  EXPECT_EQ(json.json()["tool_chain"], CXX_TOOL_CHAIN);
  EXPECT_EQ(refused_json.code, 1);
  EXPECT_EQ(refused_json.json()["accepted"], false);
  EXPECT_EQ(refused_json.json()["refusal"]["code"], "NotTrusted");
}

TEST_F(Trust, check_judges_a_plugin_by_its_own_entry) {
  const std::string entry = "[[plugin]]\npath = \"actor.so\"\n";

  const Ran pinned_otherwise = check("allow_unsigned = true\n" + entry + "sha256 = \"" + std::string(64, '0') + "\"");
  const Ran unknown_setting = check("allow_unsigned = true\n" + entry + "config = { colour = \"red\" }");

  EXPECT_EQ(pinned_otherwise.code, 1);
  EXPECT_THAT(pinned_otherwise.errors, HasSubstr("listed is " + std::string(64, '0')));
  EXPECT_EQ(unknown_setting.code, 1);
  EXPECT_THAT(unknown_setting.errors, HasSubstr("colour"));
}

TEST_F(Trust, check_names_calls_that_may_block_and_fails_for_them_when_strict) {
  const Ran lenient = check("allow_unsigned = true");  // the actor hangs when it is told to
  const Ran strict = check("allow_unsigned = true", {"--strict"});
  const Ran json = check("allow_unsigned = true", {"--json"});

  EXPECT_EQ(lenient.code, 0);
  EXPECT_THAT(lenient.out, HasSubstr("it calls pause, which may keep a handler waiting"));
  EXPECT_EQ(strict.code, 1);
  EXPECT_THAT(strict.errors, HasSubstr("--strict allows none"));
  EXPECT_EQ(json.json()["blocking"][0]["object"], "");
}

TEST_F(Trust, check_without_a_host_toml_says_how_to_name_one) {
  const Ran ran = shunt({"check", path("actor.so"), "--config", path("nowhere.toml")});

  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.errors, HasSubstr("nowhere.toml"));
}

TEST_F(Trust, inspect_shows_a_files_signature_and_whether_it_holds) {
  const Json without = shunt({"inspect", path("actor.so"), "--json"}).json();
  ASSERT_EQ(sign("actor.so").code, 0);
  const Json with = shunt({"inspect", path("actor.so"), "--json"}).json();
  directory_.write("actor.so.sig", "garbled");
  const Ran broken = shunt({"inspect", path("actor.so")});

  EXPECT_TRUE(without["signature"].is_null());
  EXPECT_EQ(with["signature"]["holds"], true);
  EXPECT_EQ(broken.code, 0);
  EXPECT_THAT(broken.out, HasSubstr("SIGNATURE   broken: "));
}

TEST_F(Trust, a_host_runs_what_its_key_signed_and_shows_it_and_refuses_it_once_tampered) {
  ASSERT_EQ(sign("actor.so").code, 0);
  {
    RunningHost host{{plugin(path("actor.so"))}, keys()};
    EXPECT_EQ(host.listed("actor")["trust"], "Signed");
    EXPECT_EQ(host.listed("actor")["signer"], "release");
    EXPECT_EQ(host.await_event("Started", "actor")["text"], "started, signed by \"release\"");
    EXPECT_EQ(host.end().code, 0);
  }
  directory_.write("actor.so", content(path("actor.so")) + "x");
  directory_.write("host.toml", "[trust]\n" + keys() + "\n" + plugin(path("actor.so")));

  const Ran ran = start_host();

  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.errors, HasSubstr("its signature is for other bytes"));
}

TEST_F(Trust, a_host_refuses_an_expired_key) {
  ASSERT_EQ(shunt({"keygen", path("old"), "--not-after", "2020-01-01"}).code, 0);
  ASSERT_EQ(sign("actor.so", "old.key").code, 0);
  directory_.write("host.toml", "[trust]\nallow_unsigned = true\nkeys = [\"old.pub\"]\n" + plugin(path("actor.so")));

  const Ran ran = start_host();

  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.errors, HasSubstr("the key \"old\", which expired at the end of 2020-01-01"));
}

TEST_F(Trust, a_plugin_joins_by_hand_under_the_same_policy) {
  copy(PARTNER, "partner.so");
  copy(PARROT, "parrot.so");
  ASSERT_EQ(sign("actor.so").code, 0);
  ASSERT_EQ(sign("partner.so").code, 0);
  RunningHost host{{plugin(path("actor.so"))}, keys()};

  const Ran unsigned_one = run(SHUNT_LAUNCH, {"--host", host.socket(), path("parrot.so")});
  Process partner{SHUNT_LAUNCH, {"--host", host.socket(), path("partner.so")}};
  ASSERT_TRUE(await([&] { return host.listed("partner")["state"] == "Active"; }));

  EXPECT_EQ(unsigned_one.code, 1);
  EXPECT_THAT(unsigned_one.errors, HasSubstr("NotTrusted: " + path("parrot.so") + ": nothing says that it may run"));
  EXPECT_THAT(host.await_event("Refused", "")["text"].get<std::string>(), HasSubstr(path("parrot.so")));
  EXPECT_EQ(host.listed("partner")["trust"], "Signed");
}

TEST_F(Trust, a_plugin_whose_signature_is_no_file_does_not_join_and_holds_up_nobody) {
  copy(PARTNER, "partner.so");
  ASSERT_EQ(::mkfifo(path("partner.so.sig").c_str(), 0600), 0);
  RunningHost host{{plugin(ACTOR)}};

  const Ran ran = run(SHUNT_LAUNCH, {"--host", host.socket(), path("partner.so")});

  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.errors, HasSubstr("is not a regular file"));
  EXPECT_EQ(host.listed("actor")["state"], "Active");
}

TEST_F(Trust, a_launcher_whose_loader_was_told_to_load_something_does_not_join) {
  RunningHost host{{plugin(ACTOR)}};

  for (const char* variable : {"LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT"}) {
    const Ran ran = run(SHUNT_LAUNCH, {"--host", host.socket(), PARTNER}, {std::string(variable) + "="});
    EXPECT_EQ(ran.code, 1);
    EXPECT_THAT(ran.errors, HasSubstr(std::string("NotTrusted: ") + variable + " is set"));
  }
}

}  // namespace
}  // namespace shunt::test
