#pragma once
/// Calling plugins' functions.
///
///     auto momentum = host->client<momentum::Client>();
///     auto reply = momentum->signal([&](auto& build) { return market::CreateBar(build, ...); }, {.deadline = 2ms});
///     if (reply) act((*reply)->direction());
///
/// Without waiting:
///
///     auto pending = momentum->signal_async([&](auto& build) { return market::CreateBar(build, ...); });
///     auto other = risk->check_async(...);                      // both are on their way
///     auto reply = pending->get();                              // or ready() now and then, or cancel()

#include <shunt/host/route_handle.hpp>

namespace shunt {

/// A verified reply. Move-only; readable until it goes, on any thread, whatever happens to the plugin or the host.
template <typename Root>
class Reply {
 public:
  Reply(ReceivedBytes bytes, const Root* root) noexcept : bytes_(std::move(bytes)), root_(root) {}

  const Root* operator->() const noexcept { return root_; }
  const Root& operator*() const noexcept { return *root_; }
  /// That of the request; none: nobody in its chain said.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> origin() const noexcept { return bytes_.origin(); }
  /// Whether no plugin gave it: the call has failed, and its function has this for that (`fallback`).
  [[nodiscard]] bool is_fallback() const noexcept { return bytes_.is_fallback(); }
  /// The FlatBuffer as it came; valid as long as this.
  [[nodiscard]] std::span<const std::uint8_t> bytes() const noexcept { return bytes_.bytes(); }

 private:
  ReceivedBytes bytes_;
  const Root* root_;
};

/// The root of a reply, verified on this thread; or why there is none.
template <typename Answer>
[[nodiscard]] Result<Reply<Answer>> verified_reply(Result<ReceivedBytes>&& received, const host::RouteInfo& route) {
  if (!received) return tl::make_unexpected(std::move(received).error());
  const Answer* const root = verified_root<Answer>(received->bytes());
  if (root == nullptr) return tl::make_unexpected(bad_payload(route, "reply", received->bytes().size()));
  SHUNT_CHECK(check_reply(route, root));
  return Reply<Answer>{std::move(*received), root};
}

/// A call that was started, and its reply once there is one. Move-only; cancels the call when it goes, which never
/// waits for the plugin. Outlives the Host: then get() gives what there was, or Stopped. cancel() may run on any thread
/// beside the others; get(), ready(), moving and destroying it are for one thread at a time.
template <typename Answer>
class Pending {
 public:
  explicit Pending(PendingBytes call) noexcept : call_(std::move(call)) {}

  /// Whether get() would return at once: there is a reply, the call failed or was cancelled, or its deadline has
  /// passed. Takes what plugins have sent, as Host::poll() does, and runs no callback. Never waits; no system call, but
  /// to wake a plugin that sleeps.
  [[nodiscard]] bool ready() { return call_.ready(); }

  /// The reply; once. Blocks until it is there or the call's deadline, as a call does, and drains the lanes meanwhile;
  /// also from callbacks. Errors: those of Function::operator() beyond those of call_async; Cancelled (by cancel());
  /// BadInput (the outcome was taken before).
  [[nodiscard]] Result<Reply<Answer>> get() {
    auto received = call_.get();
    if (!received) return tl::make_unexpected(std::move(received).error());
    const Answer* const root = verified_root<Answer>(received->bytes());
    if (root == nullptr) return tl::make_unexpected(call_.bad_payload(received->bytes().size()));
    SHUNT_CHECK(call_.check_reply(root));
    return Reply<Answer>{std::move(*received), root};
  }

  /// Nobody waits for the reply any more: get() gives Cancelled, also where it waits. A request that waits in the host
  /// goes, with its chunk; the plugin passes over one that it has not begun; `cancelled()` turns true in its handler
  /// and in those that it has called. The call counts as in flight until the plugin has heard of it. False: there was
  /// an outcome before; nothing happens then. Never waits for the plugin.
  bool cancel() noexcept { return call_.cancel(); }

 private:
  PendingBytes call_;
};

/// One function of a plugin: resolved once, called from any number of threads.
template <typename Request, typename Answer>
class Function {
 public:
  explicit Function(RouteHandle route) : route_(std::move(route)) {}

  /// `build` gets a flatbuffers::FlatBufferBuilder& and returns the offset of a `Request`; it runs on this thread,
  /// outside locks, and what it throws goes through after the loan was given back. Blocks until the reply or the
  /// deadline, and drains the lanes meanwhile. Allocates nothing and, spinning, makes no system call. Any thread, also
  /// from callbacks. Errors: DeadlineExceeded (the plugin is told to cancel), QuotaExceeded (the chunks are used up:
  /// wait, or raise `inbound`; or the calls in flight are `in_flight_max`: wait for answers, or raise it), TooLarge
  /// (add a size class), RingFull (the plugin's backlog is full: call again later, or raise `backlog`), NotServing (the
  /// plugin is stopped or quarantined: restart it), NoSuchRoute, Stopped, OutcomeUnknown (the plugin died inside the
  /// handler: done or not, nobody knows), BadPayload (the reply is not an `Answer`: build both from one schema),
  /// ValidationFailed (a validator refuses the reply here, or the request in the plugin), and what the handler answered
  /// with (PluginFailed, ...).
  template <typename Build>
  [[nodiscard]] Result<Reply<Answer>> operator()(Build&& build, const CallOptions& options = {}) const {
    alignas(8) std::uint8_t scratch[bus::kScratchBytes];
    RouteHandle::Chunks chunks{route_};
    bus::InPlaceBuilder builder({scratch, sizeof scratch}, chunks);
    SHUNT_TRY(built, builder.build<Request>(build, route_.hint(), route_.payload()));
    auto received = route_.call(chunks, built, options);
    if (!received) return tl::make_unexpected(std::move(received).error());
    const Answer* const root = verified_root<Answer>(received->bytes());
    if (root == nullptr) return tl::make_unexpected(route_.bad_payload("reply", received->bytes().size()));
    if (const auto why = host::refusal(route_.checks().reply, root))
      return tl::make_unexpected(route_.refused_reply(*why));
    return Reply<Answer>{std::move(*received), root};
  }

  /// Starts a call and returns while it is on its way. `build` and the deadline, which counts from now, as above. Never
  /// waits; its state is in memory that the host keeps for such calls, so it allocates only when more are started and
  /// not gone than ever before. The reply waits in the plugin's lane until some thread drains it: get(), ready(),
  /// poll() or another call. Any thread, also from callbacks. Errors: those above, but for what comes after the request
  /// has left, which get() gives; System (no memory for one more).
  template <typename Build>
  [[nodiscard]] Result<Pending<Answer>> call_async(Build&& build, const CallOptions& options = {}) const {
    alignas(8) std::uint8_t scratch[bus::kScratchBytes];
    RouteHandle::Chunks chunks{route_};
    bus::InPlaceBuilder builder({scratch, sizeof scratch}, chunks);
    SHUNT_TRY(built, builder.build<Request>(build, route_.hint(), route_.payload()));
    SHUNT_TRY(pending, route_.call_async(chunks, built, options));
    return Pending<Answer>{std::move(pending)};
  }

  /// The same, and `callback(Result<Reply<Answer>>)` gets the outcome: in poll() or the dispatcher, once, whatever the
  /// outcome is; callbacks of several calls run side by side where several threads poll. After an error from here it
  /// never runs; with the Host it goes unrun, on the thread that destroys that. What it throws comes out of poll(). One
  /// of up to 64 bytes that moves without throwing is kept beside the call; a larger one costs an allocation. Errors
  /// also: QuotaExceeded when 8,192 such calls are on their way or wait for poll().
  template <typename Build, typename Callback>
  [[nodiscard]] Result<StartedCall> call_async(Build&& build, const CallOptions& options, Callback&& callback) const {
    alignas(8) std::uint8_t scratch[bus::kScratchBytes];
    RouteHandle::Chunks chunks{route_};
    bus::InPlaceBuilder builder({scratch, sizeof scratch}, chunks);
    SHUNT_TRY(built, builder.build<Request>(build, route_.hint(), route_.payload()));
    return route_.call_async(
        chunks, built, options,
        host::Completion{[run = std::forward<Callback>(callback)](Result<ReceivedBytes>&& received,
                                                                  const host::RouteInfo& route) mutable {
          run(verified_reply<Answer>(std::move(received), route));
        }});
  }

  [[nodiscard]] const RouteHandle& route() const noexcept { return route_; }

 private:
  RouteHandle route_;
};

}  // namespace shunt
