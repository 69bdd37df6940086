// One chunk, written once, to every lane of a compartment.

#include "lane_pair.hpp"

#include <cstring>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

namespace shunt::bus::test {
namespace {

constexpr std::size_t kLanes = 5;

struct FanOut : testing::Test {
  FanOut() {
    for (std::size_t i = 0; i < kLanes; ++i) lanes.push_back(std::make_unique<LanePair>(inbound));
  }

  /// Builds once and sends to every lane; the publisher lets go of its own hold.
  LoanedChunk publish(std::string_view text) {
    const auto loan = inbound.pool.loan(text.size()).value();
    std::memcpy(loan.data, text.data(), text.size());
    for (auto& lane : lanes) {
      inbound.pool.hold(loan.chunk);
      lane->host->sender.push(Ring::Data, chunk_header(loan, text.size()), {});
    }
    inbound.pool.release(loan.chunk);
    return loan;
  }
  void take_and_give_back(LanePair& lane) {
    const auto message = *lane.plugin->receiver.next(Ring::Data);
    lane.plugin->receiver.give_back(message.header.chunk, message.header.generation);
    lane.plugin->receiver.free(Ring::Data);
    lane.host->sender.harvest([&](ChunkId chunk) { inbound.pool.release(chunk); });
  }

  InboundPool inbound;
  std::vector<std::unique_ptr<LanePair>> lanes;
};

TEST_F(FanOut, every_lane_reads_the_same_chunk) {
  const auto loan = publish("to all of you");

  for (auto& lane : lanes) {
    const auto message = lane->plugin->receiver.next(Ring::Data);
    ASSERT_NE(message, nullptr);
    EXPECT_EQ(message->header.chunk, loan.chunk);
    EXPECT_EQ(text_of(message->payload), "to all of you");
  }
  EXPECT_EQ(inbound.pool.used_chunks(), 1u);
}

TEST_F(FanOut, the_chunk_is_free_when_the_last_lane_has_given_it_back) {
  publish("x");

  for (std::size_t i = 0; i + 1 < kLanes; ++i) {
    take_and_give_back(*lanes[i]);
    EXPECT_EQ(inbound.pool.used_chunks(), 1u);
  }
  take_and_give_back(*lanes.back());

  EXPECT_EQ(inbound.pool.used_chunks(), 0u);
}

TEST_F(FanOut, the_death_of_one_reader_neither_frees_the_others_chunk_nor_leaks_it) {
  publish("x");
  ASSERT_NE(lanes[0]->plugin->receiver.next(Ring::Data), nullptr);

  lanes[0]->plugin.reset();
  lanes[0]->host->sender.reclaim([&](ChunkId chunk) { inbound.pool.release(chunk); });
  EXPECT_EQ(inbound.pool.used_chunks(), 1u);
  for (std::size_t i = 1; i < kLanes; ++i) take_and_give_back(*lanes[i]);

  EXPECT_EQ(inbound.pool.used_chunks(), 0u);
}

TEST_F(FanOut, a_chunk_counts_once_in_every_lane_that_holds_it) {
  publish("x");
  take_and_give_back(*lanes[0]);

  EXPECT_EQ(lanes[0]->host->sender.held(), 0u);
  for (std::size_t i = 1; i < kLanes; ++i) EXPECT_EQ(lanes[i]->host->sender.held(), 1u);
}

TEST_F(FanOut, a_return_by_a_lane_that_was_not_sent_the_chunk_is_a_breach_of_that_lane_alone) {
  const auto loan = inbound.pool.loan(1).value();
  lanes[0]->host->sender.push(Ring::Data, chunk_header(loan, 1), {});

  lanes[1]->plugin->receiver.give_back(loan.chunk, loan.generation);
  for (auto& lane : lanes) lane->host->sender.harvest([&](ChunkId chunk) { inbound.pool.release(chunk); });

  EXPECT_EQ(lanes[1]->host->breach(), Breach::ReturnNotHeld);
  EXPECT_EQ(lanes[0]->host->breach(), Breach::None);
  EXPECT_EQ(inbound.pool.used_chunks(), 1u);
}

}  // namespace
}  // namespace shunt::bus::test
