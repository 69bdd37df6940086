#include <shunt/bench/report.hpp>

#include <flatbuffers/idl.h>
#include <gtest/gtest.h>

namespace shunt::bench {
namespace {

const Origin kOrigin{.machine = "a \"quoted\" processor, 2 cores", .governor = "none", .commit = "0123456789ab"};

Outcome measured() {
  Outcome outcome;
  outcome.subject = "ring_padded";
  outcome.mode = "in_place";
  outcome.rounds = 5;
  outcome.p50_ns = 110.25;
  outcome.p99_ns = 1234.5;
  outcome.per_second = 9e6;
  outcome.ratios = {{"iceoryx", 0.0625}, {"ring_padded_again", 1.0}};
  return outcome;
}

/// What a strict parser reads from `line`, in `buffer`.
flexbuffers::Map parsed(const std::string& line, flexbuffers::Builder& buffer) {
  flatbuffers::Parser parser;
  EXPECT_TRUE(parser.ParseFlexBuffer(line.c_str(), nullptr, &buffer)) << parser.error_ << "\n" << line;
  return flexbuffers::GetRoot(buffer.GetBuffer()).AsMap();
}

TEST(Json, a_line_has_every_key_with_its_value) {
  flexbuffers::Builder buffer;
  const auto line = parsed(to_json(measured(), BenchOptions{}, kOrigin), buffer);

  EXPECT_EQ(line["bench"].AsString().str(), "roundtrip");
  EXPECT_EQ(line["subject"].AsString().str(), "ring_padded");
  EXPECT_EQ(line["payload"].AsString().str(), "inline");
  EXPECT_EQ(line["mode"].AsString().str(), "in_place");
  EXPECT_EQ(line["bytes"].AsInt64(), 64);
  EXPECT_EQ(line["wait"].AsString().str(), "spin");
  EXPECT_EQ(line["consumers"].AsInt64(), 1);
  EXPECT_EQ(line["rounds"].AsInt64(), 5);
  EXPECT_DOUBLE_EQ(line["p50_ns"].AsDouble(), 110.25);
  EXPECT_DOUBLE_EQ(line["p99_ns"].AsDouble(), 1234.5);
  EXPECT_DOUBLE_EQ(line["per_second"].AsDouble(), 9e6);
  EXPECT_EQ(line["errors"].AsInt64(), 0);
  EXPECT_DOUBLE_EQ(line["spread"].AsDouble(), 0);
  EXPECT_DOUBLE_EQ(line["ratios"].AsMap()["iceoryx"].AsDouble(), 0.0625);
  EXPECT_DOUBLE_EQ(line["ratios"].AsMap()["ring_padded_again"].AsDouble(), 1);
  EXPECT_TRUE(line["unavailable"].IsNull());
  EXPECT_EQ(line["machine"].AsString().str(), kOrigin.machine);
  EXPECT_EQ(line["governor"].AsString().str(), "none");
  EXPECT_EQ(line["commit"].AsString().str(), "0123456789ab");
}

TEST(Json, a_subject_that_was_not_measured_has_a_reason_and_no_numbers) {
  Outcome outcome = measured();
  outcome.unavailable = "no private mounts:\n\"refused\"";
  flexbuffers::Builder buffer;

  const auto line = parsed(to_json(outcome, BenchOptions{}, kOrigin), buffer);

  EXPECT_EQ(line["unavailable"].AsString().str(), outcome.unavailable);
  EXPECT_TRUE(line["p50_ns"].IsNull());
  EXPECT_TRUE(line["p99_ns"].IsNull());
  EXPECT_TRUE(line["per_second"].IsNull());
}

TEST(Table, it_names_machine_governor_and_commit_and_each_subject) {
  Outcome refused = measured();
  refused.subject = "iceoryx";
  refused.unavailable = "no private mounts for this user";

  const std::string table = to_table({measured(), refused}, BenchOptions{}, kOrigin);

  for (const char* text : {"Round trip of 64 bytes, spinning", "2 cores", "governor none", "commit 0123456789ab",
                           "ring_padded", "9,000,000", "iceoryx", "not measured: no private mounts for this user"})
    EXPECT_NE(table.find(text), std::string::npos) << text << " is missing from\n" << table;
}

TEST(Origin, of_this_machine_is_known) {
  const Origin origin = origin_here();

  EXPECT_NE(origin.machine.find("cores"), std::string::npos);
  EXPECT_NE(origin.governor, "");
  EXPECT_NE(origin.commit, "");
}

}  // namespace
}  // namespace shunt::bench
