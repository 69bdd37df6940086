#pragma once
/// What a thread's callback is for, as far as its time goes: what the callback sends has the same origin.

#include <shunt/bus/clock.hpp>
#include <shunt/schemas/origin.hpp>

#include <cstdint>
#include <utility>

namespace shunt::host {

/// Of the callback that runs on this thread; 0: none runs, or nobody said.
inline constinit thread_local std::int64_t current_origin_ns = 0;

/// While a callback runs; also one within another.
class OriginScope {
 public:
  explicit OriginScope(std::int64_t origin_ns) noexcept : before_(std::exchange(current_origin_ns, origin_ns)) {}
  ~OriginScope() { current_origin_ns = before_; }
  OriginScope(const OriginScope&) = delete;
  OriginScope& operator=(const OriginScope&) = delete;

 private:
  std::int64_t before_;
};

/// What a sender says, as a time; 0: none.
inline std::int64_t origin_ns_of(Origin said) noexcept {
  if (said.raw() == 0) [[likely]]
    return current_origin_ns;
  if (said.raw() == Origin::kNow) return bus::now_ns();
  return said.raw() > 0 ? said.raw() : 0;
}

}  // namespace shunt::host
