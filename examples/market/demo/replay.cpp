#include "replay.hpp"

#include "market_generated.h"
#include "progress.hpp"

#include <shunt/bus/clock.hpp>
#include <shunt/bus/spin.hpp>

namespace market_demo {
namespace {

constexpr std::int64_t kLostAfterNs = 20'000'000'000;
/// Bars in flight between two switches: what executor's ring and momentum's way to it hold. With more of them momentum
/// would wait for room, and take the core from those it waits for.
constexpr std::uint64_t kWindow = 32;
constexpr int kPollsBeforeSleep = 512;  ///< Without a fill: some 50 us, more than a bar takes on its way.

class Replay {
 public:
  Replay(shunt::Host& host, const std::vector<Day>& days, const Options& options, Ledger& ledger, bool spins)
      : host_(host),
        days_(days),
        options_(options),
        ledger_(ledger),
        polls_before_sleep_(spins ? kPollsBeforeSleep : 1) {}

  shunt::Result<Switches> run() {
    SHUNT_TRY(fills, host_.subscribe<market::Fill>("market.fills", [this](shunt::Received<market::Fill>& fill) {
      ledger_.filled(fill->sequence(), fill->version(),
                     Totals{fill->fills(), fill->position(), fill->cash_cents(), fill->turnover_cents()},
                     shunt::bus::now_ns());
    }));
    SHUNT_TRY(bars, host_.publisher<market::Bar>("market.bars"));
    Switcher switcher{host_, options_};
    Progress progress{options_.messages};
    last_fill_ns_ = shunt::bus::now_ns();
    while (ledger_.received() < options_.messages && !lost_ && !switcher.failed()) {
      SHUNT_CHECK(publish_some(bars, window(switcher)));
      switcher.published(next_, refused_);
      SHUNT_CHECK(take_fills());
      progress.show(ledger_.received(), switcher.done());
    }
    return switcher.finish();
  }

 private:
  /// Bars that may be in flight now. While a switch is under way as many as are taken, so that its exchange finds
  /// momentum with its hands full.
  [[nodiscard]] std::uint64_t window(const Switcher& switcher) const {
    if (next_ < options_.alone()) return 1;
    return switcher.under_way(next_) ? UINT64_MAX : kWindow;
  }

  /// A bar that is refused is published again after the next fill: nothing makes room before.
  shunt::Status publish_some(const shunt::Publisher<market::Bar>& bars, std::uint64_t window) {
    while (!refused_ && next_ < options_.messages && next_ - ledger_.received() < window) {
      const Day& day = days_[next_ % days_.size()];
      ledger_.sent(next_, shunt::bus::now_ns());
      const auto sent = bars.publish([&](auto& build) {
        return market::CreateBar(build, next_, day.date, day.open, day.high, day.low, day.close, day.volume);
      });
      refused_ = !sent && sent.error().code == shunt::ErrorCode::RingFull;
      if (refused_) break;
      if (!sent) return tl::make_unexpected(sent.error());
      ++next_;
    }
    return {};
  }

  shunt::Status take_fills() {
    SHUNT_TRY(callbacks, host_.poll());
    if (callbacks > 0) {
      idle_polls_ = 0;
      refused_ = false;
      return {};
    }
    if (++idle_polls_ < polls_before_sleep_) {
      shunt::bus::spin_pause();
      return {};
    }
    const std::int64_t now = shunt::bus::now_ns();
    if (ledger_.received() != received_before_) {
      received_before_ = ledger_.received();
      last_fill_ns_ = now;
    }
    lost_ = now - last_fill_ns_ > kLostAfterNs;
    host_.wait(std::chrono::milliseconds(1));
    return {};
  }

  shunt::Host& host_;
  const std::vector<Day>& days_;
  const Options& options_;
  Ledger& ledger_;
  const int polls_before_sleep_;
  std::uint64_t next_ = 0;
  bool refused_ = false;
  int idle_polls_ = 0;
  std::uint64_t received_before_ = 0;
  std::int64_t last_fill_ns_ = 0;
  bool lost_ = false;
};

}  // namespace

shunt::Result<Switches> replay(shunt::Host& host, const std::vector<Day>& days, const Options& options, Ledger& ledger,
                               bool spins) {
  return Replay{host, days, options, ledger, spins}.run();
}

}  // namespace market_demo
