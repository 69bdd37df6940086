// A plain program that has an epoll loop already, and takes Shunt into it: it reads bids from standard input, one a
// line, publishes them as quotes, and prints the orders of the plugin. It ends when every quote has its order.
#include "strategy_client.hpp"  // generated from the plugin's manifest

#include <shunt/host.hpp>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <sys/epoll.h>
#include <unistd.h>

namespace {

/// Standard input, split into lines.
class Lines {
 public:
  /// Calls `each(line)` for what can be read now. False: there will be no more.
  template <typename Each>
  bool read(Each&& each) {
    std::array<char, 4096> part;
    const auto count = ::read(STDIN_FILENO, part.data(), part.size());
    if (count <= 0) return false;
    rest_.append(part.data(), static_cast<std::size_t>(count));
    for (std::size_t end; (end = rest_.find('\n')) != std::string::npos; rest_.erase(0, end + 1))
      each(rest_.substr(0, end));
    return true;
  }

 private:
  std::string rest_;
};

void watch(int epoll, int descriptor) {
  epoll_event event{.events = EPOLLIN, .data = {.fd = descriptor}};
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event);
}

shunt::Status run(const char* host_toml, int epoll) {
  SHUNT_TRY(host, shunt::Host::start(host_toml));
  SHUNT_TRY(callbacks_due, host.event_fd());  // the host's: nothing to read, nothing to close
  SHUNT_TRY(quotes, host.publisher<trading::Quote>("quotes"));

  int asked = 0, answered = 0;
  SHUNT_TRY(orders, host.subscribe<trading::Order>("orders", [&](shunt::Received<trading::Order>& order) {
    std::printf("%+ld at %.2f\n", order->quantity(), order->price());
    ++answered;
  }));

  Lines lines;
  watch(epoll, STDIN_FILENO);
  watch(epoll, callbacks_due);
  for (bool more = true; more || answered < asked;) {
    epoll_event event{};
    if (::epoll_wait(epoll, &event, 1, -1) != 1) continue;
    if (event.data.fd == callbacks_due) {
      SHUNT_CHECK(host.poll());  // the order's callback runs here
    } else {
      more = lines.read([&](const std::string& line) {
        const double bid = std::strtod(line.c_str(), nullptr);
        const auto sent = quotes.publish([&](auto& build) { return trading::CreateQuote(build, bid, bid + 0.5); });
        asked += sent ? 1 : 0;
      });
      if (!more) ::epoll_ctl(epoll, EPOLL_CTL_DEL, STDIN_FILENO, nullptr);
    }
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  const auto done = run(argc > 1 ? argv[1] : "host.toml", epoll);
  if (!done) std::fprintf(stderr, "%s\n", to_string(done.error()).c_str());
  ::close(epoll);
  return done ? 0 : 1;
}
