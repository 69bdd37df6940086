/// A plugin that rewrites what it has sent, in the slots and chunks where it lies. What was copied before it was
/// verified stays as it was verified, however long a handler looks at it; what is read in place does not, and no more
/// is promised.
#include "rewriter_client.hpp"

#include <shunt/host.hpp>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

namespace shunt::test {
namespace {

constexpr std::chrono::seconds kPatience{30};
constexpr std::uint32_t kMessagesAtOnce = 32;
constexpr int kLooks = 50;
constexpr std::uint64_t kSeenMin = 2000;     ///< Values that handlers looked at.
constexpr std::uint64_t kRewrittenMin = 20;  ///< Of these, rewritten between being sent and being copied.

/// What handlers found.
struct Findings {
  std::uint64_t seen = 0;
  std::uint64_t rewritten = 0;  ///< Not, or not all, the words that were sent.
  std::uint64_t changed = 0;    ///< While a handler looked.
  std::uint64_t in_place = 0;
};

/// Looks at a verified value for a while.
void look_at(std::span<const std::uint8_t> bytes, const rewriter::Value& value, Findings& findings) {
  const std::vector<std::uint8_t> first{bytes.begin(), bytes.end()};
  ++findings.seen;
  findings.rewritten += std::ranges::any_of(*value.words(), [](auto word) { return word >> 63 == 0; }) ? 1 : 0;
  bool changed = false;
  for (int look = 0; look < kLooks && !changed; ++look)
    changed =
        std::memcmp(first.data(), bytes.data(), first.size()) != 0 || verified_root<rewriter::Value>(bytes) == nullptr;
  findings.changed += changed ? 1 : 0;
}

class RewrittenPayload : public testing::Test {
 protected:
  static Host start(ReadMode read) {
    HostConfiguration configuration;
    configuration.launcher = LAUNCHER;
    configuration.trust.allow_unsigned = true;
    PluginConfiguration plugin;
    plugin.path = REWRITER_PLUGIN;
    plugin.handler_max = kPatience;
    plugin.hold_max = kPatience;
    configuration.plugins.push_back(std::move(plugin));
    for (const char* route : {"rewriter/publish", "rewriter/answer", "rewritten.values"})
      configuration.routes.push_back({.name = route, .deadline = kPatience, .read = read});
    auto host = Host::start(std::move(configuration));
    if (!host) throw std::runtime_error(to_string(host.error()));
    return std::move(*host);
  }

  /// Has values published until `enough(findings)`. False: it never was. `numbers_only`: are rewritten, and no offsets.
  template <typename Enough>
  static bool publish_until(Host& host, bool chunk, Findings& findings, Enough&& enough, bool numbers_only = false) {
    const auto values = host.subscribe_bytes("rewritten.values", {}, [&](ReceivedBytes& bytes, bool) {
      const auto* const value = verified_root<rewriter::Value>(bytes.bytes());
      if (value == nullptr) return false;  // rewritten as a whole before it was copied: refused, as any such
      findings.in_place += bytes.in_place() ? 1 : 0;
      look_at(bytes.bytes(), *value, findings);
      return true;
    });
    if (!values) throw std::runtime_error(to_string(values.error()));
    auto client = host.client<rewriter::Client>().value();
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (!enough(findings) && std::chrono::steady_clock::now() < until) {
      // A reply, too, may have been rewritten, and is refused then.
      static_cast<void>(client.publish(
          [&](auto& build) { return rewriter::CreateOrder(build, kMessagesAtOnce, chunk, numbers_only); },
          {.deadline = kPatience}));
      static_cast<void>(host.poll());
    }
    return enough(findings);
  }

  static bool is_enough(const Findings& findings) {
    return findings.seen >= kSeenMin && findings.rewritten >= kRewrittenMin;
  }
};

TEST_F(RewrittenPayload, that_travels_in_the_message_stands_still_before_a_handler) {
  Host host = start(ReadMode::InPlace);  // which is about chunks alone
  Findings findings;

  EXPECT_TRUE(publish_until(host, false, findings, is_enough)) << findings.seen << ", " << findings.rewritten;

  EXPECT_EQ(findings.changed, 0u);
  EXPECT_EQ(findings.in_place, 0u);
}

TEST_F(RewrittenPayload, that_is_copied_out_of_a_chunk_stands_still_before_a_handler) {
  Host host = start(ReadMode::Copy);
  Findings findings;

  EXPECT_TRUE(publish_until(host, true, findings, is_enough)) << findings.seen << ", " << findings.rewritten;

  EXPECT_EQ(findings.changed, 0u);
  EXPECT_EQ(findings.in_place, 0u);
}

TEST_F(RewrittenPayload, that_is_read_in_place_changes_under_a_handlers_eyes_as_the_threat_model_says) {
  Host host = start(ReadMode::InPlace);
  Findings findings;

  // An offset that changes after it was verified leads anywhere: who reads in place trusts the writer not to do that.
  constexpr bool kNumbersOnly = true;
  EXPECT_TRUE(publish_until(
      host, true, findings, [](const Findings& so_far) { return so_far.changed > 0; }, kNumbersOnly));

  EXPECT_EQ(findings.in_place, findings.seen);
}

TEST_F(RewrittenPayload, of_a_reply_stands_still_as_long_as_its_caller_keeps_it) {
  for (const bool chunk : {false, true}) {
    Host host = start(ReadMode::Copy);
    auto client = host.client<rewriter::Client>().value();
    Findings findings;
    const auto until = std::chrono::steady_clock::now() + kPatience;

    while (!(findings.seen >= kSeenMin) && std::chrono::steady_clock::now() < until) {
      const auto reply = client.answer([&](auto& build) { return rewriter::CreateOrder(build, 1, chunk); });
      if (reply) look_at(reply->bytes(), **reply, findings);
      else ASSERT_EQ(reply.error().code, ErrorCode::BadPayload) << to_string(reply.error());
    }

    EXPECT_GE(findings.seen, kSeenMin);
    EXPECT_EQ(findings.changed, 0u);
  }
}

}  // namespace
}  // namespace shunt::test
