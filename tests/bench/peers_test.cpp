#include "descendants.hpp"

#include <shunt/bench/peers.hpp>
#include <shunt/bench/run.hpp>

#include <algorithm>
#include <string>
#include <tuple>

#include <gtest/gtest.h>

namespace shunt::bench {
namespace {

BenchOptions tiny(const std::string& peer) {
  BenchOptions options;
  options.against = {peer};
  options.rounds = 2;
  options.messages = 2000;
  options.limit = std::chrono::seconds{60};
  return options;
}

/// Every measurement of a run must have succeeded. On a machine that lets nobody make a namespace iceoryx cannot run;
/// it then says so in a sentence.
void expect_whole(const Result<std::vector<Outcome>>& outcomes, unsigned rounds) {
  ASSERT_TRUE(outcomes) << outcomes.error().message;
  if (outcomes->front().unavailable.find("no private mounts") != std::string::npos)
    GTEST_SKIP() << outcomes->front().unavailable;
  ASSERT_EQ(outcomes->size(), 2U) << "the peer, and the peer again";
  for (const Outcome& outcome : *outcomes) {
    EXPECT_EQ(outcome.unavailable, "");
    EXPECT_EQ(outcome.errors, 0U);
    EXPECT_EQ(outcome.rounds, rounds);
    EXPECT_GT(outcome.per_second, 0);
  }
}

class EveryPeer : public testing::TestWithParam<std::tuple<std::string, Bench, Wait>> {};

TEST_P(EveryPeer, moves_every_payload_whole_and_leaves_no_process_behind) {
  const auto [peer, bench, wait] = GetParam();
  BenchOptions options = tiny(peer);
  options.bench = bench;
  options.wait = wait;
  if (wait != Wait::Spin) options.messages = 500;
  Descendants descendants;

  const auto outcomes = measure(options, peers());

  expect_whole(outcomes, options.rounds);
  EXPECT_TRUE(descendants.all_gone());
}

std::string test_name(const testing::TestParamInfo<EveryPeer::ParamType>& info) {
  const auto& [peer, bench, wait] = info.param;
  return peer + "_" + std::string{name(bench)} + "_" + std::string{name(wait)};
}

const auto kPeers = testing::Values("ring_padded", "ring_inline", "iceoryx", "uds", "pipe");

INSTANTIATE_TEST_SUITE_P(Spinning, EveryPeer,
                         testing::Combine(kPeers, testing::Values(Bench::Roundtrip, Bench::Stream, Bench::Fanout),
                                          testing::Values(Wait::Spin)),
                         test_name);
INSTANTIATE_TEST_SUITE_P(Sleeping, EveryPeer,
                         testing::Combine(kPeers, testing::Values(Bench::Roundtrip, Bench::Stream),
                                          testing::Values(Wait::Sleep, Wait::SpinThenSleep)),
                         test_name);

class Payloads : public testing::TestWithParam<std::string> {};

TEST_P(Payloads, a_spoiled_payload_is_counted_at_both_ends) {
  BenchOptions options = tiny(GetParam());
  options.corrupt_every = 100;

  const auto outcomes = measure(options, peers());

  ASSERT_TRUE(outcomes) << outcomes.error().message;
  if (outcomes->front().unavailable.find("no private mounts") != std::string::npos)
    GTEST_SKIP() << outcomes->front().unavailable;
  // Warm-up of 512 and 2000 messages, twice: sequence numbers 0 .. 5023, one in 100 spoiled in each direction.
  for (const Outcome& outcome : *outcomes) EXPECT_EQ(outcome.errors, 2U * 51U) << outcome.unavailable;
}

TEST_P(Payloads, one_larger_than_any_buffer_of_the_kernel_arrives_whole) {
  BenchOptions options = tiny(GetParam());
  options.bytes = (std::size_t{1} << 19) + 5;
  options.rounds = 1;
  options.messages = 5;

  expect_whole(measure(options, peers()), options.rounds);
}

TEST_P(Payloads, one_that_fills_its_slot_to_the_last_byte_or_outgrows_it_arrives_whole) {
  for (const std::size_t bytes : {8U, 248U, 249U, 257U}) {
    BenchOptions options = tiny(GetParam());
    options.bytes = bytes;
    options.rounds = 1;
    options.messages = 600;

    expect_whole(measure(options, peers()), options.rounds);
  }
}

INSTANTIATE_TEST_SUITE_P(OfEveryPeer, Payloads, kPeers, [](const auto& peer) { return peer.param; });

}  // namespace
}  // namespace shunt::bench
