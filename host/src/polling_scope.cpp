#include "polling_scope.hpp"

#include <utility>

namespace shunt::host {

const PollingScope*& PollingScope::innermost() noexcept {
  static thread_local const PollingScope* scope = nullptr;
  return scope;
}

PollingScope::PollingScope(const Core& core) : core_(&core), outer_(std::exchange(innermost(), this)) {}

PollingScope::~PollingScope() { innermost() = outer_; }

Status refuse_in_callback(const Core& core, std::string_view what) {
  if (!PollingScope::polls(core)) return {};
  return error(ErrorCode::WouldDeadlock, "{} from inside a callback: let the thread that polls do it", what);
}

}  // namespace shunt::host
