#pragma once
/// Where one instance of a plugin serves, one after the other: a plugin has as many seats as the version that serves
/// has instances. Messages wait before a seat while it is empty.

#include "backoff.hpp"
#include "catalog.hpp"
#include "event_loop.hpp"
#include "instance.hpp"

#include <cstdint>
#include <memory>

namespace shunt::host {

struct Seat {
  Backoff backoff;
  std::shared_ptr<Instance> current{};  ///< Null while there is none.
  struct Before {
    std::shared_ptr<PluginVersion> version{};
    std::shared_ptr<Instance> instance{};
    bool had_all = false;  ///< Everything that goes over routes with a total order: the others wait for it.
  };
  Before before{};  ///< After an exchange, until all is done that began before: whom it led to then; else null.
  EventLoop::TimerId restart = 0;
  std::shared_ptr<Instance> leaving{};  ///< Once current: the plugin is stopped, and it finishes what it has.
};

/// An instance of a version that is kept up while another one serves.
struct Warm {
  std::shared_ptr<PluginVersion> version;
  std::uint32_t seat = 0;  ///< For which it is when its version serves.
  Backoff backoff;
  std::shared_ptr<Instance> instance{};  ///< Null while it serves itself, or there is none.
  EventLoop::TimerId restart = 0;        ///< 0: none is on its way.
};

}  // namespace shunt::host
