#pragma once
/// One thing that a hostile plugin tries. Each is tried first without a sandbox, where it has to succeed.
///
///     for_each_act([&](const Act& act) { if (act.run(stage) == 0) ... });  // it succeeded: in a sandbox, an escape

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace shunt::hostile {

/// What an act finds around itself.
struct Stage {
  std::string folder;            ///< Of the tester's, with `secret` (a file), `empty` (a folder) and `door` (a socket).
  int stranger = 0;              ///< A process of the same user that is none of the act's own.
  int strangers_descriptor = 0;  ///< Of that process: memory that it holds, as a host holds a plugin's inbound pool.
  void* shared = nullptr;        ///< A page of shared memory that others write: in a plugin, of its lane.
  int descriptors_from = 3;      ///< The first descriptor that may be tried; those before it are output.
  int threads_max = 0;           ///< Above the plugin's limit.
  std::size_t bytes_max = 0;     ///< Above the plugin's limit.
};

/// What stops an act where somebody judges; tests/sandbox/expectation.cpp says it for each tier.
enum class Stop : unsigned char {
  Denied,    ///< ENOSYS, with a record.
  Limit,     ///< EAGAIN, with a record: the limit of threads.
  Silent,    ///< ENOSYS without a record: the filter's own answer (clone3).
  NoMemory,  ///< ENOMEM: the limits of memory.
  Sealed,    ///< EACCES by the memory itself.
  Killed,    ///< SIGSYS: calls by another architecture's numbers.
};

/// Where an act is tried without a sandbox.
enum class Ground : unsigned char {
  AsIs,           ///< In a child of the tester's.
  OwnNamespaces,  ///< The child is root of namespaces of its own first: an ordinary user can do it there alone.
};

struct Act {
  std::string_view group;
  std::string_view name;
  Stop stop;
  std::string_view calls;    ///< What its record may name, with blanks between; empty where there is none.
  int (*run)(const Stage&);  ///< 0: it succeeded; else the errno that stopped it.
  Ground ground = Ground::AsIs;
};

/// All of them, group by group.
[[nodiscard]] std::span<const Act> file_acts();
[[nodiscard]] std::span<const Act> process_acts();
[[nodiscard]] std::span<const Act> stranger_acts();
[[nodiscard]] std::span<const Act> network_acts();
[[nodiscard]] std::span<const Act> kernel_acts();
[[nodiscard]] std::span<const Act> memory_acts();
[[nodiscard]] std::span<const Act> futex_acts();
[[nodiscard]] std::span<const Act> thread_acts();
[[nodiscard]] std::span<const Act> privilege_acts();
[[nodiscard]] std::span<const Act> sandbox_acts();

/// Calls `visit(act)` for each.
template <typename Visit>
void for_each_act(Visit&& visit) {
  for (const auto acts : {file_acts(), process_acts(), stranger_acts(), network_acts(), kernel_acts(), memory_acts(),
                          futex_acts(), thread_acts(), privilege_acts(), sandbox_acts()})
    for (const Act& act : acts) visit(act);
}

[[nodiscard]] const Act* find_act(std::string_view name);

/// Whether a record of this call is a record of this act.
[[nodiscard]] bool is_recorded_as(const Act& act, std::string_view call);

/// The kernel's answer as an act's result.
[[nodiscard]] int result_of(long returned);

}  // namespace shunt::hostile
