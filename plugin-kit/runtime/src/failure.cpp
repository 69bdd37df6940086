#include "failure.hpp"

#include <shunt/bus/layout.hpp>
#include <shunt/schemas/assert.hpp>
#include <shunt/schemas/control_generated.h>
#include <shunt/schemas/limits.hpp>

#include <algorithm>

namespace shunt::kit {
namespace {

constexpr std::size_t kShortTextBytes = 96;
constexpr std::size_t kShortFrames = 4;

/// Gives a FlatBufferBuilder one fixed piece of memory. It never asks for more: texts and frames are cut before.
class FixedMemory final : public flatbuffers::Allocator {
 public:
  explicit FixedMemory(std::span<std::uint8_t> memory) : memory_(memory) {}
  std::uint8_t* allocate(std::size_t size) override {
    SHUNT_ASSERT(size <= memory_.size());
    return memory_.data();
  }
  void deallocate(std::uint8_t*, std::size_t) override {}

 private:
  std::span<std::uint8_t> memory_;
};

}  // namespace

std::span<const std::byte> FailureBuilder::build(std::string_view text,
                                                 std::span<const std::uint64_t> frames) noexcept {
  FixedMemory memory{memory_};
  flatbuffers::FlatBufferBuilder builder{memory_.size(), &memory};
  text = text.substr(0, kTextBytesMax);
  frames = frames.first(std::min(frames.size(), kFramesMax));
  const auto message = builder.CreateString(text.data(), text.size());
  const auto places = builder.CreateVector(frames.data(), frames.size());
  builder.Finish(control::CreateFailure(builder, message, places));
  return std::as_bytes(std::span{builder.GetBufferPointer(), builder.GetSize()});
}

std::span<const std::byte> FailureBuilder::build_short(std::string_view text,
                                                       std::span<const std::uint64_t> frames) noexcept {
  const auto payload = build(text.substr(0, kShortTextBytes), frames.first(std::min(frames.size(), kShortFrames)));
  SHUNT_ASSERT(payload.size() <= bus::kInlineBytesMax);
  return payload;
}

std::optional<std::string_view> failure_text(std::span<const std::byte> payload) noexcept {
  flatbuffers::Verifier verifier{reinterpret_cast<const std::uint8_t*>(payload.data()), payload.size(), kVerifyDepthMax,
                                 kVerifyTablesMax};
  if (!verifier.VerifyBuffer<control::Failure>(nullptr)) return std::nullopt;
  const auto* const message = flatbuffers::GetRoot<control::Failure>(payload.data())->message();
  if (message == nullptr || message->size() == 0) return std::nullopt;
  return std::string_view{message->c_str(), message->size()};
}

}  // namespace shunt::kit
