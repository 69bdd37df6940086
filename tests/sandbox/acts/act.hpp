#pragma once
/// One thing that a hostile plugin tries. Each is tried first without a sandbox, where it has to succeed.
///
///     for (const Act& act : all_acts()) if (act.run(stage) == 0) ...   // it succeeded: in a sandbox, an escape

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace shunt::hostile {

/// What an act finds around itself.
struct Stage {
  std::string folder;         ///< Of the tester's, with `secret` (a file), `empty` (a folder) and `door` (a socket).
  int stranger = 0;           ///< A process of the same user that is none of the act's own.
  void* shared = nullptr;     ///< A page of shared memory that others write: in a plugin, of its lane.
  int descriptors_from = 3;   ///< The first descriptor that may be tried; those before it are output.
  int threads_max = 0;        ///< Above the plugin's limit.
  std::size_t bytes_max = 0;  ///< Above the plugin's limit.
};

/// What stops an act where the sandbox is whole.
enum class Stop : unsigned char {
  Denied,    ///< ENOSYS, with a record.
  Limit,     ///< EAGAIN, with a record: the limit of threads.
  Silent,    ///< ENOSYS without a record: the filter's own answer (clone3).
  NoMemory,  ///< ENOMEM: RLIMIT_DATA.
  Sealed,    ///< EACCES or EPERM by the memory itself.
  NoHandle,  ///< EBADF: there is nothing left open to do it with.
  Killed,    ///< SIGSYS: calls by another architecture's numbers.
};

struct Act {
  std::string_view group;
  std::string_view name;
  Stop stop;
  int (*run)(const Stage&);  ///< 0: it succeeded; else the errno that stopped it.
};

/// All of them, group by group.
[[nodiscard]] std::span<const Act> file_acts();
[[nodiscard]] std::span<const Act> process_acts();
[[nodiscard]] std::span<const Act> network_acts();
[[nodiscard]] std::span<const Act> kernel_acts();
[[nodiscard]] std::span<const Act> memory_acts();
[[nodiscard]] std::span<const Act> privilege_acts();

/// Calls `visit(act)` for each.
template <typename Visit>
void for_each_act(Visit&& visit) {
  for (const auto acts : {file_acts(), process_acts(), network_acts(), kernel_acts(), memory_acts(), privilege_acts()})
    for (const Act& act : acts) visit(act);
}

[[nodiscard]] const Act* find_act(std::string_view name);

/// The kernel's answer as an act's result.
[[nodiscard]] int result_of(long returned);
/// The same for a call that was made with arguments that cannot be: `reached` says that the kernel looked at them.
[[nodiscard]] int reached_with(long returned, int reached);

}  // namespace shunt::hostile
