#pragma once
/// Publishing on a topic.
///
///     auto bars = host->publisher<market::Bar>("market.bars");
///     auto sent = bars->publish([&](auto& build) { return market::CreateBar(build, ...); });

#include <shunt/host/batch.hpp>
#include <shunt/host/route_handle.hpp>
#include <shunt/raw_loan.hpp>

namespace shunt {

/// One topic, resolved once. Copyable; any number of threads may publish on it at once. Outlives the Host: then
/// publish() gives Stopped.
template <typename Root>
class Publisher {
 public:
  explicit Publisher(RouteHandle route) : route_(std::move(route)) {}

  /// Builds in place, once, and hands it to every receiver among the plugins; subscriptions of this host do not get
  /// what the host itself publishes. `build` gets a flatbuffers::FlatBufferBuilder& and returns the offset of a `Root`;
  /// it runs outside locks, and what it throws goes through after the loan was given back. Never waits, allocates
  /// nothing and, while nobody sleeps, makes no system call. Any thread, also from callbacks. Errors: RingFull (a
  /// receiver refuses: nobody got it, publish it again later), QuotaExceeded (a receiver holds all its chunks and
  /// must not lose it, or all do and it has more than 1 MiB: publish later, or raise `inbound`), TooLarge (add a size
  /// class), NoSuchRoute (no plugin declares the topic any more), Stopped.
  template <typename Build>
  [[nodiscard]] Result<Delivery> publish(Build&& build, const PublishOptions& options = {}) const {
    alignas(8) std::uint8_t scratch[bus::kScratchBytes];
    RouteHandle::Chunks chunks{route_};
    bus::InPlaceBuilder builder({scratch, sizeof scratch}, chunks);
    SHUNT_TRY(built, builder.build<Root>(build, route_.hint(), route_.payload()));
    return route_.publish(chunks, built, options);
  }

  /// Of a topic whose type is a struct: memory to write one in place, towards its receivers; publish it then. What is
  /// not published goes back by itself. Never waits, allocates nothing. Errors: QuotaExceeded, TooLarge; none for a
  /// struct of up to 192 bytes, unless the route's `payload` is "chunk".
  [[nodiscard]] Result<RawLoan<Root>> loan() const requires bus::kIsRaw<Root>  // a table is built: publish(build)
  {
    SHUNT_TRY(memory, route_.loan_raw(sizeof(Root)));
    return RawLoan<Root>{route_, memory};
  }
  /// Consumes the loan, whatever it returns.
  template <typename T>
  requires std::is_same_v<T, Root>
  [[nodiscard]] Result<Delivery> publish(RawLoan<T>&& loan, const PublishOptions& options = {}) const {
    return std::move(loan).send(options);
  }

  /// Builds `count` of them in place, `build(i, builder)` the i-th from 0 (of a struct: `build(i, payload)` writes it),
  /// and sends them in their order: with one look at the route and one wake-up of each receiver for every 16. What
  /// publish() says of a message holds for each. Errors, where not even the first was published: those of publish(),
  /// and BadInput (another number of keys); else BatchDelivery says how many were, and why not more.
  template <typename Build>
  [[nodiscard]] Result<BatchDelivery> publish_batch(std::size_t count, Build&& build,
                                                    const BatchOptions& options = {}) const {
    return host::publish_batch<Root>(route_, count, build, options);
  }

  /// How many publications the topic takes now: see RouteHandle::room().
  [[nodiscard]] std::size_t room() const { return route_.room(); }

  [[nodiscard]] const RouteHandle& route() const noexcept { return route_; }

 private:
  RouteHandle route_;
};

}  // namespace shunt
