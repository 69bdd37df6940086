/// From nothing to an answer: what `shunt new` says comes next, done word for word.
#include "installation.hpp"

#include <sstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

namespace shunt::test {
namespace {

using testing::HasSubstr;

/// Seconds of processor that our children have used, the compilers among them.
double seconds_of_children() {
  rusage usage{};
  ::getrusage(RUSAGE_CHILDREN, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// The commands that `shunt new` prints, as a script that ends at the first that fails. The host has a terminal of its
/// own, and a person looks at what it says before typing on: the script does the same, and ends it.
std::string script_of(const std::string& printed) {
  std::string script;
  std::istringstream lines{printed};
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("  ")) continue;
    if (line.ends_with(" run host.toml")) {
      line +=
          " > host.log 2>&1 &\nhost=$!; trap 'kill -TERM $host; wait $host' EXIT\n"
          "until grep -q '^host .* listens on' host.log; do kill -0 $host || { cat host.log; exit 9; }; sleep 0.05; "
          "done";
    }
    script += line + '\n';
  }
  return script;
}

Ran run_in(const std::filesystem::path& folder, const std::string& commands) {
  return run_command(fmt::format("exec 2>&1; set -e; cd \"{}\"\n{}", folder.string(), commands));
}

/// Has `shunt` make a project in `folder`, and follows what it says. The host's socket is in `folder`, too: another of
/// these tests may run beside this one, with a host of the same name.
void expect_an_answer(const std::filesystem::path& folder, const std::string& shunt, const std::string& name) {
  const double before = seconds_of_children();

  const Ran written = run_in(folder, shunt + " new " + name);
  const auto script = script_of(written.output);
  const Ran followed = run_in(folder, fmt::format("mkdir -m 700 runtime; export XDG_RUNTIME_DIR=\"$PWD/runtime\"\n"
                                                  "export CMAKE_GENERATOR=Ninja CXX={} CCACHE_DISABLE=1\n{}",
                                                  SHUNT_COMPILER, script));

  ASSERT_EQ(written.exit_code, 0) << written.output;
  EXPECT_EQ(followed.exit_code, 0) << script << followed.output;
  EXPECT_THAT(followed.output, HasSubstr("100% tests passed, 0 tests failed out of 1"));
  EXPECT_THAT(followed.output, HasSubstr("{\"value\": 7.5}"));
  EXPECT_LT(seconds_of_children() - before, 60.0) << "of processor: less than a minute on an idle machine";
}

TEST(NewProject, of_an_installed_shunt_is_built_passes_its_own_test_and_answers_a_call_within_a_minute_of_work) {
  const Installation shunt;

  expect_an_answer(shunt.folder(), (shunt.prefix() / "bin/shunt").string(), "pricer");

  const Ran commands = shunt.run("ninja -C pricer/build -t commands");
  EXPECT_EQ(commands.exit_code, 0) << commands.output;
  EXPECT_THAT(commands.output, HasSubstr(shunt.prefix().string()));
  EXPECT_FALSE(names_the_tree(commands.output)) << "nothing but the installation is used\n" << commands.output;
}

TEST(NewProject, of_a_shunt_that_was_only_built_is_built_passes_its_own_test_and_answers_a_call) {
  const TemporaryDirectory folder;
  std::filesystem::create_directory(folder.path() / "it's mine");

  expect_an_answer(folder.path() / "it's mine", SHUNT_BUILD_TREE "/bin/shunt", "\"$PWD/limit-checker\"");
}

}  // namespace
}  // namespace shunt::test
