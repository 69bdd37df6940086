/// compat: the matrix, and one real pair of plugins for each of its cells.
#include "running_host.hpp"

#include <documented_keys.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string built(const std::string& name) { return PLUGINS + name + ".so"; }

Ran compat(const std::string& older, const std::string& newer, const Words& more = {}) {
  Words words{"compat", older, newer};
  words.insert(words.end(), more.begin(), more.end());
  return shunt(words);
}

enum class Answer { InPlace, Relink, Refuse };

std::string word_of(Answer answer) {
  return answer == Answer::InPlace ? "in place" : answer == Answer::Relink ? "re-link" : "refuse";
}
std::string json_word_of(Answer answer) {
  return answer == Answer::InPlace ? "InPlace" : answer == Answer::Relink ? "Relink" : "Refuse";
}
/// As `shunt compat --help` says.
int exit_code_of(Answer answer) { return answer == Answer::InPlace ? 0 : answer == Answer::Relink ? 3 : 4; }

// ---- The matrix

struct Cell {
  int level;
  std::string tool_chain;  ///< "same", "patch" or "other": which old build.
  std::string schemas;     ///< "same", "appended", "alignment" or "other": which new one.
  Answer answer;
  std::string rule;  ///< How the reason starts.
};

void PrintTo(const Cell& cell, std::ostream* stream) {
  *stream << "abi-v" << cell.level << ", tool chain " << cell.tool_chain << ", schemas " << cell.schemas;
}

std::string name_of(const testing::TestParamInfo<Cell>& cell) {
  return fmt::format("abi_v{}_tool_chain_{}_schemas_{}", cell.param.level, cell.param.tool_chain, cell.param.schemas);
}

class CompatCell : public ProcessTest, public testing::WithParamInterface<Cell> {};

TEST_P(CompatCell, is_decided_with_a_reason_and_an_exit_code) {
  const Cell& cell = GetParam();
  const std::map<std::string, std::string> schemas = {
      {"same", "no field differs"},
      {"appended", "prices.Book.closed was appended"},
      {"alignment", "the alignment of prices.Level was 4 and is 8"},
      {"other",
       "prices.Question.symbol was \"ulong = 0\" and is \"string\" (FlatBuffers: types differ for field: symbol)"}};
  const std::map<std::string, std::string> tool_chains = {
      {"same", "the tool chain is " C_TOOL_CHAIN " still"},
      {"patch", ".99 and is " C_TOOL_CHAIN},
      {"other", "the tool chain was Other 1.0.0 and is " C_TOOL_CHAIN}};
  const auto older = built(fmt::format("v{}_old_{}", cell.level, cell.tool_chain));
  const auto newer = built(fmt::format("v{}_new_{}", cell.level, cell.schemas));

  const Ran people = compat(older, newer);
  const Ran json = compat(older, newer, {"--json"});

  EXPECT_EQ(people.code, exit_code_of(cell.answer)) << people;
  EXPECT_EQ(people.errors, "");
  EXPECT_THAT(people.out, StartsWith(word_of(cell.answer) + ": prices 1.0.0+"));
  EXPECT_THAT(people.out,
              HasSubstr(fmt::format("\n  abi-v{} {}: {}; ", cell.level, cell.rule, schemas.at(cell.schemas))));
  EXPECT_THAT(people.out, HasSubstr(tool_chains.at(cell.tool_chain) + "\n"));
  EXPECT_EQ(json.code, people.code);
  EXPECT_EQ(json.json()["decision"], json_word_of(cell.answer));
  EXPECT_THAT(people.out, HasSubstr("\n  " + json.json()["reason"].get<std::string>() + "\n"));
}

constexpr auto kInPlace = Answer::InPlace;
constexpr auto kRelink = Answer::Relink;
constexpr auto kRefuse = Answer::Refuse;
const std::string kAllowed = "allows this";
const std::string kAfterBuild = "allows this once callers are built with the new schemas";
const std::string kNoAppended = "does not allow appended fields";
const std::string kNoAlignment = "does not allow another alignment";
const std::string kNoOther = "does not allow fields that do not conform";
const std::string kNoPatch = "does not allow another patch level of the tool chain";
const std::string kNoToolChain = "does not allow another tool chain";

INSTANTIATE_TEST_SUITE_P(
    Any_tool_chain_and_no_field_changed, CompatCell,
    testing::Values(Cell{1, "same", "same", kInPlace, kAllowed}, Cell{1, "same", "appended", kRefuse, kNoAppended},
                    Cell{1, "same", "alignment", kRefuse, kNoAlignment}, Cell{1, "same", "other", kRefuse, kNoOther},
                    Cell{1, "patch", "same", kInPlace, kAllowed}, Cell{1, "patch", "appended", kRefuse, kNoAppended},
                    Cell{1, "patch", "alignment", kRefuse, kNoAlignment}, Cell{1, "patch", "other", kRefuse, kNoOther},
                    Cell{1, "other", "same", kInPlace, kAllowed}, Cell{1, "other", "appended", kRefuse, kNoAppended},
                    Cell{1, "other", "alignment", kRefuse, kNoAlignment}, Cell{1, "other", "other", kRefuse, kNoOther}),
    name_of);
INSTANTIATE_TEST_SUITE_P(
    Patch_level_and_appended_fields, CompatCell,
    testing::Values(Cell{2, "same", "same", kInPlace, kAllowed}, Cell{2, "same", "appended", kInPlace, kAllowed},
                    Cell{2, "same", "alignment", kRefuse, kNoAlignment}, Cell{2, "same", "other", kRefuse, kNoOther},
                    Cell{2, "patch", "same", kInPlace, kAllowed}, Cell{2, "patch", "appended", kInPlace, kAllowed},
                    Cell{2, "patch", "alignment", kRefuse, kNoAlignment}, Cell{2, "patch", "other", kRefuse, kNoOther},
                    Cell{2, "other", "same", kRefuse, kNoToolChain},
                    Cell{2, "other", "appended", kRefuse, kNoToolChain},
                    Cell{2, "other", "alignment", kRefuse, kNoToolChain + " or another alignment"},
                    Cell{2, "other", "other", kRefuse, kNoToolChain + " or fields that do not conform"}),
    name_of);
INSTANTIATE_TEST_SUITE_P(
    Fixed_tool_chain_and_alignment, CompatCell,
    testing::Values(Cell{3, "same", "same", kInPlace, kAllowed}, Cell{3, "same", "appended", kRefuse, kNoAppended},
                    Cell{3, "same", "alignment", kRelink, kAfterBuild}, Cell{3, "same", "other", kRefuse, kNoOther},
                    Cell{3, "patch", "same", kRefuse, kNoPatch},
                    Cell{3, "patch", "appended", kRefuse, kNoPatch + " or appended fields"},
                    Cell{3, "patch", "alignment", kRefuse, kNoPatch},
                    Cell{3, "patch", "other", kRefuse, kNoPatch + " or fields that do not conform"},
                    Cell{3, "other", "same", kRefuse, kNoToolChain},
                    Cell{3, "other", "appended", kRefuse, kNoToolChain + " or appended fields"},
                    Cell{3, "other", "alignment", kRefuse, kNoToolChain},
                    Cell{3, "other", "other", kRefuse, kNoToolChain + " or fields that do not conform"}),
    name_of);

class Compat : public ProcessTest {};

TEST_F(Compat, of_two_levels_is_refused_whatever_else_is) {
  const Ran up = compat(built("v1_old_same"), built("v2_new_same"));
  const Ran down = compat(built("v3_old_same"), built("v1_new_same"));

  EXPECT_EQ(up.code, 4);
  EXPECT_THAT(up.out,
              AllOf(StartsWith("refuse: "), HasSubstr("\n  abi-v2 does not follow abi-v1: no field differs; ")));
  EXPECT_EQ(down.code, 4);
  EXPECT_THAT(down.out, HasSubstr("\n  abi-v1 does not follow abi-v3: "));
}

TEST_F(Compat, of_a_level_that_promises_nothing_is_refused) {
  const Ran ran = compat(built("v4_old_same"), built("v4_new_same"));

  EXPECT_EQ(ran.code, 4);
  EXPECT_THAT(ran.out, HasSubstr("\n  abi-v4 promises nothing: levels 1 to 3 do: no field differs; "));
}

TEST_F(Compat, of_a_build_that_does_not_say_its_tool_chain_takes_it_for_another_and_says_so) {
  const Ran from = compat(built("v2_old_unknown"), built("v2_new_same"));
  const Ran to = compat(built("v2_new_same"), built("v2_old_unknown"));

  EXPECT_EQ(from.code, 4);
  EXPECT_THAT(from.out, AllOf(HasSubstr("abi-v2 does not allow another tool chain"),
                              HasSubstr("the old one does not say its tool chain, which counts as another")));
  EXPECT_EQ(to.code, 4);
  EXPECT_THAT(to.out, HasSubstr("the new one does not say its tool chain"));
}

TEST_F(Compat, of_a_build_with_itself_is_in_place) {
  EXPECT_EQ(compat(built("v3_old_same"), built("v3_old_same")).code, 0);
}

TEST_F(Compat, of_appended_fields_the_other_way_round_is_refused_because_they_are_removed) {
  const Ran ran = compat(built("v2_new_appended"), built("v2_new_same"));

  EXPECT_EQ(ran.code, 4);
  EXPECT_THAT(ran.out, HasSubstr("prices.Book.closed was removed"));
}

TEST_F(Compat, prints_its_matrix_for_people_and_for_programs) {
  const Ran people = shunt({"compat", "--matrix"});
  const Ran json = shunt({"compat", "--matrix", "--json"});

  EXPECT_EQ(people.code, 0);
  EXPECT_THAT(people.out, HasSubstr("\nabi-v3       same         in place     refuse    re-link    refuse\n"));
  EXPECT_EQ(json.code, 0);
  EXPECT_EQ(json.json()["matrix"].size(), 11u);
  EXPECT_EQ(json.json()["matrix"][6],
            Json::parse(R"({"abi":"V3","tool_chain":"Same","None":"InPlace","Appended":"Refuse","Alignment":"Relink",
                            "Other":"Refuse"})"));
  EXPECT_TRUE(json.json()["matrix"][10]["tool_chain"].is_null());
}

TEST_F(Compat, prints_the_matrix_that_its_page_shows) {
  EXPECT_EQ(Page{SHUNT_DOCS "/compat.md"}.block("text"), shunt({"compat", "--matrix"}).out);
}

// ---- What cannot be compared

TEST_F(Compat, of_two_plugins_is_an_error_that_names_both) {
  const Ran people = compat(built("v1_old_same"), PARROT);
  const Ran json = compat(built("v1_old_same"), PARROT, {"--json"});

  EXPECT_EQ(people.code, 1);
  EXPECT_EQ(people.out, "");
  EXPECT_THAT(people.errors, AllOf(StartsWith("shunt: BadInput: "), HasSubstr("v1_old_same.so is prices and "),
                                   HasSubstr(" is parrot: name two builds of one plugin")));
  EXPECT_EQ(json.code, 1);
  EXPECT_EQ(json.error_code(), "BadInput");
}

TEST_F(Compat, of_what_is_no_plugin_is_an_error_that_names_the_file) {
  const auto plugin = built("v1_old_same");
  for (const auto& [older, newer, sentence] :
       {std::tuple{plugin, std::string("/nonexistent/new.so"), "System: /nonexistent/new.so: "},
        {std::string("/etc/passwd"), plugin, "NotAPlugin: /etc/passwd: it is not an ELF file"},
        {plugin, std::string(NO_NOTE), "without Shunt's note"}}) {
    const Ran ran = compat(older, newer);

    EXPECT_EQ(ran.code, 1) << sentence;
    EXPECT_EQ(ran.out, "");
    EXPECT_THAT(ran.errors, HasSubstr(sentence));
  }
}

TEST_F(Compat, of_a_plugin_whose_schemas_cannot_be_read_is_an_error_that_says_what_to_do) {
  const Ran ran = compat(BAD_SCHEMA, BAD_SCHEMA);

  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.errors, AllOf(HasSubstr("BadSchema: " BAD_SCHEMA ": its schema \"market.fbs\" (3 bytes) cannot be "),
                                HasSubstr("rebuild the plugin"), Not(HasSubstr("terminate"))));
}

TEST_F(Compat, of_one_file_or_of_files_with_the_matrix_is_misuse) {
  for (const Words& words :
       std::vector<Words>{{"compat"}, {"compat", PARROT}, {"compat", "--matrix", PARROT}, {"compat", "a", "b", "c"}}) {
    const Ran ran = shunt(words);

    EXPECT_EQ(ran.code, 2) << testing::PrintToString(words);
    EXPECT_EQ(ran.out, "");
    EXPECT_THAT(ran.errors, HasSubstr("say for example: shunt compat "));
  }
}

}  // namespace
}  // namespace shunt::test
