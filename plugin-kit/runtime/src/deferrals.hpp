#pragma once
/// Requests whose answers come later than their handlers are left, by any thread of the plugin.
///
/// One that nobody waits for any more, because its deadline passed or its caller cancelled, is answered here, so that
/// nothing waits for the plugin; whoever answers it later hears that.

#include "command_box.hpp"
#include "hand.hpp"
#include "last_error.hpp"
#include "outbox.hpp"
#include "threads_lock.hpp"
#include "window.hpp"

#include <atomic>
#include <optional>
#include <string_view>
#include <vector>

namespace shunt::kit {

/// Every function takes the lock, but those that are given it or say so. Allocates at creation only. `int` results as
/// in plugin.h.
class Deferrals {
 public:
  /// `places`: how many there can be at once, 1 .. kPlacesMax; whoever begins requests sees to it.
  Deferrals(bus::LaneEnd& lane, std::uint32_t places, ThreadsLock& lock, Outbox& outbox, CommandBox& commands,
            LastError& error);

  static constexpr std::uint32_t kPlacesMax = 1u << 16;

  /// Whether a message's token is that of a deferred answer. The host's names for requests do not come so far, and
  /// those of publications have the bit above it.
  [[nodiscard]] static bool names(std::uint64_t token) noexcept { return token >> 62 == 1; }

  /// Whether messages end in another order than they came: until they do not, the window says what is done. Acquire
  /// pairs with the release by whoever ended the last of them.
  [[nodiscard]] bool out_of_order() const noexcept { return out_of_order_.load(std::memory_order_acquire); }

  /// The request in hand, which was not answered, will be. By its serving thread.
  void defer(Hand& hand, const shunt_message& request, shunt_message& later) noexcept;
  /// Errors: those of Outbox::send; DeadlineExceeded or Cancelled: nobody waits any more; BadInput: it was answered.
  int reply(std::uint64_t token, shunt_sample& sample, std::size_t offset, std::size_t bytes) noexcept;
  int fail(std::uint64_t token, ErrorCode code, std::string_view text) noexcept;
  /// The correlation of the request while somebody waits for it, as far as is known without looking at the lane.
  [[nodiscard]] std::optional<std::uint64_t> wanted(std::uint64_t token) noexcept;

  /// Nobody waits for the answer to this request any more.
  void cancel(const ThreadsLock::Hold&, std::uint64_t correlation) noexcept;
  /// Answers those for which nobody waits, if there may be some. By a serving thread.
  void sweep() noexcept;
  /// The same under the lock, which gives way while there is no room for an answer.
  void sweep(ThreadsLock::Hold& hold, std::int64_t now_ns) noexcept;
  /// When sweep() has something to do next, unless something is cancelled before; INT64_MAX: nothing.
  [[nodiscard]] std::int64_t due_ns() const noexcept { return due_ns_.load(std::memory_order_relaxed); }
  /// The plugin is gone: all that it left is answered.
  void end() noexcept;

  /// Under the lock: the messages that are not done, and how many answers the plugin still has to give.
  [[nodiscard]] Window& window() noexcept { return window_; }
  [[nodiscard]] std::uint32_t open() const noexcept { return open_; }
  /// Under the lock: the handler of a message of the window is left.
  void leave(const Hand& hand, const bus::MessageHeader& header) noexcept;
  /// Under the lock, after the window was changed.
  void note_order() noexcept {
    const bool now = always_ || open_ > 0 || !window_.empty();
    out_of_order_.store(now, std::memory_order_release);
  }
  /// Several threads serve: messages end in any order from now on.
  void always_out_of_order() noexcept {
    always_ = true;
    note_order();
  }

 private:
  enum class State : std::uint8_t { Free, Open, Sending, Over };

  struct Place {
    std::uint64_t token = 0;
    bus::MessageHeader request;
    std::uint64_t position = 0;
    State state = State::Free;
    bool cancelled = false;  ///< By the host.
    bool dropped = false;    ///< By the plugin, whose own words found no room.
    bool timed_out = false;
  };

  [[nodiscard]] Place* find(std::uint64_t token) noexcept;
  /// Whether it can be answered, and is being so from now on; else code and text.
  int begin(Place* place) noexcept;
  int finish(Place& place, int code) noexcept;
  void free(Place& place) noexcept;
  int send_failure(ThreadsLock::Hold& hold, const Place& place, ErrorCode code, std::string_view text,
                   std::int64_t until_ns) noexcept;
  void answer_for_plugin(ThreadsLock::Hold& hold, Place& place, ErrorCode code, std::string_view text) noexcept;
  int over(const Place& place) noexcept;

  bus::LaneEnd& lane_;
  ThreadsLock& lock_;
  Outbox& outbox_;
  CommandBox& commands_;
  LastError& error_;
  Window window_;
  std::vector<Place> places_;
  std::vector<std::uint32_t> free_;  // indices into places_; the last used first
  std::uint32_t open_ = 0;           // places that are not free
  std::uint64_t generation_ = 0;
  bool always_ = false;
  std::atomic<bool> out_of_order_{false};
  std::atomic<std::int64_t> due_ns_{INT64_MAX};
};

}  // namespace shunt::kit
