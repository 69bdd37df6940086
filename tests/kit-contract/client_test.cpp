// The generated client, against a stand-in for the host's header.
#include "probe_client.hpp"

#include <gtest/gtest.h>

namespace shunt::test {
namespace {

/// A host that knows every route but one, and remembers what it was asked for.
struct FakeHost {
  std::string missing;
  std::vector<std::string> asked;
  std::vector<SchemaHash> hashes;

  template <typename Request, typename Reply>
  Result<Function<Request, Reply>> function(const char* name, SchemaHash request, SchemaHash reply) {
    if (name == missing) return error(ErrorCode::NoSuchRoute, "{} is not served", name);
    asked.emplace_back(name);
    hashes.insert(hashes.end(), {request, reply});
    return Function<Request, Reply>(name);
  }
};

TEST(Client, resolves_every_function_once_with_the_hashes_of_its_types) {
  FakeHost host;

  const auto client = probe::Client::resolve(host);

  ASSERT_TRUE(client);
  EXPECT_EQ(host.asked.size(), 9u);
  EXPECT_EQ(host.asked.front(), "probe/asks");
  EXPECT_NE(host.hashes[0], host.hashes[1]);
  EXPECT_NE(host.hashes[0].value, 0u);
}

TEST(Client, calls_the_function_with_builder_and_options) {
  FakeHost host;
  auto client = probe::Client::resolve(host).value();

  const auto answer = client.throws_late([] { return 5; }, {.priority = 3});

  EXPECT_EQ(answer, "probe/throws-late 3 5");
}

TEST(Client, starts_the_function_with_builder_options_and_callback) {
  FakeHost host;
  auto client = probe::Client::resolve(host).value();

  const auto started = client.throws_late_async([] { return 5; }, {.priority = 3});
  const auto with_callback = client.asks_async([] { return 6; }, {}, [] { return std::string{"called"}; });

  EXPECT_EQ(started, "started probe/throws-late 3 5");
  EXPECT_EQ(with_callback, "started probe/asks 0 6 called");
}

TEST(Client, is_not_made_when_a_route_is_missing) {
  FakeHost host{.missing = "probe/large", .asked = {}, .hashes = {}};

  const auto client = probe::Client::resolve(host);

  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().code, ErrorCode::NoSuchRoute);
}

}  // namespace
}  // namespace shunt::test
