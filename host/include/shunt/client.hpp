#pragma once
/// Calling plugins' functions.
///
///     auto momentum = host->client<momentum::Client>();
///     auto reply = momentum->signal([&](auto& build) { return market::CreateBar(build, ...); }, {.deadline = 2ms});
///     if (reply) act((*reply)->direction());

#include <shunt/host/route_handle.hpp>

namespace shunt {

/// A verified reply. Move-only; readable until it goes, on any thread, whatever happens to the plugin or the host.
template <typename Root>
class Reply {
 public:
  Reply(ReceivedBytes bytes, const Root* root) noexcept : bytes_(std::move(bytes)), root_(root) {}

  const Root* operator->() const noexcept { return root_; }
  const Root& operator*() const noexcept { return *root_; }
  /// The FlatBuffer as it came; valid as long as this.
  [[nodiscard]] std::span<const std::uint8_t> bytes() const noexcept { return bytes_.bytes(); }

 private:
  ReceivedBytes bytes_;
  const Root* root_;
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
  /// handler: done or not, nobody knows), BadPayload (the reply is not an `Answer`: build both from one schema), and
  /// what the handler answered with (PluginFailed, ...).
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
    return Reply<Answer>{std::move(*received), root};
  }

  [[nodiscard]] const RouteHandle& route() const noexcept { return route_; }

 private:
  RouteHandle route_;
};

}  // namespace shunt
