#pragma once
/// A plugin's end of a lane, for one that writes what it likes.

#include <shunt/bus/lane.hpp>
#include <shunt/plugin-kit/runtime/control_channel.hpp>
#include <shunt/schemas/control_generated.h>

#include <array>
#include <cstring>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace shunt::test {

/// Somebody else's words, one by one: nothing here asks whether they may be written.
class Liar {
 public:
  Liar(kit::ControlPacket& attach) : control_(std::move(attach.descriptors[5])) {
    attach.message().body_as_Attach()->UnPackTo(&agreement_);
    const auto shape = bus::LaneShape::of(agreement_.slots, classes(agreement_.inbound), classes(agreement_.outbound));
    shape_ = shape.value();
    pool_ = bus::Mapping::map(attach.descriptors[4].get(), shape_.outbound.bytes(), bus::Access::ReadWrite);
    plugin_side_ = bus::Mapping::map(attach.descriptors[2].get(), shape_.plugin_side.bytes(), bus::Access::ReadWrite);
    host_side_ = bus::Mapping::map(attach.descriptors[1].get(), shape_.host_side.bytes(), bus::Access::ReadOnly);
    mine_ = bus::SideView::of(plugin_side_->data(), shape_.plugin_side);
    theirs_ = bus::SideView::of(host_side_->data(), shape_.host_side);
  }

  // ---- What a plugin does

  void enter_phases() {
    say(control::Phase::Load);
    for (const auto phase : {control::Phase::Init, control::Phase::Validate, control::Phase::Activate}) {
      if (!control_.receive()) ::_exit(1);
      say(phase);
    }
  }
  void say(control::Phase phase, std::uint16_t code = 0) const {
    control::EnteredT entered;
    entered.phase = phase;
    entered.code = code;
    static_cast<void>(control_.send(std::move(entered)));
  }

  void feel(std::uint8_t state) const {
    control::HealthT health;
    health.state = static_cast<control::HealthState>(state);
    static_cast<void>(control_.send(std::move(health)));
  }

  /// Tells of a failure that nobody waits for, the `count`-th.
  void stumble(std::uint64_t count) const {
    control::FailuresT failures;
    failures.count = count;
    failures.text = "stumbled";
    static_cast<void>(control_.send(std::move(failures)));
  }

  /// Answers init once it has been asked for cleanup too, as a plugin does that is stopped while init runs.
  [[noreturn]] void answer_late() const {
    say(control::Phase::Load);
    for (int i = 0; i < 2; ++i)
      if (!control_.receive()) ::_exit(1);
    say(control::Phase::Init);
    clean_up();
  }
  [[noreturn]] void clean_up() const {
    say(control::Phase::Cleanup);
    ::_exit(0);
  }

  /// The next message of the data ring that `fits`, once it is there; read positions are left as they are.
  bus::MessageHeader await_message(const std::function<bool(const bus::MessageHeader&)>& fits) {
    for (;;) {
      const bus::Slot& slot = theirs_.rings[0][taken_ % shape_.host_side.slots];
      while (slot.commit.load(std::memory_order_acquire) != taken_ + 1) ::usleep(100);
      ++taken_;
      if (const auto header = bus::read_once(slot.header); fits(header)) return header;
    }
  }
  bus::MessageHeader await_request() {
    return await_message([](const auto& header) { return header.kind == bus::Kind::Request; });
  }
  bus::MessageHeader await_chunk() {
    return await_message([](const auto& header) { return header.place == bus::Place::Chunk; });
  }

  void send(bus::Ring ring, const bus::MessageHeader& header) {
    const auto index = static_cast<std::size_t>(ring);
    bus::Slot& slot = mine_.rings[index][sent_[index] % shape_.plugin_side.slots];
    slot.header = header;
    slot.commit.store(++sent_[index], std::memory_order_release);
  }
  /// Answers the next request with a failure of so many frames, in a chunk of the largest class.
  void fail(std::size_t frames) {
    auto header = reply_to(await_request());
    flatbuffers::FlatBufferBuilder build;
    build.Finish(control::CreateFailure(build, build.CreateString("it failed"),
                                        build.CreateVector(std::vector<std::uint64_t>(frames, 4096))));
    header.place = bus::Place::Chunk;
    header.chunk = bus::ChunkId::of(static_cast<std::uint32_t>(shape_.outbound.classes().size() - 1), 0);
    header.generation = 1;
    header.payload_bytes = build.GetSize();
    header.status = static_cast<std::uint16_t>(static_cast<std::uint16_t>(ErrorCode::PluginFailed) + 1);
    std::memcpy(pool_->data() + shape_.outbound.offset(header.chunk), build.GetBufferPointer(), build.GetSize());
    send(bus::Ring::Reply, header);
  }
  // ---- What one does that looks busy and answers nobody

  /// Marks of everything that it was sent by now: begun and done. Order matters: done is never ahead of begun.
  void claim_all() {
    while (theirs_.rings[0][taken_ % shape_.host_side.slots].commit.load(std::memory_order_acquire) == taken_ + 1)
      ++taken_;
    claim(taken_);
  }
  void claim(std::uint64_t count) const {
    positions().begun[0].store(count, std::memory_order_release);
    positions().done[0].store(count, std::memory_order_release);
  }
  void free(std::uint64_t count) const { positions().read[0].store(count, std::memory_order_release); }
  void show_life() const {
    mine_.fixed->doorbell.rung.fetch_add(1, std::memory_order_relaxed);
    mine_.fixed->statistics.handled.fetch_add(1, std::memory_order_relaxed);
  }
  void publish_if_there_is_room() {
    if (sent_[0] - theirs_.fixed->positions.read[0].load(std::memory_order_acquire) < shape_.plugin_side.slots)
      send(bus::Ring::Data, publication());
  }

  void give_back(std::uint32_t packed, std::uint32_t generation, std::uint64_t tag) {
    mine_.returns[returned_++].store(std::uint64_t{generation} << 32 | std::uint64_t{packed} << 8 | tag,
                                     std::memory_order_release);
  }

  [[nodiscard]] bool is_first() const { return agreement_.instance == 1; }
  [[nodiscard]] std::uint32_t news() const { return agreement_.topics_out.front(); }
  [[nodiscard]] std::uint32_t orders() const { return agreement_.topics_in.front(); }
  [[nodiscard]] std::uint32_t callee() const { return agreement_.calls.front(); }
  [[nodiscard]] std::uint32_t function() const { return agreement_.functions.front(); }
  [[nodiscard]] std::uint64_t taken() const { return taken_; }
  [[nodiscard]] bus::Positions& positions() const { return mine_.fixed->positions; }
  [[nodiscard]] bus::SideView& mine() { return mine_; }
  [[nodiscard]] const kit::ControlChannel& control() const { return control_; }

  /// A publication that would be right as it is.
  [[nodiscard]] bus::MessageHeader publication() const {
    bus::MessageHeader header;
    header.route = news();
    header.kind = bus::Kind::Publication;
    return header;
  }
  [[nodiscard]] bus::MessageHeader in_chunk(bus::ChunkId chunk, std::uint32_t bytes, std::uint32_t offset = 0) const {
    bus::MessageHeader header = publication();
    header.place = bus::Place::Chunk;
    header.chunk = chunk;
    header.generation = 1;
    header.payload_bytes = bytes;
    header.payload_offset = offset;
    return header;
  }
  [[nodiscard]] bus::MessageHeader inside(std::uint32_t bytes) const {
    bus::MessageHeader header = publication();
    header.place = bus::Place::Inline;
    header.payload_bytes = bytes;
    return header;
  }
  [[nodiscard]] bus::MessageHeader reply_to(const bus::MessageHeader& request) const {
    bus::MessageHeader header;
    header.route = request.route;
    header.kind = bus::Kind::Reply;
    header.correlation = request.correlation;
    header.status = 1;
    return header;
  }
  [[nodiscard]] bus::MessageHeader call_for(std::uint64_t parent) const {
    bus::MessageHeader header;
    header.route = callee();
    header.kind = bus::Kind::Request;
    header.correlation = 1;
    header.parent = parent;
    return header;
  }

 private:
  static std::vector<bus::SizeClass> classes(const std::vector<std::unique_ptr<control::SizeClassT>>& from) {
    std::vector<bus::SizeClass> result;
    result.reserve(from.size());
    for (const auto& each : from) result.push_back({each->bytes, each->chunks});
    return result;
  }

  kit::ControlChannel control_;
  control::AttachT agreement_;
  bus::LaneShape shape_;
  Result<bus::Mapping> plugin_side_ = tl::make_unexpected(Error{});
  Result<bus::Mapping> pool_ = tl::make_unexpected(Error{});
  Result<bus::Mapping> host_side_ = tl::make_unexpected(Error{});
  bus::SideView mine_;
  bus::SideView theirs_;
  std::uint64_t taken_ = 0;
  std::array<std::uint64_t, bus::kRings> sent_{};
  std::uint64_t returned_ = 0;
};

}  // namespace shunt::test
