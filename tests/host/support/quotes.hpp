#pragma once
/// A plugin that writes down what it hears and one that publishes, and what tests of topics say to them.
///
///     Host host = start(with({scribe(), herald()}));
///     publish(host, 7, {.key = 1});                      // on "stage.quotes"
///     EXPECT_THAT(recall(host), ElementsAre(7));

#include "cast.hpp"
#include "herald_client.hpp"
#include "scribe_client.hpp"

#include <cstdint>
#include <vector>

namespace shunt::test {

using Numbers = std::vector<std::uint64_t>;

inline constexpr std::uint32_t kScribeSlots = 16;
inline constexpr std::uint32_t kScribeRing = kScribeSlots - kScribeSlots / 8;  ///< An eighth is left to requests.

/// It has the shortest rings; one that is frozen is not taken for stuck.
[[nodiscard]] PluginConfiguration scribe(int version = 1);
[[nodiscard]] PluginConfiguration herald();

/// Publishes a quote of the host's, with so many bytes of padding.
[[nodiscard]] Result<Delivery> publish(Host& host, std::uint64_t number, const PublishOptions& options = {},
                                       std::uint32_t bytes = 0);
struct Proclaimed {
  std::uint32_t keys = 0;  ///< Each has the key number % keys + 1; 0: without.
  bool urgent = false;
  std::uint32_t bytes = 0;  ///< Of padding.
};
/// Has the herald publish numbers from `from` on; throws when it cannot.
void proclaim(Host& host, std::uint64_t from, std::uint32_t count, const Proclaimed& how = {});

/// What the scribe that serves has heard, in its order, the last 4,000; throws when it does not answer.
[[nodiscard]] Numbers recall(Host& host);
/// Waits until the scribe has heard so many; what it has then.
[[nodiscard]] Numbers recall(Host& host, std::size_t count);

[[nodiscard]] Numbers numbers(std::uint64_t from, std::size_t count);

/// How the scribe writes down what was published before it was there.
inline constexpr std::uint64_t kLatched = 1'000'000'000;
/// How it writes down what somebody who has vanished had left.
inline constexpr std::uint64_t kLastWill = 2'000'000'000;
/// The scribe does not live through this one.
inline constexpr std::uint64_t kDeadly = 666'666;

}  // namespace shunt::test
