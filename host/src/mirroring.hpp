#pragma once
/// Where copies of a target's messages go: to instances of a version that is tried as a shadow.

#include "instance.hpp"
#include "outcomes.hpp"
#include "shadow_book.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace shunt::host {

/// Of one route and plugin, in one table.
struct Mirroring {
  std::shared_ptr<ShadowBook> book;
  std::shared_ptr<Outcomes> outcomes;                ///< Of calls to the shadow; null of a topic.
  std::vector<std::shared_ptr<Instance>> instances;  ///< That are up.
  mutable std::atomic<std::uint32_t> turn{0};

  /// Evenly; null: none is up.
  [[nodiscard]] Instance* next() const noexcept {
    if (instances.empty()) return nullptr;
    return instances[turn.fetch_add(1, std::memory_order_relaxed) % instances.size()].get();
  }
};

}  // namespace shunt::host
