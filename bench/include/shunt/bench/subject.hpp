#pragma once
/// One way of moving messages between two processes, as the benchmark sees it: Shunt itself, or a peer to compare with.
///
/// A subject lives in a process of its own, forked for it and pinned to the placement's first core. The harness calls:
///
///     subject->supports(setup);                     // in the coordinator: no effects
///     subject->start(setup);                        // from here on in the subject's own process
///     subject->roundtrip({.warmup = 1000, .messages = 100'000}, samples);   // once a round
///     subject->stop();                              // then the process exits

#include <shunt/bench/samples.hpp>
#include <shunt/bench/setup.hpp>
#include <shunt/schemas/result.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace shunt::bench {

/// How much to send: `warmup` messages that are checked but not timed, then `messages` that are both.
struct Plan {
  std::uint64_t warmup = 0;
  std::uint64_t messages = 0;
};

struct Measured {
  std::uint64_t elapsed_ticks = 0;  ///< From after the warm-up until the last message was checked.
  std::uint64_t errors = 0;         ///< Payloads that did not check, at all ends together, warm-up included.
};

class Subject {
 public:
  Subject() = default;
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;
  virtual ~Subject() = default;

  /// Where the payload travels: in the slot or stream itself, or in a chunk of a pool.
  [[nodiscard]] virtual Payload payload() const = 0;
  /// How the reader reads it, one word: "in_place", "copy".
  [[nodiscard]] virtual std::string_view mode() const = 0;
  /// How its processes wait: as `setup` says, but for a subject that cannot wait like that here.
  [[nodiscard]] virtual Wait wait(const Setup& setup) const { return setup.wait; }
  /// An error when this subject cannot run `setup` here; its message is the reason shown to people.
  [[nodiscard]] virtual Status supports(const Setup& setup) const = 0;

  /// Starts and connects the process(es) at the other end: one echo for a round trip, `setup.consumers` consumers else.
  /// They must be asleep, not spinning, whenever no measurement runs: other subjects are measured meanwhile.
  virtual Status start(const Setup& setup) = 0;

  /// Sends and awaits the reply, one message at a time; adds one sample per message after the warm-up. Allocates
  /// nothing in its loop. Writes each request by `Pattern`; the echo checks it and writes a fresh reply, checked here.
  virtual Result<Measured> roundtrip(const Plan& plan, Samples& samples) = 0;

  /// Sends as fast as the consumers take, blocking when they are behind, losing nothing; adds one sample per
  /// `kStreamBatch` messages after the warm-up. Returns when the last consumer has checked the last message.
  virtual Result<Measured> stream(const Plan& plan, Samples& samples) = 0;

  /// Ends and reaps what start() made. Safe to call twice.
  virtual void stop() noexcept = 0;
};

/// Messages per sample of stream(): a clock read for each would be a good part of the cost of the fast ones.
inline constexpr std::uint64_t kStreamBatch = 64;

struct SubjectEntry {
  std::string name;                                  ///< As given to --subject or --against, and as printed.
  bool is_peer = false;                              ///< Something to compare with, not Shunt.
  std::function<std::unique_ptr<Subject>()> create;  ///< Without effects: start() has them.
};

/// What can be measured. `main` builds it: peers first, then Shunt's own subjects.
using Catalogue = std::vector<SubjectEntry>;

}  // namespace shunt::bench
