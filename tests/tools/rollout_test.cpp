/// rollout: a version that takes over in stages, as people start it and look at it.
#include "running_host_test.hpp"

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class RolloutCommand : public RunningHostTest {
 protected:
  RolloutCommand() : RunningHostTest({plugin(ACTOR), plugin(ACTOR_2, "warm = true")}) {}
  /// A rollout.toml that begins at once; `more` are further lines of it.
  [[nodiscard]] std::string file(const std::string& more = {}) const {
    return directory_.write("rollout.toml",
                            "plugin = \"actor\"\nversion = \"2.0.0\"\n[preflight]\nready_min = \"1 ns\"\n"
                            "lag_max = \"1 min\"\n" +
                                more);
  }
  [[nodiscard]] Json status() const { return host_.ask({"rollout", "status", "actor"}); }

  const TemporaryDirectory directory_;
};

/// Without a call it stays in its first stage.
const std::string kHalf = "[[stage]]\nshare = 500\n[[stage]]\nshare = 1000\n";

TEST_F(RolloutCommand, begins_is_looked_at_paused_and_given_up) {
  const Ran started = host_.shunt({"rollout", "start", file(kHalf), "--confirm"});

  EXPECT_EQ(started.code, 0) << started;
  EXPECT_THAT(started.out, AllOf(HasSubstr("VERDICT"), HasSubstr("1 of 2: 50.0 %"), HasSubstr("Running")));
  EXPECT_EQ(status()["stage"], 0);
  EXPECT_EQ(host_.shunt({"rollout", "pause", "actor"}).code, 0);
  EXPECT_EQ(status()["state"], "Paused");
  EXPECT_EQ(host_.shunt({"rollout", "resume", "actor"}).code, 0);
  EXPECT_EQ(host_.shunt({"rollout", "abort", "actor"}).code, 0);
  EXPECT_EQ(status()["state"], "RolledBack");
  EXPECT_EQ(status()["reason"], "somebody gave it up");
  EXPECT_EQ(host_.await_event("RolledBack", "actor")["plugin"], "actor");
}

TEST_F(RolloutCommand, shows_what_has_to_hold_before_and_fails_where_that_blocks) {
  const Ran good = host_.shunt({"rollout", "preflight", file(kHalf), "--confirm"});
  EXPECT_EQ(good.code, 0) << good;
  EXPECT_THAT(good.out, AllOf(HasSubstr("CHECK"), HasSubstr("backlog"), HasSubstr("not configured")));

  const std::string late = directory_.write("late.toml", "plugin = \"actor\"\nversion = \"2.0.0\"\n" + kHalf);
  const Ran blocked = host_.shunt({"rollout", "preflight", late, "--confirm"});
  EXPECT_EQ(blocked.code, 1);
  EXPECT_THAT(blocked.out, AllOf(HasSubstr("ready"), HasSubstr("Blocks"), HasSubstr("2 min are asked for")));
  expect_refused({"rollout", "start", late, "--confirm"},
                 "NotServing: the rollout of \"actor\" cannot begin: ready: up for");
}

TEST_F(RolloutCommand, says_what_is_wrong_with_its_file_and_with_its_words) {
  expect_refused({"rollout", "start", directory_.write("no.toml", "plugin = \"actor\"\n")},
                 "BadConfiguration: no.toml: version is \"\"");
  expect_refused({"rollout", "start", file("[[stage]]\nshare = 500\n")},
                 "BadConfiguration: rollout.toml: stage 1, the last one, does not give all");
  expect_refused({"rollout", "start"}, "BadInput: start needs a file");
  expect_refused({"rollout", "pause"}, "BadInput: pause needs the plugin's name");
  expect_refused({"rollout", "pause", "actor"}, "BadInput: there is no rollout of \"actor\"");
  expect_refused({"rollout", "status", "--confirm"}, "BadInput: --confirm is for preflight and start");
  EXPECT_EQ(host_.shunt({"rollout", "stop", "actor"}).code, 2);
  EXPECT_EQ(host_.shunt({"rollout"}).code, 2);
}

}  // namespace
}  // namespace shunt::test
