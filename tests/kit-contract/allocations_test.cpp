// Counts heap allocations per message. A program of its own, because it replaces operator new.
#include "fake_launcher.hpp"
#include "probe_messages.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

#include <gtest/gtest.h>

namespace {
std::atomic<int> allocations{0};
}

void* operator new(std::size_t bytes) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  const auto rounded = (bytes + static_cast<std::size_t>(alignment) - 1) & ~(static_cast<std::size_t>(alignment) - 1);
  if (void* memory = std::aligned_alloc(static_cast<std::size_t>(alignment), rounded)) return memory;
  throw std::bad_alloc();
}
// Inlined, gcc sees these free what it takes for another new than the ones above.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace shunt::test {
namespace {

class Allocations : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(launcher_.init({{"account", "a"}}).code, SHUNT_OK);
    launcher_.answer_calls(SHUNT_OK, response(1));
  }

  /// Allocations of `run`, after it ran once to learn the sizes of the payloads.
  template <typename Run>
  static int counted(const Run& run) {
    run();
    const int before = allocations.load();
    for (int i = 0; i < 1000; ++i) run();
    return allocations.load() - before;
  }

  FakeLauncher launcher_{shunt_plugin_descriptor};
};

TEST_F(Allocations, one_put_in_on_purpose_is_counted) {
  EXPECT_EQ(counted([] { ::operator delete(::operator new(8)); }), 1000);
}

TEST_F(Allocations, a_handler_that_makes_some_is_counted) {
  const auto bytes = question(1);
  EXPECT_GE(counted([&] { launcher_.request(function("probe/refuses"), bytes); }), 1000);
}

TEST_F(Allocations, a_request_and_its_reply_in_the_message_make_none) {
  const auto bytes = question(1);
  EXPECT_EQ(counted([&] { launcher_.request(function("probe/echo"), bytes); }), 0);
}

TEST_F(Allocations, a_reply_in_a_chunk_makes_none) {
  const auto bytes = question(1000);
  EXPECT_EQ(counted([&] { launcher_.request(function("probe/large"), bytes); }), 0);
}

TEST_F(Allocations, a_nested_call_makes_none) {
  const auto bytes = question(1);
  EXPECT_EQ(counted([&] { launcher_.request(function("probe/asks"), bytes); }), 0);
}

TEST_F(Allocations, a_publication_in_and_out_makes_none) {
  const auto inside = question(1);
  const auto chunk = question(7);
  EXPECT_EQ(counted([&] {
              launcher_.publish(0, inside);
              launcher_.publish(0, chunk);
            }),
            0);
}

TEST_F(Allocations, a_log_line_makes_none) {
  const auto bytes = question(1);
  EXPECT_EQ(counted([&] { launcher_.request(function("probe/describes"), bytes); }), 0);
}

}  // namespace
}  // namespace shunt::test
