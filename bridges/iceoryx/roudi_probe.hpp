#pragma once
/// Whether RouDi still does its work. An application that is killed inside of iceoryx leaves a lock taken, and RouDi
/// waits for it for ever as it clears up: it answers nobody any more, and lets nobody know.
///
/// A subscriber of our own publisher is connected and disconnected, again and again: RouDi's own thread does each.

#include <cstdint>

#include <iceoryx_posh/popo/untyped_publisher.hpp>
#include <iceoryx_posh/popo/untyped_subscriber.hpp>

namespace shunt::bridges {

/// Once a runtime is there.
class RoudiProbe {
 public:
  RoudiProbe();
  /// Looks, and asks again. Never waits. False: nothing has changed in as many looks in a row as it takes to say that
  /// RouDi stands still; looks, and no time, because whoever starves it starves us.
  [[nodiscard]] bool look();

 private:
  static constexpr std::uint32_t kLooksMax = 50;  // 5 s: RouDi connects within 100 ms, an idle one

  iox::popo::UntypedPublisher publisher_;
  iox::popo::UntypedSubscriber subscriber_;
  bool connects_ = true;
  std::uint32_t unchanged_ = 0;
};

}  // namespace shunt::bridges
