// The matrix, and what leads to a row of it.
#include <shunt/host/compatibility.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shunt {
namespace {

constexpr std::array kAllRules = {AbiRule::V1, AbiRule::V2, AbiRule::V3, AbiRule::Unknown, AbiRule::Differ};
constexpr std::array kAllToolChains = {ToolChainChange::Same, ToolChainChange::Patch, ToolChainChange::Other};
constexpr std::array kAllSchemas = {SchemaChange::None, SchemaChange::Appended, SchemaChange::Alignment,
                                    SchemaChange::Other};

/// What the levels promise, said without a table.
Compatibility promised(AbiRule abi, ToolChainChange tool_chain, SchemaChange schema) {
  const bool is_same = tool_chain == ToolChainChange::Same;
  const bool is_unchanged = schema == SchemaChange::None;
  switch (abi) {
    case AbiRule::V1:
      if (is_unchanged) return Compatibility::InPlace;
      break;
    case AbiRule::V2:
      if (tool_chain != ToolChainChange::Other && (is_unchanged || schema == SchemaChange::Appended))
        return Compatibility::InPlace;
      break;
    case AbiRule::V3:
      if (is_same && is_unchanged) return Compatibility::InPlace;
      if (is_same && schema == SchemaChange::Alignment) return Compatibility::Relink;
      break;
    case AbiRule::Unknown:
    case AbiRule::Differ: break;
  }
  return Compatibility::Refuse;
}

TEST(CompatibilityMatrix, decides_every_case_as_the_levels_promise) {
  for (const auto abi : kAllRules)
    for (const auto tool_chain : kAllToolChains)
      for (const auto schema : kAllSchemas)
        EXPECT_EQ(decide(abi, tool_chain, schema), promised(abi, tool_chain, schema))
            << name(abi) << ", tool chain " << name(tool_chain) << ", schema " << name(schema);
}

TEST(CompatibilityMatrix, has_a_row_for_each_level_and_tool_chain_and_two_for_levels_that_promise_nothing) {
  EXPECT_EQ(compatibility::kMatrix.size(), 3 * kAllToolChains.size() + 2);
}

TEST(AbiRule, is_that_of_a_level_that_both_have) {
  EXPECT_EQ(abi_rule({1}, {1}), AbiRule::V1);
  EXPECT_EQ(abi_rule({2}, {2}), AbiRule::V2);
  EXPECT_EQ(abi_rule({3}, {3}), AbiRule::V3);
  EXPECT_EQ(abi_rule({0}, {0}), AbiRule::Unknown);
  EXPECT_EQ(abi_rule({4}, {4}), AbiRule::Unknown);
  EXPECT_EQ(abi_rule({1}, {2}), AbiRule::Differ);
  EXPECT_EQ(abi_rule({3}, {1}), AbiRule::Differ);
}

ToolChainChange change(std::string_view older, std::string_view newer) {
  const auto read = [](std::string_view text) {
    return text.empty() ? std::nullopt : std::optional(ToolChain::parse(text).value());
  };
  return tool_chain_change(read(older), read(newer));
}

TEST(ToolChainChange, is_a_patch_level_where_the_first_two_numbers_stay) {
  EXPECT_EQ(change("GNU 12.2.0", "GNU 12.2.0"), ToolChainChange::Same);
  EXPECT_EQ(change("GNU 12.2.0", "GNU 12.2.1"), ToolChainChange::Patch);
  EXPECT_EQ(change("GNU 12.2.1", "GNU 12.2.0"), ToolChainChange::Patch);
  EXPECT_EQ(change("GNU 12.2", "GNU 12.2.0"), ToolChainChange::Patch);
  EXPECT_EQ(change("GNU 12.2.0", "GNU 12.3.0"), ToolChainChange::Other);
  EXPECT_EQ(change("GNU 12", "GNU 12.0"), ToolChainChange::Other);
  EXPECT_EQ(change("GNU 14.0.6", "Clang 14.0.6"), ToolChainChange::Other);
}

TEST(ToolChainChange, that_somebody_does_not_say_counts_as_another) {
  EXPECT_EQ(change("", "GNU 12.2.0"), ToolChainChange::Other);
  EXPECT_EQ(change("GNU 12.2.0", ""), ToolChainChange::Other);
  EXPECT_EQ(change("", ""), ToolChainChange::Other);
}

}  // namespace
}  // namespace shunt
