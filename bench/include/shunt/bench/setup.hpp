#pragma once
/// What one run measures, the same for every subject in it.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace shunt::bench {

enum class Bench : std::uint8_t { Roundtrip, Stream, Fanout };
enum class Payload : std::uint8_t { Inline, Chunk };
enum class Wait : std::uint8_t { Spin, SpinThenSleep, Sleep };

/// As spelled on the command line and in JSON: "roundtrip", "chunk", "spin_then_sleep".
std::string_view name(Bench bench) noexcept;
std::string_view name(Payload payload) noexcept;
std::string_view name(Wait wait) noexcept;

/// Which core each process of a subject runs on: the sender on the first, its consumers on the others in turn.
struct Placement {
  std::vector<int> cpus;  ///< Cores this process may use, ascending; never empty.

  [[nodiscard]] int sender_cpu() const { return cpus.front(); }
  [[nodiscard]] int consumer_cpu(unsigned consumer) const {
    return cpus.size() == 1 ? cpus.front() : cpus[1 + consumer % (cpus.size() - 1)];
  }
  /// More processes than cores: a spinning one must give up its core now and then, or nobody else proceeds.
  [[nodiscard]] bool crowded(unsigned consumers) const { return cpus.size() < consumers + std::size_t{1}; }
};

/// The cores this process may run on.
Placement placement_here();

struct Setup {
  Bench bench = Bench::Roundtrip;
  Payload payload = Payload::Inline;  ///< For subjects that have both; a peer has its own.
  Wait wait = Wait::Spin;
  std::size_t bytes = 64;          ///< Payload of every message, both ways.
  unsigned consumers = 1;          ///< Processes at the other end; 1 but for fanout.
  std::uint32_t depth = 256;       ///< Messages that fit between sender and consumer; a power of two.
  std::uint32_t slot_bytes = 256;  ///< Stride of a ring slot where the payload fits, a larger one else.
  Placement placement = {};
  std::uint64_t corrupt_every = 0;  ///< For tests: spoils one payload in so many; 0 never.
};

/// The depth for payloads of `bytes`: 256, and for large ones fewer, so that no ring outgrows 64 MiB.
std::uint32_t depth_for(std::size_t bytes) noexcept;

}  // namespace shunt::bench
