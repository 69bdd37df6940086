#pragma once
/// What a generated batch does: builds several publications in place and hands them to the host together.

#include <shunt/plugin-kit/link.hpp>
#include <shunt/plugin-kit/options.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <new>

namespace shunt::kit {

/// Of one batch.
struct BatchSent {
  std::size_t published = 0;  ///< So many are on their way, the first ones, in their order.
  Status rest{};              ///< Why the others are not; success where there are none.
  [[nodiscard]] bool all() const { return rest.has_value(); }
};

/// `build(i, builder)` makes the i-th of `count`, from 0; of a raw payload `build(i, payload)` writes it. One wake of
/// the host for each 16 of them. Only on a thread that runs handlers. Allocates nothing; blocks only while the ring to
/// the host is full, at most 3 s. Errors, where none was published: those of publish(), and BadInput (another number of
/// keys).
template <typename T, typename Build>
[[nodiscard]] Result<BatchSent> publish_batch(const Link& link, std::uint32_t topic, bus::SizeHint& hint,
                                              std::size_t count, Build& build, const BatchOptions& options) {
  constexpr std::size_t kTogether = 16;
  if (!options.keys.empty() && options.keys.size() != count)
    return error(ErrorCode::BadInput, "a batch of {} has {} keys", count, options.keys.size());
  ServiceChunks chunks{link};
  BatchSent sent;
  while (sent.published < count && sent.rest) {
    alignas(8) std::array<std::array<std::uint8_t, bus::kScratchBytes>, kTogether> scratch;
    std::array<shunt_part, kTogether> parts;
    const std::size_t first = sent.published;
    const std::size_t together = std::min(kTogether, count - first);
    std::size_t built = 0;
    const struct GiveBackUnsent {
      const Link& link;
      std::array<shunt_part, kTogether>& parts;
      std::size_t& built;
      ~GiveBackUnsent() {
        for (std::size_t i = 0; i < built; ++i)
          if (parts[i].sample.handle != 0) link.services->give_back(link.runtime, &parts[i].sample);
      }
    } guard{link, parts, built};
    for (; built < together; ++built) {
      bus::InPlaceBuilder builder({scratch[built].data(), scratch[built].size()}, chunks);
      const auto one = [&](auto& into) { return build(first + built, into); };
      auto made = builder.template build<T>(one, hint, options.payload);
      if (!made) {
        sent.rest = tl::make_unexpected(std::move(made).error());
        break;
      }
      const Key key = options.keys.empty() ? Key{} : options.keys[first + built];
      parts[built] = {
          {made->sample.data, made->sample.capacity, made->sample.handle}, made->offset, made->bytes, key.value};
    }
    const shunt_publication how{sizeof how,          topic, 0, options.urgent ? std::uint32_t{SHUNT_URGENT} : 0u, 0,
                                options.origin.raw()};
    std::size_t published = 0;
    const auto code = link.services->publish_batch(link.runtime, &how, parts.data(), built, &published);
    if (code != SHUNT_OK) sent.rest = link.status(code);
    sent.published += published;
  }
  if (sent.published == 0 && !sent.rest) return tl::make_unexpected(std::move(sent.rest).error());
  return sent;
}

}  // namespace shunt::kit
