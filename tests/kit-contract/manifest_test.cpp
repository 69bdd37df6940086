// What a plugin.toml may say, and the sentence for each thing it may not.
#include "compiling.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shunt::test {
namespace {

constexpr std::string_view kPlugin = R"([plugin]
name = "momentum"
version = "1.4.0"
abi = 3
schemas = ["market.fbs"]
)";

/// The problems of a good [plugin] followed by `rest`, which starts at line 6.
std::string with(std::string_view rest) { return Compiled(std::string(kPlugin) + std::string(rest)).problems(); }

/// The problems of [plugin] with one line replaced.
std::string plugin_with(std::string_view from, std::string_view to) {
  std::string text(kPlugin);
  text.replace(text.find(from), from.size(), to);
  return Compiled(text).problems();
}

TEST(Manifest, that_says_everything_is_read_as_written) {
  const Compiled compiled(std::string(kPlugin) + R"(
[functions.signal]
request = "market.Bar"
reply = "market.Signal"
idempotent = true
[calls]
"risk/check" = { version = "^1.2", request = "market.Bar", reply = "market.Signal" }
[topics.in]
"market.bars" = { type = "market.Bar", idempotent = true }
[topics.out]
"market.signals" = { type = "market.Signal", last_will = "flat" }
[config]
window = { type = "int", min = 2, max = 500, default = 20 }
factor = { type = "float", min = 0, default = 0.1 }
[permissions]
read = ["/etc/hosts"]
syscalls = ["getcpu"]
)");

  ASSERT_EQ(compiled.problems(), "");
  const auto& read = compiled.declaration();
  EXPECT_EQ(read.name, "momentum");
  EXPECT_EQ(read.version, "1.4.0");
  EXPECT_EQ(read.abi, 3);
  ASSERT_EQ(read.functions.size(), 1u);
  EXPECT_TRUE(read.functions[0].idempotent);
  ASSERT_EQ(read.calls.size(), 1u);
  EXPECT_EQ(read.calls[0].version, "^1.2");
  EXPECT_TRUE(read.topics_in.at(0).idempotent);
  EXPECT_EQ(read.topics_out.at(0).last_will, "flat");
  ASSERT_EQ(read.config.size(), 2u);
  EXPECT_EQ(read.config[0].fallback, "0.1");
  EXPECT_EQ(read.config[1].maximum, "500");
  EXPECT_EQ(read.read.at(0), "/etc/hosts");
  EXPECT_EQ(read.syscalls.at(0), "getcpu");
}

TEST(Manifest, every_problem_is_named_in_one_run) {
  EXPECT_EQ(with("[function.signal]\n[topics.inn]\n"),
            "plugin.toml:7: [topics] has no key \"inn\"; it knows: in, out.\n"
            "plugin.toml:6: plugin.toml has no key \"function\"; it knows: plugin, functions, calls, topics, config, "
            "permissions, serving, state.");
}

TEST(Manifest, that_is_not_toml_or_not_there_is_refused) {
  EXPECT_THAT(Compiled("[plugin\n").problems(), testing::StartsWith("plugin.toml:1: "));
  const auto problem_of = [](const std::string& file) {
    compiler::Problems problems;
    (void)compiler::read_declaration(file, problems);
    return problems.lines().at(0);
  };
  EXPECT_EQ(problem_of("/nowhere/plugin.toml"),
            "/nowhere/plugin.toml:1: It cannot be read: No such file or directory.");
  EXPECT_EQ(problem_of("/"), "/:1: It cannot be read: Is a directory.");
}

TEST(Manifest, with_keys_nested_without_end_is_refused) {
  std::string key = "a";
  for (int i = 0; i < 200'000; ++i) key += ".a";

  EXPECT_EQ(Compiled("\n" + key + " = 1\n").problems(),
            "plugin.toml:2: Keys inside each other, more than 200 deep; write few dots.");
}

TEST(Manifest, without_a_plugin_table_or_its_keys_is_refused) {
  EXPECT_EQ(Compiled("").problems(),
            "plugin.toml:1: There is no [plugin] table; it gives name, version, abi and schemas.");
  EXPECT_EQ(Compiled("[plugin]\n").problems(),
            "plugin.toml:1: [plugin] needs name, for example name = \"momentum\".\n"
            "plugin.toml:1: [plugin] needs version, for example version = \"1.4.0\".\n"
            "plugin.toml:1: [plugin] needs abi, for example abi = 1.");
}

TEST(Manifest, with_a_bad_name_is_refused) {
  EXPECT_EQ(
      plugin_with("\"momentum\"", "\"Momentum\""),
      "plugin.toml:2: The plugin's name \"Momentum\" is not a name: a lower-case letter, then lower-case letters, "
      "digits, '_' or '-'.");
  EXPECT_EQ(plugin_with("\"momentum\"", "\"class\""),
            "plugin.toml:2: The plugin's name \"class\" is a word that C++ or the kit keeps for itself.");
  EXPECT_EQ(plugin_with("\"momentum\"", "7"), "plugin.toml:2: name of [plugin] must be a string, not a whole number.");
  EXPECT_EQ(plugin_with("\"momentum\"", "\"\""), "plugin.toml:2: name of [plugin] is empty.");
}

TEST(Manifest, with_a_bad_version_is_refused) {
  EXPECT_EQ(plugin_with("\"1.4.0\"", "\"1.4\""),
            "plugin.toml:3: \"1.4\" is not a version: three numbers are needed; write MAJOR.MINOR.PATCH, e.g. 1.4.0 or "
            "1.4.0+8a3f1c2e+abi-v3.");
  EXPECT_EQ(plugin_with("\"1.4.0\"", "\"1.4.0+abi-v3\""),
            "plugin.toml:3: \"1.4.0+abi-v3\": leave build hash and abi out of version; the build adds them.");
}

TEST(Manifest, with_a_bad_abi_is_refused) {
  EXPECT_EQ(plugin_with("abi = 3", "abi = 70000"), "plugin.toml:4: abi = 70000 must be 0 to 65535.");
  EXPECT_EQ(plugin_with("abi = 3", "abi = \"3\""),
            "plugin.toml:4: abi of [plugin] must be a whole number, not a string.");
}

TEST(Manifest, with_a_missing_broken_or_double_schema_is_refused) {
  EXPECT_THAT(plugin_with("market.fbs", "markt.fbs"),
              testing::StartsWith("plugin.toml:5: There is no schema \"markt.fbs\"; looked in: "));
  EXPECT_EQ(Compiled(kPlugin, "namespace market;\ntable Bar { close: dubble; }\n").problems(),
            "market.fbs:2: The schema does not parse: type referenced but not defined (check namespace): dubble.");
  EXPECT_EQ(plugin_with("[\"market.fbs\"]", "[\"market.fbs\", \"market.fbs\"]"),
            "plugin.toml:5: Two schemas are called \"market.fbs\"; their headers would be one file.");
}

TEST(Manifest, with_a_type_that_no_schema_has_is_refused) {
  EXPECT_EQ(with("[functions.signal]\nrequest = \"market.Baar\"\nreply = \"market.Signal\"\n"),
            "plugin.toml:6: No schema has a table or struct \"market.Baar\"; there are: market.Bar, market.Point, "
            "market.Signal.");
}

TEST(Manifest, with_a_struct_for_a_payload_is_taken) {
  EXPECT_EQ(with("[topics.out]\n\"market.points\" = \"market.Point\"\n"), "");
}

TEST(Manifest, with_a_last_will_that_is_no_name_or_that_of_another_member_is_refused) {
  const auto will = [](std::string_view name) {
    return with(fmt::format("[topics.out]\n\"market.bars\" = {{ type = \"market.Bar\", last_will = \"{}\" }}\n", name));
  };
  EXPECT_EQ(will("flat"), "");
  EXPECT_THAT(will(""), testing::HasSubstr("The last will \"\" of \"market.bars\" "));
  EXPECT_THAT(will("Flat now"), testing::HasSubstr("The last will \"Flat now\" of \"market.bars\" "));
  EXPECT_THAT(will("validate"), testing::HasSubstr("would both be \"validate\" in C++; rename one."));
}

TEST(Manifest, has_its_states_by_number) {
  const Compiled compiled(fmt::format("{}[state]\n10 = \"market.Signal\"\n2 = \"market.Bar\"\n", kPlugin));

  ASSERT_EQ(compiled.problems(), "");
  const auto& states = compiled.declaration().state;
  ASSERT_EQ(states.size(), 2u);
  EXPECT_EQ(states[0].version, 2u);
  EXPECT_EQ(states[0].type, "market.Bar");
  EXPECT_EQ(states[1].version, 10u);
}

TEST(Manifest, with_a_state_that_cannot_be_is_refused) {
  const auto state = [](std::string_view entries) { return with(fmt::format("[state]\n{}\n", entries)); };
  EXPECT_EQ(state("1 = \"market.Bar\""), "");
  for (const auto* const number : {"0", "01", "65536", "first", "\"-1\"", "\"1 \""})
    EXPECT_THAT(state(fmt::format("{} = \"market.Bar\"", number)),
                testing::HasSubstr("in [state] must be a number from 1 to 65535"))
        << number;
  EXPECT_EQ(state("1 = 7"), "plugin.toml:7: 1 in [state] must be a table's name: 1 = \"position.State1\".");
  EXPECT_EQ(state("1 = \"market.Bar\"\n2 = \"market.Bar\""),
            "plugin.toml:8: 1 and 2 in [state] are both market.Bar: a state of one form needs one number.");
  EXPECT_EQ(state("1 = \"market.Point\""),
            "plugin.toml:7: market.Point in [state] is a struct; a state is a table, which can grow.");
  EXPECT_THAT(state("1 = \"market.Baar\""), testing::HasSubstr("No schema has a table or struct \"market.Baar\""));
}

TEST(Manifest, with_state_keeps_the_names_of_its_functions_free) {
  const auto function = [](std::string_view more) {
    return with(fmt::format("[functions.restore]\nrequest = \"market.Bar\"\nreply = \"market.Signal\"\n{}", more));
  };
  EXPECT_EQ(function(""), "");
  EXPECT_THAT(function("[state]\n1 = \"market.Bar\"\n"),
              testing::HasSubstr("would both be \"restore\" in C++; rename one."));
}

TEST(Manifest, with_a_payload_no_verifier_can_bound_is_refused) {
  const auto refused = [](std::string_view schema) {
    return Compiled(fmt::format("{}[topics.in]\n\"market.bars\" = \"market.Bar\"\n", kPlugin), schema).problems();
  };
  EXPECT_EQ(
      refused("namespace market; table Bar { any: [ubyte] (flexbuffer); }"),
      "plugin.toml:7: market.Bar has market.Bar.any, a FlexBuffer, whose verifier does not withstand hostile bytes.");
  EXPECT_EQ(refused("namespace market; table Bar { bar: [ubyte] (nested_flatbuffer: \"Bar\"); }"),
            "plugin.toml:7: market.Bar has market.Bar.bar, a nested FlatBuffer, whose depth no limit holds.");
  EXPECT_EQ(refused("namespace market; struct V (force_align: 32) { x: [float:8]; } table Bar { v: V; }"),
            "plugin.toml:7: market.Bar refers to market.V, aligned to 32; payloads are aligned to 8 bytes.");
}

TEST(Manifest, with_a_bad_function_is_refused) {
  EXPECT_EQ(with("[functions.signal]\nrequest = \"market.Bar\"\n"),
            "plugin.toml:6: [functions.signal] needs reply, for example reply = \"market.Signal\".");
  EXPECT_EQ(with("[functions.signal]\nrequest = \"market.Bar\"\nreply = \"market.Signal\"\nidempotent = 1\n"),
            "plugin.toml:9: idempotent of [functions.signal] must be true or false, not a whole number.");
  EXPECT_EQ(with("[functions.signal]\nrequest = \"market.Bar\"\nreply = \"market.Signal\"\nidempotant = true\n"),
            "plugin.toml:9: [functions.signal] has no key \"idempotant\"; it knows: request, reply, idempotent.");
  EXPECT_EQ(with("[functions]\nsignal = \"market.Bar\"\n"),
            "plugin.toml:7: signal of [functions] must be a table: [functions.signal] with request and reply.");
}

TEST(Manifest, whose_names_meet_in_cpp_is_refused) {
  EXPECT_EQ(with("[functions.init]\nrequest = \"market.Bar\"\nreply = \"market.Signal\"\n"),
            "plugin.toml:6: function \"init\" and what every contract has would both be \"init\" in C++; rename one.");
  EXPECT_EQ(
      with("[topics.in]\n\"market.bars\" = \"market.Bar\"\n\"market-bars\" = \"market.Bar\"\n"),
      "plugin.toml:7: topic in \"market.bars\" and topic in \"market-bars\" would both be \"on_market_bars\" in C++; "
      "rename one.");
  EXPECT_EQ(
      with("[config]\na-b = { type = \"int\", default = 1 }\na_b = { type = \"int\", default = 1 }\n"),
      "plugin.toml:8: config key \"a_b\" and config key \"a-b\" would both be \"Config::a_b\" in C++; rename one.");
}

TEST(Manifest, with_one_name_twice_is_refused) {
  EXPECT_THAT(with("[topics.in]\n\"market.bars\" = \"market.Bar\"\n\"market.bars\" = \"market.Bar\"\n"),
              testing::StartsWith("plugin.toml:8: "));
}

TEST(Manifest, with_a_bad_call_is_refused) {
  EXPECT_EQ(with("[calls]\n\"risk\" = { request = \"market.Bar\", reply = \"market.Signal\" }\n"),
            "plugin.toml:7: \"risk\" in [calls] does not name a function; write \"plugin/function\", in quotes.");
  EXPECT_EQ(
      with("[calls]\n\"risk/check\" = { version = \"latest\", request = \"market.Bar\", reply = \"market.Signal\" }\n"),
      "plugin.toml:7: \"latest\" is not a version range (\"latest.0.0\" is not a version: a number is digits without "
      "leading zeros, below 2^32; write MAJOR.MINOR.PATCH, e.g. 1.4.0 or 1.4.0+8a3f1c2e+abi-v3); write \"^1.2\", "
      "\"~1.4.1\", \">=1.2.0 <2.0.0\" or \"*\".");
}

TEST(Manifest, with_a_bad_topic_is_refused) {
  EXPECT_EQ(
      with("[topics.in]\nmarket.bars = \"market.Bar\"\n"),
      "plugin.toml:7: \"market\" in [topics.in] must be a type: \"market.bars\" = \"market.Bar\"; a name with dots is "
      "written in quotes.");
  EXPECT_EQ(
      with("[topics.in]\n\"Bars\" = \"market.Bar\"\n"),
      "plugin.toml:7: \"Bars\" in [topics.in] is not a topic: lower-case names joined by dots, like \"market.bars\".");
  EXPECT_EQ(with("[topics.in]\n\"bars\" = { type = \"market.Bar\", last_will = \"flat\" }\n"),
            "plugin.toml:7: \"bars\" in [topics.in] has no key \"last_will\"; it knows: type, idempotent.");
}

TEST(Manifest, with_a_bad_config_key_is_refused) {
  const auto window = [](std::string_view entry) { return with(fmt::format("[config]\nwindow = {}\n", entry)); };

  EXPECT_EQ(window("20"),
            "plugin.toml:7: window of [config] must be a table: window = { type = \"int\", default = 20 }.");
  EXPECT_EQ(window("{ type = \"number\", default = 1 }"),
            "plugin.toml:7: config.window: there is no type \"number\"; there are int, float, bool and string.");
  EXPECT_EQ(window("{ type = \"int\" }"), "plugin.toml:7: config.window needs a default, or required = true.");
  EXPECT_EQ(window("{ type = \"int\", required = true, default = 1 }"),
            "plugin.toml:7: config.window is required and has a default; a required key has none.");
  EXPECT_EQ(window("{ type = \"int\", default = \"20\" }"),
            "plugin.toml:7: default of config.window is a string, but the type is int.");
  EXPECT_EQ(window("{ type = \"int\", min = 5, default = 2 }"),
            "plugin.toml:7: config.window: default = 2 is below min = 5.");
  EXPECT_EQ(window("{ type = \"float\", max = 0.5, default = 0.75 }"),
            "plugin.toml:7: config.window: default = 0.75 is above max = 0.5.");
  EXPECT_EQ(window("{ type = \"int\", min = 5, max = 2, required = true }"),
            "plugin.toml:7: config.window: min = 5 is above max = 2.");
  EXPECT_EQ(window("{ type = \"bool\", min = 0, default = true }"),
            "plugin.toml:7: config.window has no key \"min\"; it knows: type, required, default.");
  EXPECT_EQ(
      window("{ type = \"string\", pattern = \"(\", default = \"\" }"),
      "plugin.toml:7: config.window: pattern \"(\" is no expression (Mismatched '(' and ')' in regular expression).");
  EXPECT_EQ(
      window("{ type = \"string\", pattern = '(x)\\1', default = \"xx\" }"),
      "plugin.toml:7: config.window: pattern \"(x)\\\\1\" is no expression (Unexpected back-reference in polynomial "
      "mode.).");
  EXPECT_EQ(window("{ type = \"string\", pattern = '(((a?)?)?){3000}', default = \"a\" }"),
            "plugin.toml:7: config.window: pattern \"(((a?)?)?){3000}\" has more than 2000 characters when its "
            "repetitions are written out.");
  EXPECT_EQ(window(fmt::format("{{ type = \"string\", pattern = \"{:a>257}\", default = \"a\" }}", "")),
            "plugin.toml:7: config.window: pattern is above 256 bytes.");
  EXPECT_EQ(window(fmt::format("{{ type = \"string\", pattern = \".*\", default = \"{:a>100000}\" }}", "")),
            "plugin.toml:7: config.window: default has 100000 bytes; at most 4096 are possible.");
}

TEST(Manifest, that_serves_with_no_worker_or_too_many_requests_is_refused) {
  EXPECT_EQ(with("[serving]\nworkers = 0\n"), "plugin.toml:7: workers = 0 must be 1 to 64.");
  EXPECT_EQ(with("[serving]\nin_flight_max = 10001\n"), "plugin.toml:7: in_flight_max = 10001 must be 1 to 10000.");
  EXPECT_EQ(with("[serving]\nworkers = \"4\"\n"),
            "plugin.toml:7: workers of [serving] must be a whole number, not a string.");
}

TEST(Manifest, with_bad_permissions_is_refused) {
  EXPECT_EQ(with("[permissions]\nread = [\"etc\"]\n"),
            "plugin.toml:7: permissions.read has \"etc\"; an absolute path below the root is meant, without '.', '..' "
            "and '//'.");
  EXPECT_EQ(with("[permissions]\nsyscalls = [\"get cpu\"]\n"),
            "plugin.toml:7: \"get cpu\" in syscalls is not the name of a system call.");
  EXPECT_EQ(with("[permissions]\nread = \"/etc\"\n"),
            "plugin.toml:7: read of [permissions] must be a list of strings, not a string.");
}

TEST(Manifest, whose_schema_takes_the_contracts_names_is_refused) {
  EXPECT_EQ(
      Compiled(kPlugin, "namespace momentum; table Client { id: ulong; }").problems(),
      "plugin.toml:1: A schema has the type momentum.Client, which is what the contract calls its own; rename either.");
}

}  // namespace
}  // namespace shunt::test
