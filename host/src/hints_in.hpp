#pragma once
/// The hints of a message, in what we have written into its slot or keep until we do.

#include <shunt/bus/message.hpp>
#include <shunt/schemas/hints.hpp>

#include <cstddef>
#include <span>

namespace shunt::host {

/// `content` begins as the slot does; where it is shorter, it has none.
[[nodiscard]] inline Hints hints_in(const bus::MessageHeader& header, std::span<const std::byte> content) noexcept {
  const std::size_t bytes = bus::hint_bytes_of(header);
  const std::size_t end = bus::content_bytes_of(header);
  if (bytes == 0 || end > content.size()) [[likely]]
    return {};
  return Hints::of_text({reinterpret_cast<const char*>(content.data()) + end - bytes, bytes});
}

}  // namespace shunt::host
