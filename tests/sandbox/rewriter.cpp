/// Sends values, and all the while rewrites what it has sent where it lies: the payloads in its slots and in its
/// chunks, their words most of the time, and now and then all of them, lengths and offsets too.
#include "rewriter_contract.hpp"
#include "serving_state.hpp"  // the runtime, which lies in the plugin's process: any code there can find the lane

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <thread>

namespace {

using shunt::bus::Slot;

constexpr std::size_t kInlineWords = 8;
constexpr std::size_t kChunkWords = 128;
constexpr std::size_t kSpoiledWords = 5;  // before those: where the value's table and the length of its words lie
constexpr std::uint64_t kPassesPerSpoiling = 16;
constexpr std::uint64_t kSent = std::uint64_t{1} << 63;

/// What is written here is read by the host at the same time: nobody's data race but the writer's.
void write_words(std::uint64_t* from, std::size_t words, std::uint64_t value) {
  for (std::size_t i = 0; i < words; ++i) __atomic_store_n(from + i, value, __ATOMIC_RELAXED);
}

/// The slots of our rings, as layout.hpp has them.
std::span<Slot> slots_of(shunt::bus::Side& side) {
  const std::size_t returns = side.header.return_slots * sizeof(std::uint64_t);
  const std::size_t offset = (shunt::bus::kReturnRingOffset + returns + sizeof(Slot) - 1) / sizeof(Slot) * sizeof(Slot);
  auto* const first = reinterpret_cast<Slot*>(reinterpret_cast<std::byte*>(&side) + offset);
  return {first, std::size_t{side.header.slots} * shunt::bus::kRings};
}

class Rewriter final : public rewriter::Contract {
  shunt::Status init(const rewriter::Config&) override { return {}; }
  shunt::Status activate() override {
    thread_ = std::thread{[this] { rewrite_all(); }};
    return {};
  }
  void cleanup() noexcept override {
    ended_ = true;
    if (thread_.joinable()) thread_.join();
  }

  shunt::Status publish(const shunt::Context&, const rewriter::Order& order,
                        shunt::Reply<rewriter::Order>& reply) override {
    numbers_only_ = order.numbers_only();
    for (std::uint32_t i = 0; i < order.messages(); ++i) {
      auto sent = publish_rewritten_values([&](auto& build) { return value(build, order.chunk()); },
                                           {.payload = place(order.chunk())});
      if (!sent && sent.error().code != shunt::ErrorCode::QuotaExceeded &&
          sent.error().code != shunt::ErrorCode::RingFull)
        return sent;
    }
    return reply.send([&](auto& build) { return rewriter::CreateOrder(build, order.messages()); });
  }

  shunt::Status answer(const shunt::Context&, const rewriter::Order& order,
                       shunt::Reply<rewriter::Value>& reply) override {
    numbers_only_ = order.numbers_only();
    return reply.send([&](auto& build) { return value(build, order.chunk()); }, {.payload = place(order.chunk())});
  }

  static shunt::Payload place(bool chunk) { return chunk ? shunt::Payload::Chunk : shunt::Payload::Auto; }

  template <typename Builder>
  flatbuffers::Offset<rewriter::Value> value(Builder& build, bool chunk) {
    const std::size_t words = chunk ? kChunkWords : kInlineWords;
    std::uint64_t* data = nullptr;
    const auto vector = build.CreateUninitializedVector(words, &data);
    write_words(data, words, kSent | ++sent_);
    if (chunk) remember(data);
    return rewriter::CreateValue(build, vector);
  }

  /// Where a chunk's words lie; a chunk that is used again is there already.
  void remember(std::uint64_t* words) {
    for (auto& chunk : chunks_) {
      std::uint64_t* none = nullptr;
      if (chunk == words || chunk.compare_exchange_strong(none, words)) return;
    }
  }

  void rewrite_all() {
    const auto slots = slots_of(shunt_link().runtime->lane.mine());
    for (std::uint64_t pass = 1; !ended_; ++pass) {
      const bool spoil = pass % kPassesPerSpoiling == 0 && !numbers_only_;
      for (Slot& slot : slots) rewrite(slot, pass, spoil);
      for (const auto& chunk : chunks_) {
        std::uint64_t* const words = chunk;
        if (words == nullptr) break;
        const std::size_t before = spoil ? kSpoiledWords : 0;
        write_words(words - before, kChunkWords + before, pass);
      }
    }
  }

  /// The words are the end of a payload.
  static void rewrite(Slot& slot, std::uint64_t pass, bool spoil) {
    const std::size_t words = slot.header.payload_bytes / sizeof(pass);
    if (slot.header.place != shunt::bus::Place::Inline || words < kInlineWords || words > 24) return;
    auto* const payload = reinterpret_cast<std::uint64_t*>(slot.payload.data());
    const std::size_t from = spoil ? 0 : words - kInlineWords;
    write_words(payload + from, words - from, pass);
  }

  std::thread thread_;
  std::atomic<bool> ended_{false};
  std::atomic<bool> numbers_only_{true};
  std::array<std::atomic<std::uint64_t*>, 512> chunks_{};
  std::uint64_t sent_ = 0;
};

}  // namespace

SHUNT_PLUGIN(Rewriter)
