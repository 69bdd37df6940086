#include "waiting.hpp"

#include <algorithm>

#include <sched.h>

namespace market_demo {

unsigned cores_at_hand() {
  cpu_set_t cores;
  if (::sched_getaffinity(0, sizeof(cores), &cores) != 0) return 1;
  return static_cast<unsigned>(std::max(CPU_COUNT(&cores), 1));
}

bool may_spin(const shunt::HostConfiguration& configuration, unsigned cores) {
  return cores > configuration.plugins.size();
}

void let_spin(shunt::HostConfiguration& configuration) {
  for (auto& plugin : configuration.plugins) plugin.wait = shunt::bus::Wait::SpinThenSleep;
}

}  // namespace market_demo
