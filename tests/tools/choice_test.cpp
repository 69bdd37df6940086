/// Which host is meant, and where hosts listen.
#include "running_host.hpp"

#include <csignal>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

namespace shunt::test {
namespace {

using testing::HasSubstr;

/// A folder of this user's own for hosts that nobody told where to listen.
class ChoiceOfHost : public ProcessTest {
 protected:
  /// `shunt run` for a host of this name, once it listens.
  class NamedHost {
   public:
    NamedHost(const ChoiceOfHost& test, const std::string& name)
        : toml(test.write(name)), process(SHUNT, {"run", toml, "--json"}, test.environment_) {
      socket = Json::parse(process.read_line())["socket"];
    }
    std::string toml;
    Process process;
    std::string socket;
  };

  [[nodiscard]] std::string write(const std::string& name) const {
    return runtime_.write(name + ".toml", fmt::format("[host]\nname = \"{}\"\n", name));
  }
  [[nodiscard]] Ran ask_version(Words arguments, const Words& environment = {}) const {
    arguments.insert(arguments.begin(), {"version", "--json"});
    Words all = environment_;
    all.insert(all.end(), environment.begin(), environment.end());
    return shunt(arguments, all);
  }
  [[nodiscard]] std::string socket_of(const std::string& name) const {
    return runtime_.path() / "shunt" / (name + ".sock");
  }

  TemporaryDirectory runtime_;
  Words environment_{"XDG_RUNTIME_DIR=" + runtime_.path().string()};
};

std::string host_of(const Ran& version) { return version.json()["host"]["host"]; }

TEST_F(ChoiceOfHost, a_host_that_nobody_told_where_listens_under_its_name_in_the_users_own_folder) {
  NamedHost host{*this, "alone"};
  struct stat folder {};
  struct stat socket {};

  EXPECT_EQ(host.socket, socket_of("alone"));
  ASSERT_EQ(::stat((runtime_.path() / "shunt").c_str(), &folder), 0);
  EXPECT_EQ(folder.st_mode & 07777, 0700u);
  ASSERT_EQ(::stat(host.socket.c_str(), &socket), 0);
  EXPECT_EQ(socket.st_mode & 07777, 0600u);
}

TEST_F(ChoiceOfHost, the_only_host_needs_no_name) {
  NamedHost host{*this, "alone"};

  EXPECT_EQ(host_of(ask_version({})), "alone");
}

TEST_F(ChoiceOfHost, of_several_hosts_one_has_to_be_named_and_they_are_listed) {
  NamedHost one{*this, "one"};
  NamedHost two{*this, "two"};

  const Ran unnamed = shunt({"ls"}, environment_);

  EXPECT_EQ(unnamed.code, 1);
  EXPECT_THAT(unnamed.errors, HasSubstr("BadInput: there are several hosts, name one:"));
  EXPECT_THAT(unnamed.errors, HasSubstr("--socket " + socket_of("one")));
  EXPECT_THAT(unnamed.errors, HasSubstr("--socket " + socket_of("two")));
  EXPECT_EQ(host_of(ask_version({"--socket", socket_of("one")})), "one");
  EXPECT_EQ(host_of(ask_version({"--config", two.toml})), "two");
  EXPECT_EQ(host_of(ask_version({}, {"SHUNT_SOCKET=" + socket_of("one")})), "one");
}

TEST_F(ChoiceOfHost, what_the_command_line_says_counts_more_than_the_environment) {
  NamedHost one{*this, "one"};
  NamedHost two{*this, "two"};
  const Words environment = {"SHUNT_SOCKET=" + socket_of("one")};

  EXPECT_EQ(host_of(ask_version({"--socket", socket_of("two")}, environment)), "two");
  EXPECT_EQ(host_of(ask_version({"--config", two.toml}, environment)), "two");
}

TEST_F(ChoiceOfHost, the_socket_of_a_dead_host_is_no_host) {
  NamedHost living{*this, "living"};
  {
    NamedHost dead{*this, "dead"};
    dead.process.signal(SIGKILL);
    dead.process.finish();
  }
  ASSERT_TRUE(std::filesystem::exists(socket_of("dead")));

  EXPECT_EQ(host_of(ask_version({})), "living") << "the only one that lives";
  const Ran dead = ask_version({"--socket", socket_of("dead")});
  EXPECT_EQ(dead.code, 1);
  EXPECT_EQ(dead.error_code(), "HostGone");
}

TEST_F(ChoiceOfHost, a_host_takes_over_the_socket_that_a_dead_one_left) {
  {
    NamedHost dead{*this, "phoenix"};
    dead.process.signal(SIGKILL);
    dead.process.finish();
  }
  NamedHost host{*this, "phoenix"};

  EXPECT_EQ(host_of(ask_version({"--socket", socket_of("phoenix")})), "phoenix");
  host.process.signal(SIGTERM);
  EXPECT_EQ(host.process.finish().code, 0);
  EXPECT_FALSE(std::filesystem::exists(socket_of("phoenix")));
}

TEST_F(ChoiceOfHost, a_second_host_of_one_name_is_refused_and_the_first_serves_on) {
  NamedHost first{*this, "twin"};

  const Ran second = shunt({"run", first.toml}, environment_);

  EXPECT_EQ(second.code, 1);
  EXPECT_EQ(second.out, "");
  EXPECT_THAT(second.errors, HasSubstr("another host listens on " + first.socket + ": stop it, or give this one"));
  EXPECT_EQ(host_of(ask_version({})), "twin");
}

TEST_F(ChoiceOfHost, what_is_no_socket_is_neither_replaced_nor_asked) {
  const auto file = runtime_.write("file", "kept");
  const auto toml = runtime_.write("host.toml", "[host]\nadmin_socket = \"file\"\n");

  const Ran host = shunt({"run", toml});
  const Ran client = shunt({"ls", "--socket", file});

  EXPECT_EQ(host.code, 1);
  EXPECT_THAT(host.errors, HasSubstr("is there and no socket: remove it or name another"));
  EXPECT_TRUE(std::filesystem::is_regular_file(file));
  EXPECT_EQ(client.code, 1);
  EXPECT_THAT(client.errors, HasSubstr("no host listens on " + file.string()));
}

TEST_F(ChoiceOfHost, a_socket_in_a_folder_that_others_may_enter_is_not_looked_for) {
  NamedHost host{*this, "careless"};
  ASSERT_EQ(host_of(ask_version({"--config", host.toml})), "careless");

  ::chmod((runtime_.path() / "shunt").c_str(), 0755);

  const Ran ran = ask_version({"--config", host.toml});
  EXPECT_EQ(ran.code, 1) << "whoever may write there could have put it there";
  EXPECT_EQ(ran.error_code(), "HostGone");
}

TEST_F(ChoiceOfHost, a_socket_with_too_long_a_path_is_refused_with_the_limit) {
  const std::string path = "/tmp/" + std::string(120, 'x');

  const Ran client = shunt({"ls", "--socket", path});
  const Ran host = shunt({"run", write("long"), "--socket", path});

  EXPECT_EQ(client.code, 1);
  EXPECT_THAT(client.errors, HasSubstr("125 bytes, a socket takes at most 107: use a shorter one"));
  EXPECT_EQ(host.code, 1);
  EXPECT_THAT(host.errors, HasSubstr("107"));
}

TEST_F(ChoiceOfHost, a_config_that_cannot_be_read_is_named) {
  const Ran ran = shunt({"ls", "--config", "/nonexistent/host.toml"});

  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.errors, HasSubstr("/nonexistent/host.toml"));
}

}  // namespace
}  // namespace shunt::test
