#pragma once
/// What plugins tried and were denied: plain values.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace shunt {

/// System calls that one instance was denied in one phase, all of one name.
struct AuditRecord {
  std::uint64_t instance = 0;
  std::string plugin;
  std::string version;
  std::string phase;        ///< "Load", "Init", "Validate", "Activate" (which lasts while it serves), "Cleanup"
  std::string call;         ///< "openat"
  std::int32_t answer = 0;  ///< The errno that the plugin got.
  std::vector<std::uint64_t> arguments;  ///< Of the first, as they stood in the registers.
  std::uint64_t count = 0;
  std::chrono::system_clock::time_point first{};
  std::chrono::system_clock::time_point last{};
};

}  // namespace shunt
