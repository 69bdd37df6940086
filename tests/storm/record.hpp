#pragma once
/// What plugins say they saw: a record for every handler that was entered and for every message that had all its
/// effects, written to standard output, which a plugin may write to however confined it is. The launcher in front of it
/// put a file there (evidence_launcher.cpp): what is written to it survives any kill, and the host has no part in it.

#include <cstddef>
#include <cstdint>

namespace storm {

/// Whose messages, and on what way. The first six are recorded by witness, the rest by relay.
enum class Sheet : std::uint8_t {
  Asked,        ///< Host calls witness/ask, which is idempotent.
  Ordered,      ///< Host calls witness/order, which is not.
  Passed,       ///< Host calls relay/pass, which calls witness/order.
  Told,         ///< Host publishes storm.told to witness and to relay, not idempotent.
  Repeated,     ///< Host publishes storm.repeated to witness, idempotent.
  Forwarded,    ///< Host publishes storm.forwarded to relay, which publishes storm.repeated to witness.
  PassedBy,     ///< relay/pass, as relay saw it.
  ForwardedBy,  ///< storm.forwarded, as relay saw it.
  ToldToo,      ///< storm.told, as relay saw it.
};
inline constexpr std::size_t kSheets = 9;
inline constexpr std::uint32_t kIdsMax = 1u << 17;  ///< Per sheet.

enum class Actor : std::uint8_t { Witness, Relay };

enum class Deed : std::uint8_t {
  Fresh,    ///< Entered, the message not being marked as redelivered.
  Flagged,  ///< Entered, the message being marked as redelivered.
  Done,     ///< Had all its effects, short of the reply.
  Spoiled,  ///< Entered with other bytes than were sent.
};

/// Small enough for a write to be whole or not at all, whatever kills its writer.
struct Record {
  Actor actor;
  Sheet sheet;
  Deed deed;
  std::uint8_t mark = kMark;
  std::uint32_t id;

  static constexpr std::uint8_t kMark = 0xe7;
};
static_assert(sizeof(Record) == 8);

}  // namespace storm
