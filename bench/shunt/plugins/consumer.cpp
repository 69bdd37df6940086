// The other end of every measurement of Shunt's own API: checks what comes, and answers in kind.
#include <shunt/bench/clock.hpp>
#include <shunt/bench/mark.hpp>
#include <shunt/bench/pattern.hpp>

#include CONTRACT_HEADER

namespace {

using shunt::bench::Pattern;

class Consumer final : public CONTRACT_NAMESPACE::Contract {
  shunt::Status init(const CONTRACT_NAMESPACE::Config& config) override {
    options_.payload = config.chunk ? shunt::Payload::Chunk : shunt::Payload::Auto;
    return {};
  }

  shunt::Status echo(const shunt::Context&, const bench::Blob& blob, shunt::Reply<bench::Blob>& reply) override {
    if (!checks(blob)) return shunt::error(shunt::ErrorCode::BadPayload, "payload {} did not check", blob.sequence());
    return reply.send(
        [&](auto& build) {
          const std::uint64_t sequence = blob.sequence() | Pattern::kReply;
          std::uint8_t* data = nullptr;
          const auto vector = build.CreateUninitializedVector(blob.data()->size(), 1, &data);
          Pattern{blob.data()->size()}.write(reinterpret_cast<std::byte*>(data), sequence);
          return bench::CreateBlob(build, sequence, flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>>(vector));
        },
        options_);
  }

  shunt::Status served(const shunt::Context&, const bench::Question& question,
                       shunt::Reply<bench::Served>& reply) override {
    auto status = reply.send([&](auto& build) { return bench::CreateServed(build, messages_, errors_, end_ticks_); });
    if (question.reset()) messages_ = errors_ = end_ticks_ = 0;
    return status;
  }

  shunt::Status on_bench_stream(const shunt::Context&, const shunt::Received<bench::Blob>& blob) override {
    shunt::bench::mark();
    ++messages_;
    errors_ += checks(*blob) ? 0 : 1;
    end_ticks_ = shunt::bench::ticks();
    return {};
  }

  static bool checks(const bench::Blob& blob) {
    return blob.data() != nullptr &&
           Pattern{blob.data()->size()}.check(reinterpret_cast<const std::byte*>(blob.data()->data()), blob.sequence());
  }

  shunt::SendOptions options_;
  std::uint64_t messages_ = 0;
  std::uint64_t errors_ = 0;
  std::uint64_t end_ticks_ = 0;
};

}  // namespace

SHUNT_PLUGIN(Consumer)
