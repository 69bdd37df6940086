#pragma once
/// Hearing a topic in the host itself.
///
///     auto signals = host->subscribe<market::Signal>("market.signals", [&](shunt::Received<market::Signal>& signal) {
///       book.add(signal->direction());
///     });
///     host->poll();                                  // callbacks run here, nowhere else

#include <shunt/host/route_handle.hpp>

#include <memory>

namespace shunt {

namespace host {
class Inbox;
}  // namespace host

/// A verified publication, in a callback; ends with it. `std::move(bar).keep()` holds it beyond, and then counts
/// against the plugin's quota where it is read in place.
template <typename Root>
class Received {
 public:
  Received(ReceivedBytes& bytes, const Root* root, bool redelivered) noexcept
      : bytes_(&bytes), root_(root), redelivered_(redelivered) {}
  Received(const Received&) = delete;
  Received& operator=(const Received&) = delete;

  const Root* operator->() const noexcept { return root_; }
  const Root& operator*() const noexcept { return *root_; }
  /// An instance died while it handled the message this follows from: it may have been sent before.
  [[nodiscard]] bool redelivered() const noexcept { return redelivered_; }
  /// It was published before this subscription was there: the topic keeps the last.
  [[nodiscard]] bool latched() const noexcept { return bytes_->latched(); }
  /// It is what its publisher had left with the host in case that it vanished, as it has. It overtook what waited.
  [[nodiscard]] bool is_last_will() const noexcept { return bytes_->is_last_will(); }

  /// When what it tells of came about, on CLOCK_MONOTONIC (Host::now()); none: nobody in its chain said. What this
  /// callback calls and publishes has the same, unless it says otherwise.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> origin() const noexcept { return bytes_->origin(); }

  /// What was received, for as long as it lives; move-only, released on any thread.
  class Kept {
   public:
    Kept(ReceivedBytes bytes, const Root* root) noexcept : bytes_(std::move(bytes)), root_(root) {}
    const Root* operator->() const noexcept { return root_; }
    const Root& operator*() const noexcept { return *root_; }

   private:
    ReceivedBytes bytes_;
    const Root* root_;
  };
  [[nodiscard]] Kept keep() && noexcept { return Kept{std::move(*bytes_), root_}; }

 private:
  ReceivedBytes* bytes_;
  const Root* root_;
  bool redelivered_;
};

/// Move-only; any thread. Ends the subscription when it goes: no callback starts afterwards, one that runs on another
/// thread has ended, and what the callback holds is let go on this thread. It may go inside its own callback, which is
/// let go when it returns, and inside another's, unless that is ended by this one's on another thread meanwhile: each
/// would wait for the other.
class Subscription {
 public:
  Subscription(std::shared_ptr<host::Core> core, std::shared_ptr<host::Inbox> inbox) noexcept
      : core_(std::move(core)), inbox_(std::move(inbox)) {}
  Subscription(Subscription&&) noexcept = default;
  Subscription& operator=(Subscription&& other) noexcept;
  ~Subscription();

  /// Publications lost because the callback did not keep up (policies drop_oldest and drop_newest), or because their
  /// bytes were not of the topic's type.
  [[nodiscard]] std::uint64_t dropped() const noexcept;
  /// Publications whose place a newer one of the same key took, because the callback did not keep up (policy conflate).
  [[nodiscard]] std::uint64_t conflated() const noexcept;

 private:
  void end() noexcept;

  std::shared_ptr<host::Core> core_;
  std::shared_ptr<host::Inbox> inbox_;
};

}  // namespace shunt
