#pragma once
/// What every contract has: the phases, and the way in for the launcher. `<plugin>_contract.hpp` derives from it.

#include <shunt/plugin-kit/health.hpp>
#include <shunt/plugin-kit/link.hpp>
#include <shunt/plugin-kit/log.hpp>
#include <shunt/plugin-kit/settings.hpp>
#include <shunt/plugin-kit/state.hpp>
#include <shunt/plugin-kit/timer.hpp>
#include <shunt/plugin-kit/validators.hpp>

#include <cstdint>
#include <span>

namespace shunt::kit {

/// All of it runs on the serving thread; where there are several workers, handlers on each of them, and health() on any
/// one of them, at a time. The phases come in the order init, validate,
/// activate, cleanup; a failing or throwing one leads to cleanup, and init may be tried again after it.
class ContractBase {
 public:
  virtual ~ContractBase() = default;
  ContractBase(const ContractBase&) = delete;
  ContractBase& operator=(const ContractBase&) = delete;

  /// Looks whether it could work: environment, files. No effects.
  virtual Status validate() { return {}; }
  /// Effects begin: threads, files, connections.
  virtual Status activate() { return {}; }
  /// Releases everything. Idempotent: called after any phase, and more than once.
  virtual void cleanup() noexcept {}
  /// How it is. Asked when activate has succeeded, and about once in the host's `health_period` (1 s) from then on,
  /// between two messages, so it has to be cheap; not while a handler runs. One that throws is NotServing. The host
  /// hears of changes alone.
  virtual Health health() const { return Health::Serving; }

 protected:
  ContractBase() = default;

  /// Any thread of the plugin; not in the constructor.
  [[nodiscard]] Log log() const { return Log{link_}; }
  [[nodiscard]] const Link& shunt_link() const { return link_; }

  /// For init: what payloads have to be beyond their types. Asked on the thread that runs the handler.
  [[nodiscard]] Validators& validators() {
    link_.validators = &validators_;
    return validators_;
  }

  /// As Context::every, after and now: for activate, and for handlers that have no context at hand.
  template <typename Handler>
  [[nodiscard]] Result<Timer> every(std::chrono::nanoseconds period, Handler&& handler) const {
    return Context{link_, kNoMessage}.every(period, std::forward<Handler>(handler));
  }
  template <typename Handler>
  [[nodiscard]] Result<Timer> after(std::chrono::nanoseconds delay, Handler&& handler) const {
    return Context{link_, kNoMessage}.after(delay, std::forward<Handler>(handler));
  }
  [[nodiscard]] Clock::time_point now() const { return Context{link_, kNoMessage}.now(); }

 private:
  friend struct Entrance;
  static constexpr shunt_message kNoMessage{};
  virtual Status shunt_init(Settings settings) = 0;
  virtual void shunt_handle(const shunt_message& message) = 0;
  virtual void shunt_receive(const shunt_message& message) = 0;
  /// Leaves every last will that the manifest declares with the host; after validate.
  virtual Status shunt_last_wills() { return {}; }
  /// Of a contract whose manifest has [state].
  virtual Status shunt_snapshot(std::uint32_t version, const StateSink& to);
  virtual Status shunt_restore(std::uint32_t version, std::span<const std::uint8_t> state);

  Validators validators_;
  Link link_;  ///< Not there yet in the constructor: a constructor neither logs nor sends.
};

}  // namespace shunt::kit
