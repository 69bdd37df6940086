#pragma once
/// A host's end of a lane whose plugin writes anything at all, and what must hold of the host whatever is written.
///
///     HostileLane lane;
///     lane.writer()->act(bytes);   // the bytes say what the plugin writes where
///     lane.poll();                  // as a host polls; aborts with a sentence when a rule of the host's is broken

#include <shunt/bus/lane.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

namespace shunt::bus::test {

/// Reads numbers from the front of bytes; past their end, zeros.
class Bytes {
 public:
  explicit Bytes(std::span<const std::uint8_t> bytes) : rest_(bytes) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  template <typename Number>
  Number take() {
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < sizeof(Number) && !rest_.empty(); ++i, rest_ = rest_.subspan(1))
      number |= std::uint64_t{rest_.front()} << (8 * i);
    return static_cast<Number>(number);
  }

 private:
  std::span<const std::uint8_t> rest_;
};

/// All that the plugin of one lane may write, through a mapping of its own, and how far an honest one would have come.
class HostileWriter {
 public:
  HostileWriter(const LaneShape& shape, const LaneMemory& memory);

  /// Does one thing that the bytes say: from nearly honest to noise over everything. Any thread, one at a time.
  void act(Bytes& bytes);

  /// Told by the host's thread: a chunk that was just sent, which a return may name.
  void hint(std::size_t place, Returned sent) {
    hints_[place % hints_.size()].store(std::uint64_t{sent.generation} << 32 | sent.chunk.packed,
                                        std::memory_order_relaxed);
  }

  /// Told by the host's thread: how much it has sent, which an honest read position does not pass.
  void told_sent(Ring ring, std::uint64_t sent) {
    sent_by_host_[static_cast<std::size_t>(ring)].store(sent, std::memory_order_release);
  }
  /// The same for how much it has read: an honest writer does not overtake it by more than a ring.
  void told_read(Ring ring, std::uint64_t read) {
    read_by_host_[static_cast<std::size_t>(ring)].store(read, std::memory_order_release);
  }

 private:
  void store(std::size_t offset, std::uint64_t word);
  void write_slot(Bytes& bytes, bool honest);
  void write_return(Bytes& bytes, bool honest);
  void write_positions(Bytes& bytes, bool honest);
  void write_where_nobody_reads(Bytes& bytes);
  void write_noise(Bytes& bytes);
  void write_everything(Bytes& bytes);

  LaneShape shape_;
  Mapping side_;
  Mapping pool_;
  SideView view_;
  // An honest plugin's own records.
  std::array<std::uint64_t, kRings> sent_{};
  std::array<std::uint64_t, kRings> read_{};
  std::uint64_t chunks_sent_ = 0;
  std::uint64_t returned_ = 0;
  // What the host tells.
  std::array<std::atomic<std::uint64_t>, 8> hints_{};
  std::array<std::atomic<std::uint64_t>, kRings> sent_by_host_{};
  std::array<std::atomic<std::uint64_t>, kRings> read_by_host_{};
};

class HostileLane {
 public:
  HostileLane();
  ~HostileLane();

  /// One turn of a host: sends, looks at positions and marks, harvests, takes what came, gives some of it back. After a
  /// breach the lane is ended and a fresh one made. Returns that breach, or None.
  Breach poll();

  /// The plugin of the present lane. It may write on after the lane has ended, while it is held.
  [[nodiscard]] std::shared_ptr<HostileWriter> writer() const { return writer_; }

  [[nodiscard]] std::uint64_t accepted() const { return accepted_; }
  [[nodiscard]] std::uint64_t harvested() const { return harvested_; }
  [[nodiscard]] std::uint64_t lanes() const { return lanes_; }
  /// How often each breach ended a lane.
  [[nodiscard]] const std::map<Breach, std::uint64_t>& breaches() const { return breaches_; }

 private:
  struct Received {
    ChunkId chunk;
    std::uint32_t generation = 0;
  };

  void open();
  void end();
  void send();
  void look_at_positions();
  void harvest();
  void receive(Ring ring);
  void check_incoming(const Incoming& message);
  void give_back_some();

  PoolGeometry inbound_geometry_;
  Mapping inbound_memory_;
  std::unique_ptr<ChunkPool> inbound_;
  LaneShape shape_;
  std::unique_ptr<LaneEnd> host_;
  std::shared_ptr<HostileWriter> writer_;

  // What the host knows by itself, kept apart from the bus's own records to be compared with them.
  std::map<std::uint32_t, std::uint32_t> sent_chunks_;  // packed id -> generation
  std::vector<Received> received_;
  std::array<std::uint64_t, kRings> read_seen_{};
  std::array<LaneSender::Marks, kRings> marks_seen_{};
  std::uint64_t turn_ = 0;

  std::uint64_t accepted_ = 0;
  std::uint64_t harvested_ = 0;
  std::uint64_t lanes_ = 0;
  std::uint64_t checksum_ = 0;
  std::map<Breach, std::uint64_t> breaches_;
};

/// One input of a fuzzer: the bytes are what the plugin does, a host's turn after each few of them.
void poll_hostile_plugin(std::span<const std::uint8_t> input);

}  // namespace shunt::bus::test
