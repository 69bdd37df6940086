#pragma once
/// What the messages of one topic are told apart by, where only the latest of each counts.
///
///     bars.publish(build, {.key = instrument.number()});
///     bars.publish(build, {.key = "EURUSD"});

#include <concepts>
#include <cstdint>
#include <string_view>

namespace shunt {

/// A number, or a text by its 64-bit hash. Publishers of one topic use one of the two: a text can have the hash that
/// another one writes as a number. 0 is what a message without a key has.
struct Key {
  std::uint64_t value = 0;

  constexpr Key() = default;
  template <std::integral Number>
  constexpr Key(Number number) noexcept : value(static_cast<std::uint64_t>(number)) {}
  template <std::convertible_to<std::string_view> Text>
  constexpr Key(const Text& text) noexcept : value(of(text)) {}
  friend constexpr bool operator==(Key, Key) = default;

 private:
  /// FNV-1a: the same on every machine, and for a constant at compile time.
  static constexpr std::uint64_t of(std::string_view text) noexcept {
    std::uint64_t hash = 0xcbf29ce484222325u;
    for (const char letter : text) hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3u;
    return hash == 0 ? 1 : hash;
  }
};

}  // namespace shunt
