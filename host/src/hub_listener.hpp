#pragma once
/// What the data path tells the control loop.

#include <shunt/schemas/error.hpp>

namespace shunt::host {

class Instance;
struct RouteInfo;

/// Called on any thread; must not block.
class HubListener {
 public:
  virtual void on_breach(Instance& instance) noexcept = 0;
  /// This instance was sent something, after a while without: somebody should look whether it makes progress.
  virtual void on_suspect(Instance& instance) noexcept = 0;
  /// A handler of it threw; `what` is what its caller gets.
  virtual void on_thrown(Instance& instance, const Error& what) noexcept = 0;
  /// A call got the route's fallback instead of this.
  virtual void on_fallback(const RouteInfo& route, const Error& why) noexcept = 0;

 protected:
  ~HubListener() = default;
};

}  // namespace shunt::host
