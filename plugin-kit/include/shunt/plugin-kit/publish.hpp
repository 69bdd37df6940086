#pragma once
/// What a generated publication does: builds a message in place and hands it to the host, which sends it on.

#include <shunt/plugin-kit/link.hpp>
#include <shunt/plugin-kit/options.hpp>

namespace shunt::kit {

/// Never blocks. Errors: QuotaExceeded (readers hold all chunks), RingFull (the host does not keep up), TooLarge.
template <typename T, typename Build>
[[nodiscard]] Status publish(const Link& link, std::uint32_t topic, bus::SizeHint& hint, Build& build,
                             SendOptions options) {
  return build_and_send<T>(link, hint, options.payload, build,
                           [&](shunt_sample* sample, std::size_t offset, std::size_t bytes) {
                             return link.services->publish(link.runtime, topic, sample, offset, bytes);
                           });
}

}  // namespace shunt::kit
