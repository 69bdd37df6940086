#pragma once
/// The memory that a configuration needs in the worst case, before any of it is made: what `shunt plan` prints.
///
///     SHUNT_TRY(configuration, read_configuration("host.toml"));
///     SHUNT_TRY(plan, plan_memory(std::move(configuration)));
///     if (plan.total_bytes() > budget) refuse(plan.parts);
///
/// Every size comes from the code that makes the memory. What is not in it stands in docs/quotas.md.

#include <shunt/host/configuration.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace shunt {

/// One piece of memory.
struct PlannedMemory {
  std::string owner;         ///< "host", "compartment risk", "momentum", "momentum 1.4.0+8a3f1c2e+abi-v1"
  std::string what;          ///< "outbound pool"; of pools and lanes as /proc/PID/maps has it, after "memfd:shunt: ".
  bool shared = false;       ///< A memfd, counted once, whoever maps it; else private memory of one process.
  bool second = false;       ///< Of a second instance, which is there during a switch or while a stopped one ends.
  std::uint64_t bytes = 0;   ///< At most.
  std::string made_of = {};  ///< For people: "256 of 256 B, 64 of 4 KiB".
};

struct MemoryPlan {
  std::string host;  ///< Its name.
  std::vector<PlannedMemory> parts;

  [[nodiscard]] std::uint64_t shared_bytes() const noexcept;
  [[nodiscard]] std::uint64_t private_bytes() const noexcept;
  [[nodiscard]] std::uint64_t total_bytes() const noexcept { return shared_bytes() + private_bytes(); }
};

/// Reads and judges every plugin's file, as Host::start does, and starts nothing. Blocks for the files. Errors: those
/// of Host::start that are about the configuration and the files: BadConfiguration, NotTrusted, NotAPlugin, ...
[[nodiscard]] Result<MemoryPlan> plan_memory(HostConfiguration configuration);

}  // namespace shunt
