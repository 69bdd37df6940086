/// Private memory: what cannot be had, what an event tells of, and what ends its plugin.
#include "tidy_host.hpp"

#include <cerrno>
#include <cstdlib>
#include <thread>

#include <gmock/gmock.h>
#include <proc_files.hpp>

namespace shunt::test {
namespace {

using ::testing::HasSubstr;
using tidy::Deed;

constexpr std::int64_t kMiB = std::int64_t{1} << 20;

class Memory : public TidyHost {
 protected:
  /// "uses 68 MiB of private memory"
  static std::uint64_t mebibytes_of(const HostEvent& event) {
    EXPECT_TRUE(event.text.starts_with("uses ")) << event.text;
    return std::strtoull(event.text.c_str() + 5, nullptr, 10);
  }
};

TEST_F(Memory, up_to_the_limit_is_there_and_beyond_it_is_not_and_the_plugin_serves_on) {
  Host host = start(configuration());
  const std::int64_t left = 128 * kMiB - std::stoll(proc_status(await_pid(host), "VmData")) * 1024;
  ASSERT_GT(left, 120 * kMiB) << "of its own it has little";

  EXPECT_EQ(act(host, Deed::Reserve, {}, left - kMiB).stopped_by, 0);
  EXPECT_EQ(act(host, Deed::Reserve, {}, left + kMiB).stopped_by, ENOMEM);
  EXPECT_EQ(act(host, Deed::Touch, {}, 200).stopped_by, ENOMEM);
  EXPECT_EQ(act(host, Deed::Touch, {}, 1).stopped_by, 0);
}

TEST_F(Memory, above_the_mark_is_told_and_below_it_is_not) {
  Host host = start(configuration());

  EXPECT_EQ(act(host, Deed::Touch, {}, 40).stopped_by, 0);
  EXPECT_EQ(act(host, Deed::Touch, {}, 30).stopped_by, 0);

  const HostEvent told = await_event(host, HostEventKind::MemoryHigh);  // the first one
  EXPECT_THAT(told.text, HasSubstr("MiB of private memory"));
  EXPECT_GE(mebibytes_of(told), 64u);
  EXPECT_LT(mebibytes_of(told), 80u);
}

/// What is read-only is no longer counted by the kernel against the limit, and still in use.
TEST_F(Memory, in_use_beyond_the_limit_ends_the_plugin_with_the_reason) {
  HostConfiguration once = configuration();
  once.plugins[0].restart.crashes_max = 1;
  Host host = start(std::move(once));
  for (int i = 0; i < 3; ++i) ASSERT_EQ(act(host, Deed::Hide, {}, 40).stopped_by, 0);

  try {
    static_cast<void>(act(host, Deed::Hide, {}, 40));
  } catch (const std::runtime_error&) {  // it may be ended before it can answer
  }

  const HostEvent ended = await_event(host, HostEventKind::Ended);
  EXPECT_THAT(ended.text, HasSubstr("bytes of private memory, its limit is 134217728"));
  ASSERT_NE(ended.crash, nullptr);
  EXPECT_EQ(ended.crash->kind, CrashKind::Quota);
  ASSERT_TRUE(ended.crash->memory_bytes);
  EXPECT_GT(*ended.crash->memory_bytes, std::uint64_t{128} << 20);
}

}  // namespace
}  // namespace shunt::test
