#pragma once
/// A plugin with a last will, what it is told, and what a subscription of the host hears of it.
///
///     Host host = start(with({testator()}));
///     Ear ear{host};                                   // on "herald.quotes"
///     tell(host, {.deed = Deed::Publish, .number = 1});
///     vanish(host);                                    // kill -9
///     EXPECT_TRUE(poll_until(host, [&] { return ear.wills() == 1; }));

#include "quotes.hpp"
#include "testator_client.hpp"

#include <csignal>
#include <vector>

namespace shunt::test {

inline constexpr std::uint64_t kFarewell = 4'000'000;

/// One that may vanish as often as it likes.
[[nodiscard]] inline PluginConfiguration testator(int version = 1, std::string trouble = {}, std::int64_t bytes = 0) {
  auto testator = plugin(version == 1 ? "libhost_testator.so" : "libhost_testator-2.so");
  testator.config["trouble"] = {std::move(trouble)};
  testator.config["bytes"] = {bytes};
  testator.restart.crashes_max = 1000;
  testator.restart.delay_max = testator.restart.delay_first;
  testator.grace = 100ms;
  return testator;
}

[[nodiscard]] inline Result<Reply<stage::Outcome>> tell(Host& host, const Order& what,
                                                        std::chrono::nanoseconds deadline = 30s) {
  return host.client<testator::Client>().value().act(order(what), {.deadline = deadline});
}

/// Its process, by kill -9; when that was done.
inline std::chrono::steady_clock::time_point vanish(Host& host, std::string_view name = "testator") {
  const auto pid = pid_of(host, name);
  const auto now = std::chrono::steady_clock::now();
  send_signal(pid, SIGKILL);
  return now;
}

/// What is heard on "herald.quotes": wills as the scribe writes them down.
class Ear {
 public:
  explicit Ear(Host& host)
      : subscription_(host.subscribe<stage::News>("herald.quotes",
                                                  [this](Received<stage::News>& news) {
                                                    heard.push_back(news->number() + (news.latched() ? kLatched : 0) +
                                                                    (news.is_last_will() ? kLastWill : 0));
                                                    wills_ += news.is_last_will() ? 1u : 0u;
                                                  })
                          .value()) {}
  Ear(const Ear&) = delete;
  Ear& operator=(const Ear&) = delete;

  [[nodiscard]] std::size_t wills() const { return wills_; }

  Numbers heard;

 private:
  std::size_t wills_ = 0;
  Subscription subscription_;
};

[[nodiscard]] inline std::size_t count_events(Host& host, HostEventKind kind) {
  const auto events = host.events();
  return static_cast<std::size_t>(
      std::ranges::count_if(events, [&](const HostEvent& each) { return each.kind == kind; }));
}

}  // namespace shunt::test
