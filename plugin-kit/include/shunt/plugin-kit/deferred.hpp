#pragma once
/// The answer to a request, given after its handler has returned: from another handler, or from any thread of the
/// plugin.
///
///     shunt::Status signal(const shunt::Context&, const market::Bar& bar, shunt::Reply<market::Signal>& reply)
///     override {
///       SHUNT_TRY(later, reply.defer());
///       waiting_.emplace(bar.sequence(), std::move(later));           // what of `bar` is needed, too: it ends here
///       return {};
///     }
///     ...
///     auto sent = waiting_.at(sequence).send([&](auto& build) { return market::CreateSignal(build, ...); });

#include <shunt/plugin-kit/link.hpp>
#include <shunt/plugin-kit/options.hpp>
#include <shunt/plugin-kit/route.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>

namespace shunt::kit {

/// What of it does not depend on the answer's type.
class DeferredBase {
 public:
  DeferredBase(DeferredBase&& other) noexcept
      : link_(std::exchange(other.link_, nullptr)), message_(other.message_), route_(other.route_) {}
  DeferredBase(const DeferredBase&) = delete;
  DeferredBase& operator=(const DeferredBase&) = delete;

  /// Whether an answer is still owed: by this object, and not by one that it was moved to.
  [[nodiscard]] bool owed() const { return link_ != nullptr; }

  /// Answers with an error, and owes nothing more whatever comes of it. Never waits for room. Errors: DeadlineExceeded
  /// or Cancelled (nobody waits any more), RingFull (the caller will get PluginFailed, without this text),
  /// PluginFailed.
  [[nodiscard]] Status fail(const Error& why);

  /// Nobody waits for the answer any more: whoever works on it can stop. True also when none is owed.
  [[nodiscard]] bool cancelled() const {
    return link_ == nullptr || link_->services->cancelled(link_->runtime, &message_) != 0;
  }

  /// Time until the deadline, 0 once it passed. Reads the clock.
  [[nodiscard]] std::chrono::nanoseconds remaining() const {
    if (link_ == nullptr || message_.deadline_ns == 0) return std::chrono::nanoseconds{0};
    const auto left = message_.deadline_ns - link_->services->now_ns(link_->runtime);
    return std::chrono::nanoseconds{std::max<std::int64_t>(left, 0)};
  }

 protected:
  DeferredBase(const Link& link, const shunt_message& later, const FunctionRoute& route)
      : link_(&link), message_(later), route_(&route) {}
  ~DeferredBase() { drop(); }
  void swap(DeferredBase& other) noexcept {
    std::swap(link_, other.link_);
    std::swap(message_, other.message_);
    std::swap(route_, other.route_);
  }

  [[nodiscard]] Status none_owed() const;
  /// What came of an answer: nothing more is owed when it was sent, or when nobody waits for it.
  [[nodiscard]] Status settled(Status status);
  void drop() noexcept;

  const Link* link_;
  shunt_message message_;
  const FunctionRoute* route_;
};

/// Owes one answer. One that goes without having given it fails the call with PluginFailed. Move-only; used by one
/// thread at a time, on whichever, and gone before the plugin is.
template <typename T>
class Deferred : public DeferredBase {
 public:
  Deferred(const Link& link, const shunt_message& later, const FunctionRoute& route, bus::SizeHint& hint)
      : DeferredBase(link, later, route), hint_(&hint) {}
  Deferred(Deferred&&) noexcept = default;
  Deferred& operator=(Deferred&& other) noexcept {
    Deferred taken(std::move(other));
    swap(taken);
    std::swap(hint_, taken.hint_);
    return *this;
  }
  ~Deferred() = default;

  /// Answers as Reply::send() does. Any thread; waits for other threads of the plugin that send, a few microseconds,
  /// and while the ring to the host is full, at most until the deadline. Errors: DeadlineExceeded or Cancelled (nobody
  /// waits any more, and nothing more is owed), PluginFailed (it was answered), QuotaExceeded, TooLarge and RingFull:
  /// it is still owed.
  template <typename Build>
  [[nodiscard]] Status send(Build&& build, SendOptions options = {}) {
    if (link_ == nullptr) return none_owed();
    return settled(build_and_send<T>(*link_, *hint_, options.payload, build,
                                     [&](shunt_sample* sample, std::size_t offset, std::size_t bytes) {
                                       return link_->services->reply(link_->runtime, &message_, sample, offset, bytes);
                                     }));
  }

 private:
  bus::SizeHint* hint_;
};

}  // namespace shunt::kit
