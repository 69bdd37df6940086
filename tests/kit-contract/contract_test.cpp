// A plugin that is not what its manifest says does not compile. Each test runs the compiler on one plugin.
#include "written_plugin.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shunt::test {
namespace {

TEST(Contract, a_plugin_that_keeps_it_compiles) {
  EXPECT_EQ(compiled(plugin("",
                            "SHUNT_TRY(answer, calls().oracle_answer(context, [](auto& build) { return "
                            "probe::CreateQuestion(build, 1); })); return publish_probe_responses([&](auto& build) { "
                            "return probe::CreateResponse(build, answer->number()); });")),
            "");
}

TEST(Contract, a_function_declared_and_not_written_does_not_compile) {
  const auto said = compiled(plugin("echo", "return {};"));
  EXPECT_THAT(said, testing::HasSubstr("abstract class type 'Mine'"));
  EXPECT_THAT(said, testing::HasSubstr("probe::Contract::echo"));
}

TEST(Contract, a_last_will_declared_and_not_written_does_not_compile) {
  const auto said = compiled(plugin("flat", "return {};"));
  EXPECT_THAT(said, testing::HasSubstr("abstract class type 'Mine'"));
  EXPECT_THAT(said, testing::HasSubstr("probe::Contract::flat"));
}

TEST(Contract, a_last_will_of_another_type_does_not_compile) {
  auto source = plugin("", "return {};");
  const std::string_view nothing = "Response>&) override { return {}; }";
  source.replace(source.find(nothing), nothing.size(),
                 "Response>& will) override {\n"
                 "    return will.write([](auto& build) { return probe::CreateQuestion(build, 1); });\n  }");
  EXPECT_THAT(compiled(source), testing::HasSubstr("this builder makes another type than the manifest declares"));
}

TEST(Contract, a_loan_of_a_topic_that_carries_a_table_does_not_compile) {
  EXPECT_THAT(compiled(plugin("", "return loan_probe_responses() ? shunt::Status{} : shunt::Status{};")),
              testing::HasSubstr("'loan_probe_responses' was not declared"));
}

TEST(Contract, a_function_written_and_not_declared_does_not_compile) {
  auto source = plugin("", "return {};");
  source.insert(source.find("  shunt::Status echo("), fmt::format("  shunt::Status shout({}", kProbeSignature));
  EXPECT_THAT(compiled(source), testing::HasSubstr("'shunt::Status Mine::shout("));
}

TEST(Contract, a_call_that_is_not_declared_does_not_compile) {
  EXPECT_THAT(compiled(plugin("", "(void)calls().risk_check(context, 0); return {};")),
              testing::HasSubstr("'class probe::Calls' has no member named 'risk_check'"));
}

TEST(Contract, a_publication_that_is_not_declared_does_not_compile) {
  EXPECT_THAT(compiled(plugin("", "return publish_market_signals(0);")),
              testing::HasSubstr("'publish_market_signals' was not declared"));
}

TEST(Contract, a_payload_of_another_type_does_not_compile) {
  EXPECT_THAT(
      compiled(plugin("",
                      "return publish_probe_responses([](auto& build) { return probe::CreateQuestion(build, 1); "
                      "});")),
      testing::HasSubstr("this builder makes another type than the manifest declares"));
}

/// A test of the probe that does this.
std::string test_of_it(std::initializer_list<std::string> deeds) {
  std::string text =
      "#include \"probe_contract.hpp\"\n#include <shunt/test.hpp>\n"
      "void test([[maybe_unused]] shunt::test::Runner<probe::Contract>& probe) {\n"
      "  [[maybe_unused]] const auto question = [](auto& build) { return probe::CreateQuestion(build, 1); };\n";
  for (const auto& deed : deeds) text += "  static_cast<void>(" + deed + ");\n";
  return text + "}\n";
}

TEST(Contract, a_test_that_keeps_to_its_names_compiles) {
  EXPECT_EQ(compiled(test_of_it({"probe.call<\"echo\">(question)", "probe.deliver<\"probe.questions\">(question)",
                                 "probe.published<\"probe.responses\">()", "probe.called<\"oracle/answer\">()"})),
            "");
}

TEST(Contract, a_test_that_names_what_the_manifest_does_not_declare_does_not_compile) {
  EXPECT_THAT(compiled(test_of_it({"probe.call<\"answer\">(question)"})),
              testing::HasSubstr("the manifest declares no function of this name"));
  EXPECT_THAT(compiled(test_of_it({"probe.called<\"oracle/ask\">()"})),
              testing::HasSubstr("the manifest declares no call of this function"));
  EXPECT_THAT(compiled(test_of_it({"probe.published<\"probe.questions\">()"})),
              testing::HasSubstr("the manifest declares no topic out of this name"));
}

}  // namespace
}  // namespace shunt::test
