#include "health_teller.hpp"

#include <shunt/bus/clock.hpp>

#include <array>
#include <new>
#include <optional>
#include <string_view>
#include <utility>

namespace shunt::kit {
namespace {

constexpr std::size_t kReasonBytesMax = 256;

}  // namespace

template <typename Book>
void HealthTeller::tell(Book& book) noexcept {
  try {
    auto report = [&]() -> std::optional<decltype(book.report())> {
      const ThreadsLock::Hold hold{runtime_.lock};
      if (!book.changed()) return {};
      return book.report();
    }();
    if (report) static_cast<void>(host_.send(std::move(*report)));  // a host that is gone is noticed by the receiver
  } catch (const std::bad_alloc&) {  // it is told the next time that there is something new
  }
}

void HealthTeller::ask(Hand& hand) noexcept {
  std::array<char, kReasonBytesMax> text{};
  runtime_.own_work.begin("health()", bus::now_ns());
  const int state = phases_.health(hand, text);
  runtime_.own_work.end();
  tell(runtime_.validations);
  tell(runtime_.unanswered);
  const std::string_view reason{text.data()};
  if (state == told_ && reason == reason_told_) return;
  try {
    control::HealthT health;
    health.state = static_cast<control::HealthState>(state);
    health.reason = reason;
    reason_told_ = reason;
    if (host_.send(std::move(health))) told_ = state;
  } catch (const std::bad_alloc&) {
    told_ = -1;  // it is told the next time
  }
}

}  // namespace shunt::kit
