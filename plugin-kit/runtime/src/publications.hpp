#pragma once
/// What the services that publish have in common. Short enough to be inlined; what is refused is out of the way.

#include "serving_state.hpp"

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

/// The header of a publication that `said` is about, sent by whoever has `hand`. Errors: NoSuchRoute, Undeclared.
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
  return SHUNT_OK;
}

}  // namespace shunt::kit
