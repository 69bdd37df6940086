#pragma once
/// What the services that publish have in common. Short enough to be inlined; what is refused is out of the way.

#include "serving_state.hpp"

#include <shunt/schemas/origin.hpp>

#include <algorithm>
#include <cstring>

namespace shunt::kit {

inline constexpr std::size_t kPublicationBytesMin = 16;  ///< Of the first shunt_publication that there was.

/// What a caller of its own release says of a publication. Errors: BadInput, for a `size` that cannot be.
inline int read_publication(shunt_runtime& runtime, const shunt_publication& how, shunt_publication& said) noexcept {
  if (how.size < kPublicationBytesMin) [[unlikely]]
    return runtime.error.set(ErrorCode::BadInput, "a shunt_publication of {} bytes cannot be: the least has {}",
                             how.size, kPublicationBytesMin);
  std::memcpy(&said, &how, std::min<std::size_t>(how.size, sizeof said));
  return SHUNT_OK;
}

[[gnu::noinline, gnu::cold]] inline int no_such_topic(shunt_runtime& runtime, std::uint32_t topic) noexcept {
  const auto& topics = runtime.contract.topics_out;
  if (topic < topics.size())
    return runtime.error.set(ErrorCode::NoSuchRoute, "the host has no topic {} for this plugin", topic);
  return runtime.error.set(ErrorCode::Undeclared, "the manifest declares {} topics out; there is no number {}",
                           topics.size(), topic);
}

inline constexpr std::int64_t kNoSuchTime = -1;

/// What is about to be sent comes from: a time, 0 for none, or kNoSuchTime.
[[gnu::always_inline]] inline std::int64_t origin_of_next(const Hand& hand, std::int64_t said) noexcept {
  if (said == SHUNT_ORIGIN_INHERITED) [[likely]]
    return bus::origin_of(*hand.in_hand.header);
  if (said == SHUNT_ORIGIN_NOW) return bus::now_ns();
  if (said == SHUNT_ORIGIN_NONE) return 0;
  return said > 0 && said <= Origin::kMaxNs ? said : kNoSuchTime;
}

[[gnu::noinline, gnu::cold]] inline int no_such_origin(shunt_runtime& runtime, std::int64_t said) noexcept {
  return runtime.error.set(ErrorCode::BadInput, "an origin of {} ns; 1 to {} are meant", said, Origin::kMaxNs);
}

/// The header of a publication that `said` is about, sent by whoever has `hand`. Errors: NoSuchRoute, Undeclared,
/// BadInput (an origin that cannot be).
inline int publication_header(shunt_runtime& runtime, const Hand& hand, const shunt_publication& said,
                              bus::MessageHeader& header) noexcept {
  const auto& topics = runtime.contract.topics_out;
  if (said.topic_out >= topics.size() || topics[said.topic_out] == 0) [[unlikely]]
    return no_such_topic(runtime, said.topic_out);
  header.route = topics[said.topic_out];
  header.kind = bus::Kind::Publication;
  header.parent = hand.in_hand.header->correlation;
  bus::set_key(header, said.key);
  if ((said.flags & SHUNT_URGENT) != 0) header.flags = bus::flag::kUrgent;
  const std::int64_t origin_ns = origin_of_next(hand, said.origin_ns);
  if (origin_ns == kNoSuchTime) [[unlikely]]
    return no_such_origin(runtime, said.origin_ns);
  if (origin_ns != 0) bus::set_origin(header, origin_ns);
  return SHUNT_OK;
}

}  // namespace shunt::kit
