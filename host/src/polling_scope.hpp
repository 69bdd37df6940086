#pragma once
/// A poll() of this thread, and whose callback it runs. A callback of one host may poll another: they nest.

#include <shunt/schemas/result.hpp>

#include <string_view>

namespace shunt::host {

struct Core;
class Inbox;

class PollingScope {
 public:
  explicit PollingScope(const Core& core);
  ~PollingScope();
  PollingScope(const PollingScope&) = delete;
  PollingScope& operator=(const PollingScope&) = delete;

  void enter(const Inbox* inbox) noexcept { inbox_ = inbox; }

  /// Whether this thread is inside a callback of this host.
  [[nodiscard]] static bool polls(const Core& core) noexcept {
    return any([&](const PollingScope& each) { return each.core_ == &core; });
  }
  /// Whether it is inside this callback.
  [[nodiscard]] static bool runs(const Inbox& inbox) noexcept {
    return any([&](const PollingScope& each) { return each.inbox_ == &inbox; });
  }

 private:
  template <typename Is>
  static bool any(Is&& is) noexcept {
    const PollingScope* each = innermost();
    while (each != nullptr && !is(*each)) each = each->outer_;
    return each != nullptr;
  }
  static const PollingScope*& innermost() noexcept;

  const Core* core_;
  const Inbox* inbox_ = nullptr;
  const PollingScope* outer_;
};

/// Of what blocks for others than this thread. Errors: WouldDeadlock from inside a callback of the host.
[[nodiscard]] Status refuse_in_callback(const Core& core, std::string_view what);

}  // namespace shunt::host
