#pragma once
/// What plugins saw happen, in a file that plugins and test map: what is written there survives any kill, and the host
/// has no part in it.
///
///     auto evidence = storm::Evidence::map(path);                       // test and plugin alike
///     evidence->entry(storm::Sheet::Asked, id).done.fetch_add(1);       // plugin
///     if (evidence->entry(storm::Sheet::Asked, id).done > 1) ...        // test

#include <atomic>
#include <cstddef>
#include <cstdint>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

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

/// How often handlers were entered for one message, and how often they were through with it.
struct Entry {
  std::atomic<std::uint8_t> fresh;    ///< Entered, the message not being marked as redelivered.
  std::atomic<std::uint8_t> flagged;  ///< Entered, the message being marked as redelivered.
  std::atomic<std::uint8_t> done;     ///< Had all its effects, short of the reply.
  std::atomic<std::uint8_t> spoiled;  ///< Entered with other bytes than were sent.
};
static_assert(sizeof(Entry) == 4 && std::atomic<std::uint8_t>::is_always_lock_free);

struct Evidence {
  std::atomic<std::uint64_t> handled[2];  ///< By Actor: handlers entered, ever.
  Entry entries[kSheets][kIdsMax];

  Entry& entry(Sheet sheet, std::uint32_t id) noexcept {
    return entries[static_cast<std::size_t>(sheet) % kSheets][id % kIdsMax];
  }
  std::atomic<std::uint64_t>& handled_by(Actor actor) noexcept { return handled[static_cast<std::size_t>(actor)]; }

  /// Null when the file cannot be mapped. The file has sizeof(Evidence) bytes.
  static Evidence* map(const char* path) noexcept {
    const int fd = ::open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return nullptr;
    void* const memory = ::mmap(nullptr, sizeof(Evidence), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ::close(fd);
    return memory == MAP_FAILED ? nullptr : static_cast<Evidence*>(memory);
  }
};

}  // namespace storm
