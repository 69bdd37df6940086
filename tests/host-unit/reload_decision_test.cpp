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

/// What the matrix says of an ABI level, a change of the tool chain and one of the schemas.
PluginComparison compared(AbiRule abi = AbiRule::V1, ToolChainChange tool_chain = ToolChainChange::Same,
                          SchemaChange schema = SchemaChange::Other) {
  PluginComparison compared;
  compared.decision = shunt::decide(abi, tool_chain, schema);
  compared.abi = abi;
  compared.tool_chain = tool_chain;
  compared.schema = schema;
  compared.reason = "the matrix says so";
  return compared;
}

ReloadDecision decide(const ReadBuild& came, const Users& users = {}, const PluginComparison& matrix = compared(),
                      Compatibility back = Compatibility::Refuse) {
  return decide_reload(build(), came, {matrix, back}, users);
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

TEST(Reload, of_types_that_conform_leads_to_it_who_knows_the_old_ones) {
  auto came = build("b");
  came.manifest.functions[1] = function("signal", 1, 9);

  const auto appended = decide(came, {}, compared(AbiRule::V2, ToolChainChange::Same, SchemaChange::Appended));

  EXPECT_EQ(appended.kind, ReloadKind::Switch);
  EXPECT_EQ(appended.others, OtherTypes::Alike);
  EXPECT_EQ(appended.text, "signal changed; what is known by the old types leads to it, too");
  EXPECT_EQ(decide(came, {}, compared(AbiRule::V2), Compatibility::InPlace).others, OtherTypes::Alike) << "and back";
}

TEST(Reload, of_types_that_do_not_conform_lets_the_old_routes_stay) {
  auto came = build("b");
  came.manifest.functions[1] = function("signal", 1, 9);

  for (const auto schema : {SchemaChange::Alignment, SchemaChange::Other}) {
    const auto decision = decide(came, {{"signal", "risk"}}, compared(AbiRule::V3, ToolChainChange::Same, schema));

    EXPECT_EQ(decision.kind, ReloadKind::Switch);
    EXPECT_EQ(decision.others, OtherTypes::Beside);
    EXPECT_EQ(decision.text, "signal changed; the old build stays for those who know the old types");
  }
}

TEST(Reload, of_other_types_is_refused_where_the_old_build_would_have_a_state_of_its_own) {
  auto serving = build(), came = build("b");
  serving.manifest.state.emplace_back().version = 1;
  came.manifest.functions[1] = function("signal", 1, 9);

  const auto beside = decide_reload(serving, came, {compared()}, {});
  const auto alike =
      decide_reload(serving, came, {compared(AbiRule::V2, ToolChainChange::Same, SchemaChange::Appended)}, {});

  EXPECT_EQ(beside.kind, ReloadKind::Refused);
  EXPECT_THAT(beside.text, HasSubstr("momentum has [state]"));
  EXPECT_EQ(alike.kind, ReloadKind::Switch);
}

TEST(Reload, of_a_topic_that_is_heard_is_refused_when_it_gets_other_types_or_goes) {
  auto changed = build("b"), gone = build("b");
  changed.manifest.topics_out[0].type = type("market.Signal", 9);
  gone.manifest.topics_out.clear();
  const Users heard{{"topic out market.signals", "risk"}};

  EXPECT_EQ(decide(changed, heard).text,
            "\"topic out market.signals\" has other types, and is heard by risk: publish it under another name as "
            "well, until nobody does");
  EXPECT_EQ(decide(gone, heard).text,
            "\"topic out market.signals\" has gone from momentum, and is heard by risk: keep it until nobody does");
  EXPECT_EQ(decide(changed, heard).kind, ReloadKind::Refused);
  EXPECT_EQ(decide(changed).kind, ReloadKind::Switch) << "nobody hears it";
  EXPECT_EQ(decide(gone).kind, ReloadKind::Switch);
}

TEST(Reload, is_refused_where_the_matrix_refuses_whatever_the_schemas_are) {
  const auto another_level = decide(build("b"), {}, compared(AbiRule::Differ));
  const auto another_chain = decide(build("b"), {}, compared(AbiRule::V2, ToolChainChange::Other, SchemaChange::None));
  const auto any_chain = decide(build("b"), {}, compared(AbiRule::V1, ToolChainChange::Other, SchemaChange::None));

  EXPECT_EQ(another_level.kind, ReloadKind::Refused);
  EXPECT_THAT(another_level.text, HasSubstr("the matrix says so"));
  EXPECT_EQ(another_chain.kind, ReloadKind::Refused);
  EXPECT_EQ(any_chain.kind, ReloadKind::Switch);
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
