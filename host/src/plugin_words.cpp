/// What a plugin process says over its control socket: answers to phases, and what nobody asked for.
#include "escaped.hpp"
#include "phase_bound.hpp"
#include "plugin_process.hpp"

#include <chrono>

namespace shunt::host {
namespace {

constexpr std::size_t kWhatBytesMax = 100;
/// It is asked once a period. What comes at once is what was said while the host's loop stood still, and no more.
constexpr double kHealthWordsAtOnce = 8;
constexpr double kHealthWordsMax = 1000;

}  // namespace

Allowance PluginProcess::health_words_of(const PluginConfiguration& configuration) {
  return {kHealthWordsAtOnce, kHealthWordsMax, configuration.health_period};
}

void PluginProcess::on_plugin_packet() {
  auto packet = receive_packet(plugin_.get());
  if (!packet) {
    if (packet.error().code == ErrorCode::PeerBreach) return end(Event::Breach, broken(bus::Breach::Control));
    if (packet.error().code == ErrorCode::System) return give_up(packet.error());
    return on_plugin_closed();
  }
  if (!*packet || state_ == State::Ending) return;  // only its exit is awaited, whatever it says meanwhile
  if ((*packet)->descriptors.empty() && accept_word((*packet)->message())) return;
  if (const auto* const will = (*packet)->message().body_as_Will(); will != nullptr && (*packet)->descriptors.empty())
    return accept_will(*will);
  const auto* const entered = (*packet)->message().body_as_Entered();
  if (entered == nullptr || asked_.empty() || entered->phase() != asked_.front() || !(*packet)->descriptors.empty())
    return end(Event::Breach, broken(bus::Breach::Control));
  asked_.pop_front();
  on_entered(entered->phase(), *entered);
}

/// A process that dies closes its end a moment before its exit is seen. One that closes it and lives on can be told
/// nothing any more, not even to stop.
void PluginProcess::on_plugin_closed() {
  loop_.unwatch(plugin_.get());
  plugin_closed_ = true;
  closed_deadline_ = loop_.after(kExitBound, [this] {
    if (plugin_alive_ && state_ != State::Ending) end(Event::Breach, "it closed its control socket and lives on");
  });
  finish_when_reaped();
}

/// False: it is something else.
bool PluginProcess::accept_word(const control::Message& message) {
  if (state_ < State::Validated) return false;  // it may say something from the end of activate on
  if (const auto* const health = message.body_as_Health(); health != nullptr) {
    if (!health_words_.take(std::chrono::steady_clock::now()))
      end(Event::Breach, "it told of its health more often than it was asked");
    else if (health->state() > control::HealthState::MAX) return false;
    else listener_.on_health(*instance_, *health);
    return true;
  }
  if (const auto* const advanced = message.body_as_Advanced(); advanced != nullptr && advances_ > 0) {
    --advances_;
    listener_.on_advanced(*instance_, advanced->fired());
    return true;
  }
  if (accept_state(message)) return true;
  if (const auto* const validations = message.body_as_Validations(); validations != nullptr) {
    if (validation_words_.take(std::chrono::steady_clock::now())) listener_.on_validations(*instance_, *validations);
    else end(Event::Breach, broken(bus::Breach::Control) + ": it told of its validators more often than it was asked");
    return true;
  }
  if (const auto* const failures = message.body_as_Failures(); failures != nullptr) {
    if (failure_words_.take(std::chrono::steady_clock::now())) listener_.on_failures(*instance_, *failures);
    else end(Event::Breach, broken(bus::Breach::Control) + ": it told of its failures more often than it was asked");
    return true;
  }
  if (const auto* const stuck = message.body_as_Stuck(); stuck != nullptr) {
    const auto text = stuck->what() == nullptr ? std::string_view{} : stuck->what()->string_view();
    end(Event::HandlerStuck,
        fmt::format("its {} has not come back for {} ms", escaped(text, kWhatBytesMax), stuck->for_ns() / 1'000'000));
    return true;
  }
  return false;
}

}  // namespace shunt::host
