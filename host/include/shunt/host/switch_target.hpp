#pragma once
/// A plugin and the version that is to serve.
///
///     host.switch_to({{"momentum", "1.5.0"}, {"executor", "2.0.0"}});

#include <string>

namespace shunt {

struct SwitchTarget {
  std::string plugin;
  std::string version;  ///< What it leaves out (build, ABI level) matches anything.
};

}  // namespace shunt
