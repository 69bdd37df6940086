#pragma once
/// What a generated publication does: builds a message in place and hands it to the host, which sends it on.

#include <shunt/plugin-kit/link.hpp>
#include <shunt/plugin-kit/loan.hpp>
#include <shunt/plugin-kit/options.hpp>

namespace shunt::kit {

/// Only on threads that run handlers or phases. Allocates nothing; blocks only while the ring to the host is full, at
/// most 3 s. Errors: QuotaExceeded (all chunks are on their way: publish later, or raise `outbound`), RingFull (a
/// receiver refuses or the host does not keep up: publish later), TooLarge (add a size class).
template <typename T, typename Build>
[[nodiscard]] Status publish(const Link& link, std::uint32_t topic, bus::SizeHint& hint, Build& build,
                             PublishOptions options) {
  return build_and_send<T>(
      link, hint, options.payload, build, [&](shunt_sample* sample, std::size_t offset, std::size_t bytes) {
        const shunt_publication how{
            sizeof how,          topic, options.key.value, options.urgent ? std::uint32_t{SHUNT_URGENT} : 0u, 0,
            options.origin.raw()};
        return link.services->publish_as(link.runtime, &how, sample, offset, bytes);
      });
}

/// The same for what was loaned, which is gone whatever comes of it.
template <typename T>
[[nodiscard]] Status publish(const Link& link, std::uint32_t topic, Loan<T>&& loan, PublishOptions options) {
  Loan<T> sent = std::move(loan);
  shunt_sample sample = sent.release();
  const shunt_publication how{
      sizeof how, topic, options.key.value, options.urgent ? std::uint32_t{SHUNT_URGENT} : 0u, 0, options.origin.raw()};
  return link.status(link.services->publish_as(link.runtime, &how, &sample, 0, sizeof(T)));
}

}  // namespace shunt::kit
