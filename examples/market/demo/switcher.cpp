#include "switcher.hpp"

#include <algorithm>

namespace market_demo {

Switcher::Switcher(shunt::Host& host, const Options& options)
    : host_(host), options_(options), thread_([this] { run(); }) {}

Switcher::~Switcher() { stop(); }

void Switcher::run() {
  for (unsigned i = 0; i < options_.switches; ++i) {
    due_.acquire();
    if (stopping_.load(std::memory_order_relaxed) && i >= next_) return;
    status_ = host_.switch_to("momentum", i % 2 == 0 ? "1.5.0" : "1.4.0");
    if (!status_) return failed_.store(true, std::memory_order_relaxed);
    note_exchange();
    done_.fetch_add(1, std::memory_order_relaxed);
  }
}

void Switcher::note_exchange() {
  for (const shunt::HostEvent& event : host_.events(last_event_)) {
    last_event_ = event.number;
    if (event.kind == shunt::HostEventKind::Switched) in_flight_min_ = std::min(in_flight_min_, event.in_flight);
  }
}

void Switcher::stop() {
  if (!thread_.joinable()) return;
  // The semaphore makes it visible: next_ is not written any more.
  stopping_.store(true, std::memory_order_relaxed);
  due_.release();
  thread_.join();
}

shunt::Result<Switches> Switcher::finish() {
  stop();
  SHUNT_CHECK(status_);
  return Switches{done(), done() == 0 ? 0 : in_flight_min_};
}

}  // namespace market_demo
