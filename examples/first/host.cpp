// A host: publishes two ticks, hears what the plugin makes of them, and asks it once.
#include "follower_client.hpp"  // generated from plugin.toml

#include <shunt/host.hpp>

#include <cstdio>

using namespace std::chrono_literals;

shunt::Status run(const char* host_toml) {
  SHUNT_TRY(host, shunt::Host::start(host_toml));

  int heard = 0;
  SHUNT_TRY(signals, host.subscribe<ticks::Signal>("signals", [&](shunt::Received<ticks::Signal>& signal) {
    std::printf("%.2f: %s\n", signal->price(), signal->buy() ? "buy" : "wait");
    ++heard;
  }));
  SHUNT_TRY(publisher, host.publisher<ticks::Tick>("ticks"));
  for (const double price : {99.25, 101.75}) {
    const auto sent = publisher.publish([&](auto& build) { return ticks::CreateTick(build, price); });
    if (!sent) return tl::make_unexpected(sent.error());
  }
  while (heard < 2) {
    SHUNT_TRY(callbacks, host.poll());  // callbacks run here
    if (callbacks == 0) host.wait(100ms);
  }

  SHUNT_TRY(follower, host.client<follower::Client>());
  SHUNT_TRY(reply, follower.judge([](auto& build) { return ticks::CreateTick(build, 102.5); }, {.deadline = 1s}));
  std::printf("%.2f: %s, it says\n", reply->price(), reply->buy() ? "buy" : "wait");
  return {};
}

int main(int argc, char** argv) {
  const auto done = run(argc > 1 ? argv[1] : "host.toml");
  if (!done) std::fprintf(stderr, "%s\n", to_string(done.error()).c_str());
  return done ? 0 : 1;
}
