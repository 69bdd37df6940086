#pragma once
/// Moves momentum between its two versions while bars are in flight.

#include "options.hpp"

#include <shunt/host.hpp>

#include <atomic>
#include <cstdint>
#include <semaphore>
#include <thread>

namespace market_demo {

/// What became of the switches.
struct Switches {
  unsigned done = 0;
  std::uint64_t in_flight_min = 0;  ///< Messages that momentum had not finished, at the exchange that found the fewest.
};

/// A thread of its own, which sleeps between switches: they block, and the stream goes on meanwhile. They are spread
/// over the stream, so that each version serves its share of it; the last three tenths have none, because starting a
/// version takes its time and the exchange must find bars in flight.
class Switcher {
 public:
  Switcher(shunt::Host& host, const Options& options);
  Switcher(const Switcher&) = delete;
  Switcher& operator=(const Switcher&) = delete;
  ~Switcher();

  /// To be told how many bars are out, and whether the last one was refused: a switch that is due begins once momentum
  /// takes no more, so that the exchange finds it with its hands full. On the publishing thread.
  void published(std::uint64_t count, bool refused) {
    for (; is_due(count) && (refused || count == options_.messages); ++next_) due_.release();
  }
  /// Whether a switch is due, or has begun, and is not done. On the publishing thread.
  [[nodiscard]] bool under_way(std::uint64_t count) const { return next_ > done() || is_due(count); }
  [[nodiscard]] unsigned done() const { return done_.load(std::memory_order_relaxed); }
  /// A switch failed: none comes after it.
  [[nodiscard]] bool failed() const { return failed_.load(std::memory_order_relaxed); }
  /// Waits for the switches that are due; none begins after it.
  [[nodiscard]] shunt::Result<Switches> finish();

 private:
  [[nodiscard]] std::uint64_t due(unsigned number) const {
    return options_.alone() + options_.messages * 7 / 10 * (number + 1) / (options_.switches + 1);
  }
  [[nodiscard]] bool is_due(std::uint64_t count) const { return next_ < options_.switches && count >= due(next_); }
  void run();
  void note_exchange();
  void stop();

  shunt::Host& host_;
  const Options& options_;
  unsigned next_ = 0;
  std::counting_semaphore<> due_{0};
  std::atomic<bool> stopping_{false};
  std::atomic<unsigned> done_{0};
  std::atomic<bool> failed_{false};
  shunt::Status status_;
  std::uint64_t last_event_ = 0;
  std::uint64_t in_flight_min_ = UINT64_MAX;
  std::thread thread_;  // last: it uses the others
};

}  // namespace market_demo
