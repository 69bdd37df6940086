// One contract in several languages, as processes of a real host: each called, each switched to and from.
#include "collar_client.hpp"
#include "leftovers.hpp"

#include <shunt/host.hpp>

#include <atomic>
#include <chrono>
#include <set>
#include <stop_token>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <run_command.hpp>
#include <scale.hpp>

namespace shunt::test {
namespace {

using namespace std::chrono_literals;
using collar::Language;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

struct Version {
  const char* file;
  const char* number;
  Language language;
};

const std::vector<Version> kVersions{
    {COLLAR_CPP, "1.0.0", Language::Cpp},
    {COLLAR_C11, "1.1.0", Language::C},
#ifdef COLLAR_RUST
    {COLLAR_RUST, "1.2.0", Language::Rust},
#endif
};

auto order(std::int64_t quantity, double price) {
  return [=](auto& build) { return collar::CreateOrder(build, quantity, price); };
}

class Languages : public HostTest {
 protected:
  static Host start(const std::vector<Version>& versions, std::int64_t quantity_max) {
    HostConfiguration configuration;
    configuration.launcher = LAUNCHER;
    configuration.trust.allow_unsigned = true;
    for (const Version& version : versions) {
      PluginConfiguration plugin;
      plugin.path = version.file;
      plugin.wait = bus::Wait::Sleep;
      plugin.config["quantity-max"] = {quantity_max};
      configuration.plugins.push_back(std::move(plugin));
    }
    for (const char* const name : {"collar/judge", "collar.orders", "collar.verdicts"}) {
      RouteConfiguration route;
      route.name = name;
      route.wait = bus::Wait::Sleep;
      route.backlog = 1u << 20;
      configuration.routes.push_back(route);
    }
    auto host = Host::start(std::move(configuration));
    if (!host) throw std::runtime_error(to_string(host.error()));
    return *std::move(host);
  }

  /// Whether `condition` came true in time, while this thread polls.
  template <typename Condition>
  static bool poll_until(Host& host, const Condition& condition) {
    for (const auto until = std::chrono::steady_clock::now() + 30s; !condition();) {
      if (std::chrono::steady_clock::now() > until) return false;
      if (host.poll().value_or(1) == 0) host.wait(10ms);
    }
    return true;
  }
};

TEST_F(Languages, each_judges_the_same_and_says_which_it_is) {
  for (const Version& version : kVersions) {
    SCOPED_TRACE(version.file);
    Host host = start({version}, 100);
    auto client = host.client<collar::Client>().value();

    const auto cut = client.judge(order(150, 10.5), {.deadline = 30s});
    const auto refused = client.judge(order(150, -1), {.deadline = 30s});
    const std::vector<std::uint8_t> garbage{0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4};
    const auto unreadable = host.call_bytes("collar/judge", garbage, {.deadline = 30s});

    ASSERT_TRUE(cut) << to_string(cut.error());
    EXPECT_EQ((*cut)->quantity(), 100);
    EXPECT_TRUE((*cut)->allowed());
    EXPECT_EQ((*cut)->made_by(), version.language);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::BadInput);
    EXPECT_THAT(refused.error().message, EndsWith("\"collar/judge\": a price must be above 0"));
    ASSERT_FALSE(unreadable);
    EXPECT_EQ(unreadable.error().code, ErrorCode::BadPayload);
  }
}

TEST_F(Languages, each_hears_orders_and_publishes_its_verdicts) {
  for (const Version& version : kVersions) {
    SCOPED_TRACE(version.file);
    Host host = start({version}, 100);
    std::vector<std::int64_t> heard;
    const auto subscription =
        host.subscribe<collar::Verdict>("collar.verdicts", [&](Received<collar::Verdict>& verdict) {
          if (verdict->made_by() == version.language) heard.push_back(verdict->quantity());
        });
    auto orders = host.publisher<collar::Order>("collar.orders").value();

    for (const std::int64_t quantity : {5, -500}) ASSERT_TRUE(orders.publish(order(quantity, 10.5)));

    EXPECT_TRUE(poll_until(host, [&] { return heard.size() == 2; }));
    EXPECT_EQ(heard, (std::vector<std::int64_t>{5, -100}));
  }
}

TEST_F(Languages, a_host_switches_from_each_to_the_next_under_way_and_loses_nothing) {
  constexpr std::int64_t kNoLimit = 1'000'000'000'000;
  Host host = start(kVersions, kNoLimit);
  std::set<std::int64_t> heard;
  std::set<Language> languages;
  std::size_t verdicts = 0;
  const auto subscription = host.subscribe<collar::Verdict>("collar.verdicts", [&](Received<collar::Verdict>& verdict) {
    heard.insert(verdict->quantity());
    languages.insert(verdict->made_by());
    ++verdicts;
  });
  std::atomic<std::size_t> published{0};
  std::jthread sender{[&](const std::stop_token& end) {
    auto orders = host.publisher<collar::Order>("collar.orders").value();
    for (std::int64_t number = 1; !end.stop_requested(); std::this_thread::sleep_for(50us))
      if (orders.publish(order(number, 10.5))) ++number, ++published;
  }};
  auto client = host.client<collar::Client>().value();

  for (std::size_t i = 1; i <= 2 * kVersions.size() + scaled(50); ++i) {
    const Version& next = kVersions[i % kVersions.size()];
    const auto switched = host.switch_to("collar", next.number);
    ASSERT_TRUE(switched) << to_string(switched.error());
    const auto reply = client.judge(order(3, 1), {.deadline = 30s});
    ASSERT_TRUE(reply) << to_string(reply.error());
    EXPECT_EQ((*reply)->made_by(), next.language);
    // Each has some of the stream for its own before the next takes over.
    const std::size_t before = verdicts;
    ASSERT_TRUE(poll_until(host, [&] { return verdicts > before; }));
  }
  sender.request_stop();
  sender.join();

  EXPECT_TRUE(poll_until(host, [&] { return verdicts == published; }));
  EXPECT_EQ(heard.size(), published) << "none twice";
  EXPECT_EQ(*heard.rbegin(), static_cast<std::int64_t>(published.load()));
  EXPECT_EQ(languages.size(), kVersions.size());
}

/// What the dynamic loader would load for it.
std::string libraries_of(const char* file) { return run_command(fmt::format("ldd {} 2>&1", file)).output; }

TEST_F(Languages, the_one_in_c_needs_no_cpp_library) {
#ifdef SHUNT_SANITIZED
  GTEST_SKIP() << "a sanitizer brings its own library, which is in C++";
#endif
  EXPECT_THAT(libraries_of(COLLAR_C11), HasSubstr("libc.so"));
  EXPECT_THAT(libraries_of(COLLAR_C11), Not(HasSubstr("libstdc++")));
  EXPECT_THAT(libraries_of(COLLAR_CPP), HasSubstr("libstdc++")) << "or this test sees nothing";
}

TEST_F(Languages, the_one_in_rust_needs_no_cpp_library_either) {
#ifdef SHUNT_SANITIZED
  GTEST_SKIP() << "a sanitizer brings its own library, which is in C++";
#elif defined(COLLAR_RUST)
  EXPECT_THAT(libraries_of(COLLAR_RUST), HasSubstr("libc.so"));
  EXPECT_THAT(libraries_of(COLLAR_RUST), Not(HasSubstr("libstdc++")));
#else
  GTEST_SKIP()
      << "no rustc that works was found when Shunt was configured: there is no plugin in Rust, and none of the "
         "tests here has been run with one";
#endif
}

}  // namespace
}  // namespace shunt::test
