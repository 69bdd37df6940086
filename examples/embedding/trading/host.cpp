// A trading host: publishes three quotes, hears the orders, and asks the strategy what it thinks of a large one.
#include "strategy_client.hpp"  // generated from plugin.toml

#include <shunt/host.hpp>

#include <cstdio>

using namespace std::chrono_literals;

shunt::Status run(const char* host_toml) {
  SHUNT_TRY(host, shunt::Host::start(host_toml));

  int orders = 0;
  SHUNT_TRY(subscription, host.subscribe<trading::Order>("orders", [&](shunt::Received<trading::Order>& order) {
    std::printf("%+ld at %.2f\n", order->quantity(), order->price());
    ++orders;
  }));
  SHUNT_TRY(quotes, host.publisher<trading::Quote>("quotes"));
  for (const double bid : {98.0, 99.5, 101.0}) {
    const auto sent = quotes.publish([&](auto& build) { return trading::CreateQuote(build, bid, bid + 0.5); });
    if (!sent) return tl::make_unexpected(sent.error());
  }
  while (orders < 3) {
    SHUNT_TRY(callbacks, host.poll());  // callbacks run here
    if (callbacks == 0) host.wait(100ms);
  }

  SHUNT_TRY(strategy, host.client<strategy::Client>());
  SHUNT_TRY(verdict, strategy.check([](auto& build) { return trading::CreateOrder(build, 99.0, 500); }));
  std::printf("+500: %s\n", verdict->accepted() ? "accepted" : "refused");
  return {};
}

int main(int argc, char** argv) {
  const auto done = run(argc > 1 ? argv[1] : "host.toml");
  if (!done) std::fprintf(stderr, "%s\n", to_string(done.error()).c_str());
  return done ? 0 : 1;
}
