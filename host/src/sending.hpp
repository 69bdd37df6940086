#pragma once
/// What a sender says and hears, beside the message.

#include <shunt/bus/doorbell.hpp>
#include <shunt/schemas/hints.hpp>

#include <cstdint>

namespace shunt::host {

class InboundPool;

/// How a publication fared, over all receivers.
struct Sent {
  std::uint32_t in_ring = 0;
  std::uint32_t in_backlog = 0;
  std::uint32_t dropped = 0;
  std::uint32_t conflated = 0;
  std::uint32_t refused = 0;
  InboundPool* used_up = nullptr;  ///< Had no chunk for a receiver that must not lose it.
};

/// How long, and how, a thread waits for its reply.
struct CallRequest {
  std::int64_t asked_ns = 0;
  std::int64_t deadline_ns = 0;
  bus::Wait wait = bus::Wait::SpinThenSleep;
  std::int64_t origin_ns = 0;    ///< 0: none.
  std::uint64_t key = 0;         ///< 0: none.
  const Hints* hints = nullptr;  ///< Null: none.
};

}  // namespace shunt::host
