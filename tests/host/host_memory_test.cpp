/// What happens to a message for which the host has no memory.
#include "cast.hpp"

#include <atomic>
#include <cstdlib>
#include <limits>
#include <new>

namespace {

constexpr std::size_t kAny = std::numeric_limits<std::size_t>::max();

/// The largest piece of aligned memory that there is: payloads are kept in such.
std::atomic<std::size_t> most_bytes = kAny;

}  // namespace

void* operator new(std::size_t bytes, std::align_val_t alignment) {
  const auto align = static_cast<std::size_t>(alignment);
  void* const memory = bytes > most_bytes ? nullptr : std::aligned_alloc(align, (bytes + align - 1) / align * align);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace shunt::test {
namespace {

constexpr std::uint32_t kLarge = 20'000;

class Memory : public HostTest {
 protected:
  void TearDown() override {
    most_bytes = kAny;
    HostTest::TearDown();
  }
};

TEST_F(Memory, that_is_not_there_for_an_answer_fails_its_caller_and_nobody_else) {
  Host host = start({actor()});
  auto client = host.client<actor::Client>().value();
  most_bytes = kLarge;

  for (int i = 0; i < 20; ++i) {  // more than the plugin has chunks of that size
    const auto reply = client.act(order({.bytes = kLarge}), {.deadline = 30s});
    ASSERT_FALSE(reply);
    ASSERT_EQ(reply.error().code, ErrorCode::System);
    ASSERT_EQ(reply.error().message, "out of memory");
    ASSERT_TRUE(client.act(order({}), {.deadline = 30s}));
  }
  most_bytes = kAny;

  EXPECT_TRUE(client.act(order({.bytes = kLarge}), {.deadline = 30s}));
  EXPECT_EQ(host.snapshot().in_flight, 0u);
}

TEST_F(Memory, that_is_not_there_for_a_publication_keeps_it_waiting) {
  Host host = start({actor()});
  auto client = host.client<actor::Client>().value();
  std::size_t heard = 0;
  const auto subscription = host.subscribe<stage::News>("actor.news", [&](Received<stage::News>&) { ++heard; });
  most_bytes = kLarge;

  ASSERT_TRUE(client.act(order({.deed = Deed::Publish, .bytes = kLarge}), {.deadline = 30s}));
  ASSERT_TRUE(host.poll());

  EXPECT_EQ(heard, 0u);
  most_bytes = kAny;
  EXPECT_TRUE(poll_until(host, [&] { return heard > 0; }));
  EXPECT_EQ(heard, 1u);
}

TEST_F(Memory, that_is_not_there_for_one_receiver_gives_the_publication_to_none_yet) {
  Host host = start({actor(), partner()});
  auto client = host.client<actor::Client>().value();
  std::size_t heard = 0;
  const auto subscription = host.subscribe<stage::News>("actor.news", [&](Received<stage::News>&) { ++heard; });
  most_bytes = kLarge;

  ASSERT_TRUE(client.act(order({.deed = Deed::Publish, .bytes = kLarge}), {.deadline = 30s}));
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(host.poll());

  EXPECT_EQ(snapshot_of(host, "partner").sent, 0u);
  most_bytes = kAny;
  EXPECT_TRUE(poll_until(host, [&] { return heard > 0 && snapshot_of(host, "partner").done > 0; }));
  EXPECT_EQ(heard, 1u);
  EXPECT_EQ(snapshot_of(host, "partner").sent, 1u);
}

}  // namespace
}  // namespace shunt::test
