#include "reload_decision.hpp"

#include <gmock/gmock.h>

namespace shunt::host {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

PayloadType type(const char* name, std::uint64_t hash) { return {name, SchemaHash{hash}}; }

DeclaredFunction function(const char* name, std::uint64_t request = 1, std::uint64_t reply = 2) {
  return {.name = name, .request = type("market.Bar", request), .reply = type("market.Signal", reply)};
}

ReadBuild build(const char* sha256 = "a") {
  ReadBuild build{sha256, {}};
  build.manifest.name = "momentum";
  build.manifest.functions = {function("reset"), function("signal")};
  build.manifest.topics_in = {{.name = "market.bars", .type = type("market.Bar", 1)}};
  build.manifest.topics_out = {{.name = "market.signals", .type = type("market.Signal", 2)}};
  return build;
}

ReloadDecision decide(const ReadBuild& came, const Callers& callers = {}) {
  return decide_reload(build(), came, callers);
}

TEST(Reload, of_the_same_bytes_is_nothing) {
  const auto decision = decide(build());

  EXPECT_EQ(decision.kind, ReloadKind::Nothing);
}

TEST(Reload, of_another_body_is_a_switch_that_leaves_the_interface_alone) {
  const auto decision = decide(build("b"), {{"signal", "the host"}});

  EXPECT_EQ(decision.kind, ReloadKind::Switch);
  EXPECT_TRUE(decision.change.is_none());
  EXPECT_EQ(decision.text, "the same interface");
}

TEST(Reload, of_a_function_and_a_topic_more_is_a_switch_that_adds_them) {
  auto came = build("b");
  came.manifest.functions.push_back(function("explain"));
  came.manifest.topics_in.push_back({.name = "market.trades", .type = type("market.Trade", 5)});

  const auto decision = decide(came);

  EXPECT_EQ(decision.kind, ReloadKind::Switch);
  EXPECT_THAT(decision.change.added, ElementsAre("explain", "topic in market.trades"));
  EXPECT_THAT(decision.change.changed, IsEmpty());
  EXPECT_THAT(decision.change.removed, IsEmpty());
}

TEST(Reload, of_other_types_is_a_switch_that_says_which) {
  auto request = build("b"), reply = build("b"), topic = build("b"), renamed = build("b");
  request.manifest.functions[1] = function("signal", 9, 2);
  reply.manifest.functions[1] = function("signal", 1, 9);
  topic.manifest.topics_out[0].type = type("market.Signal", 9);
  renamed.manifest.functions[1].request = type("market.Tick", 1);

  EXPECT_THAT(decide(request).change.changed, ElementsAre("signal"));
  EXPECT_THAT(decide(reply).change.changed, ElementsAre("signal"));
  EXPECT_THAT(decide(topic).change.changed, ElementsAre("topic out market.signals"));
  EXPECT_THAT(decide(renamed).change.changed, ElementsAre("signal"));
  EXPECT_EQ(decide(request).kind, ReloadKind::Switch);
}

TEST(Reload, without_a_function_that_somebody_calls_is_refused_and_names_who) {
  auto came = build("b");
  came.manifest.functions.pop_back();

  const auto decision = decide(came, {{"signal", "risk"}, {"signal", "the host"}, {"reset", "desk"}});

  EXPECT_EQ(decision.kind, ReloadKind::Refused);
  EXPECT_EQ(decision.text,
            "\"signal\" has gone from momentum, and is called by risk, the host: keep it until nobody does");
}

TEST(Reload, without_a_function_that_nobody_calls_is_a_switch) {
  auto came = build("b");
  came.manifest.functions.pop_back();

  const auto decision = decide(came, {{"reset", "desk"}});

  EXPECT_EQ(decision.kind, ReloadKind::Switch);
  EXPECT_THAT(decision.change.removed, ElementsAre("signal"));
  EXPECT_EQ(decision.text, "signal went");
}

TEST(Reload, of_another_plugin_in_its_file_is_refused) {
  auto came = build("b");
  came.manifest.name = "risk";

  const auto decision = decide(came);

  EXPECT_EQ(decision.kind, ReloadKind::Refused);
  EXPECT_THAT(decision.text, HasSubstr("\"risk\" now, and \"momentum\""));
}

TEST(Reload, tells_a_topic_that_is_heard_from_one_that_is_published) {
  auto came = build("b");
  came.manifest.topics_out.push_back(came.manifest.topics_in.front());
  came.manifest.topics_in.clear();

  const auto change = decide(came).change;

  EXPECT_THAT(change.added, ElementsAre("topic out market.bars"));
  EXPECT_THAT(change.removed, ElementsAre("topic in market.bars"));
}

TEST(WiderPermissions, are_those_that_the_older_build_has_not) {
  auto older = build().manifest, newer = build().manifest;
  older.permissions = {.read = {"/data"}, .syscalls = {"getrandom"}};
  newer.permissions = {.read = {"/data", "/models"}, .syscalls = {"socket"}};
  newer.calls.emplace_back().function = "risk/check";
  newer.workers = 8;

  EXPECT_THAT(wider_permissions(older, newer),
              ElementsAre("reads /models", "uses the system call socket", "calls risk/check", "8 workers, was 1"));
  EXPECT_THAT(wider_permissions(newer, newer), IsEmpty());
  EXPECT_THAT(wider_permissions(older, build().manifest), IsEmpty()) << "it asks for less";
}

}  // namespace
}  // namespace shunt::host
