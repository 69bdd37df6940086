#pragma once
/// What every contract has: the phases, and the way in for the launcher. `<plugin>_contract.hpp` derives from it.

#include <shunt/plugin-kit/link.hpp>
#include <shunt/plugin-kit/log.hpp>
#include <shunt/plugin-kit/settings.hpp>

#include <cstdint>

namespace shunt::kit {

/// Degraded still serves; NotServing asks for no more messages. Nobody asks for it yet.
enum class Health : int { Serving = SHUNT_SERVING, Degraded = SHUNT_DEGRADED, NotServing = SHUNT_NOT_SERVING };

/// All of it runs on the serving thread, but handlers of several workers. The phases come in the order init, validate,
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
  /// Cheap: it is for being asked between messages.
  virtual Health health() const { return Health::Serving; }

 protected:
  ContractBase() = default;

  /// Any thread of the plugin; not in the constructor.
  [[nodiscard]] Log log() const { return Log{link_}; }
  [[nodiscard]] const Link& shunt_link() const { return link_; }

 private:
  friend struct Entrance;
  virtual Status shunt_init(Settings settings) = 0;
  virtual void shunt_handle(const shunt_message& message) = 0;
  virtual void shunt_receive(const shunt_message& message) = 0;
  /// Leaves every last will that the manifest declares with the host; after validate.
  virtual Status shunt_last_wills() { return {}; }

  Link link_;  ///< Not there yet in the constructor: a constructor neither logs nor sends.
};

}  // namespace shunt::kit
