#pragma once
/// Building several publications in place and handing them over together. For Publisher::publish_batch.

#include <shunt/host/route_handle.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

namespace shunt::host {

inline constexpr std::size_t kBatchTogether = 16;  ///< Messages that are built before they go out.

/// What some messages are built with, and in. On the stack; gives back what is not sent.
class Batch {
 public:
  explicit Batch(const RouteHandle& route) : Batch(route, std::make_index_sequence<kBatchTogether>{}) {}
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;
  ~Batch() {
    for (std::size_t i = 0; i < count_; ++i)
      if (built_[i].sample.handle != 0) RouteHandle::give_back(chunks_[i], built_[i]);
  }

  /// Builds one more. Errors: those of InPlaceBuilder::build.
  template <typename Root, typename Build>
  [[nodiscard]] Status add(Build& build) {
    bus::InPlaceBuilder builder({scratch_[count_].data(), scratch_[count_].size()}, chunks_[count_]);
    SHUNT_TRY(built, builder.template build<Root>(build, route_.hint(), route_.payload()));
    built_[count_++] = built;
    return {};
  }
  [[nodiscard]] std::size_t count() const noexcept { return count_; }

  [[nodiscard]] Result<BatchDelivery> publish(const BatchOptions& options) {
    const std::size_t count = std::exchange(count_, 0);
    return route_.publish_batch(std::span{chunks_}.first(count), std::span{built_}.first(count), options);
  }

 private:
  template <std::size_t... kPlaces>
  Batch(const RouteHandle& route, std::index_sequence<kPlaces...>)
      : route_(route), chunks_{chunks_of(route, kPlaces)...} {}

  static RouteHandle::Chunks chunks_of(const RouteHandle& route, std::size_t) { return RouteHandle::Chunks{route}; }

  const RouteHandle& route_;
  std::array<RouteHandle::Chunks, kBatchTogether> chunks_;
  std::array<bus::Built, kBatchTogether> built_;
  std::size_t count_ = 0;
  alignas(8) std::array<std::array<std::uint8_t, bus::kScratchBytes>, kBatchTogether> scratch_;
};

/// Adds what became of some more. False: not all of them were published.
inline bool add(BatchDelivery& all, const BatchDelivery& some) {
  all.published += some.published;
  all.delivered += some.delivered;
  all.waiting += some.waiting;
  all.dropped += some.dropped;
  all.conflated += some.conflated;
  all.rest = some.rest;
  return !all.rest;
}

template <typename Root, typename Build>
[[nodiscard]] Result<BatchDelivery> publish_batch(const RouteHandle& route, std::size_t count, Build& build,
                                                  const BatchOptions& options) {
  if (!options.keys.empty() && options.keys.size() != count)
    return error(ErrorCode::BadInput, "\"{}\": a batch of {} has {} keys", route.name(), count, options.keys.size());
  BatchDelivery all;
  while (all.published < count && !all.rest) {
    const std::size_t first = all.published;
    const std::size_t together = std::min(kBatchTogether, count - first);
    Batch batch{route};
    std::optional<Error> not_built;
    while (batch.count() < together && !not_built) {
      const auto one = [&](auto& into) { return build(first + batch.count(), into); };
      if (auto added = batch.add<Root>(one); !added) not_built = std::move(added).error();
    }
    if (batch.count() > 0) {
      BatchOptions part = options;
      if (!part.keys.empty()) part.keys = part.keys.subspan(first, batch.count());
      auto sent = batch.publish(part);
      if (!sent) all.rest = std::move(sent).error();
      else add(all, *sent);
    }
    if (not_built && !all.rest) all.rest = std::move(not_built);
  }
  if (all.published == 0 && all.rest) return tl::make_unexpected(*std::move(all.rest));
  return all;
}

}  // namespace shunt::host
