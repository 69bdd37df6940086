// Whatever a config key is called, its contract compiles.
#include "compiling.hpp"
#include "note.hpp"
#include "writers.hpp"

#include <gtest/gtest.h>

namespace shunt::test {
namespace {

TEST(ConfigNames, that_generated_code_has_names_like_leave_a_contract_that_compiles) {
  std::string manifest =
      "[plugin]\nname = \"careless\"\nversion = \"1.0.0\"\nabi = 1\nschemas = [\"market.fbs\"]\n"
      "[functions.parse-config]\nrequest = \"market.Bar\"\nreply = \"market.Signal\"\n"
      "[topics.out]\n\"market.bars\" = { type = \"market.Bar\", last_will = \"will\" }\n[config]\n";
  for (const std::string key : {"parse", "parse-config", "config", "settings", "reader", "init", "kit", "calls",
                                "contract", "link", "careless", "value", "status"})
    manifest += key + " = { type = \"int\", default = 1 }\n";
  const Compiled compiled(manifest);
  ASSERT_EQ(compiled.problems(), "");
  const TemporaryDirectory folder;
  folder.write("careless_contract.hpp", compiler::contract_header(compiled.resolved()));
  folder.write("market.fbs", kMarketSchema);
  const auto source =
      folder.write("careless.cpp",
                   "#include \"careless_contract.hpp\"\n"
                   "class Careless : public careless::Contract {\n"
                   "  shunt::Status init(const careless::Config& config) override {\n"
                   "    return config.parse == 1 && config.parse_config == 1 ? shunt::Status{} :\n"
                   "        shunt::error(shunt::ErrorCode::BadInput, \"no\");\n  }\n"
                   "  shunt::Status parse_config(const shunt::Context&, const market::Bar&,\n"
                   "                             shunt::Reply<market::Signal>&) override { return {}; }\n"
                   "  shunt::Status will(shunt::kit::LastWill<market::Bar>&) override { return {}; }\n"
                   "};\nSHUNT_PLUGIN(Careless)\n");

  const auto generated = run(fmt::format("flatc --cpp -o {0} {0}/market.fbs", folder.path().string()));
  const auto ran = run(
      fmt::format("{} {} -I{} -fsyntax-only {}", SHUNT_COMPILER, SHUNT_FLAGS, folder.path().string(), source.string()));

  EXPECT_EQ(generated.exit, 0) << generated.output;
  EXPECT_EQ(ran.exit, 0) << ran.output;
  EXPECT_EQ(ran.output, "");
}

}  // namespace
}  // namespace shunt::test
