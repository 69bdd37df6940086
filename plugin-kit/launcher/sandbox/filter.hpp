#pragma once
/// The one system call filter of a plugin process, as the kernel reads it: what is decided there without asking
/// anybody.
///
///     const Filter filter = prepared_filter();                   // in the launcher, before it forks
///     SHUNT_TRY(listener, install_filter(filter));               // in the plugin process, last of all layers
///
/// Calls that use a descriptor or the process's own memory are allowed here and cost next to nothing. Every other call
/// is undecided: the warden judges it (see judge.hpp).

#include <shunt/bus/unique_fd.hpp>
#include <shunt/schemas/result.hpp>

#include <optional>
#include <string>
#include <vector>

#include <linux/filter.h>

namespace shunt::launcher {

/// What becomes of a call that the filter does not know.
enum class Undecided : std::uint8_t {
  AskWarden,  ///< By user notification; fails with ENOSYS when the warden has gone.
  Refuse,     ///< ENOSYS, unseen by anybody: where no listener can be had. Loading is allowed all the time then.
};

class Filter {
 public:
  Filter(Undecided undecided, std::vector<sock_filter> program) : undecided_(undecided), program_(std::move(program)) {}

  [[nodiscard]] Undecided undecided() const noexcept { return undecided_; }
  [[nodiscard]] const std::vector<sock_filter>& program() const noexcept { return program_; }

 private:
  Undecided undecided_;
  std::vector<sock_filter> program_;
};

/// By libseccomp. One that asks is the same at every start: see prepared_filter.hpp. One that refuses is built in the
/// plugin process, whose number it knows. Errors: System.
[[nodiscard]] Result<Filter> build_filter(Undecided undecided);

/// From now on the calling process and all threads that it starts are filtered, for good. Needs no_new_privs.
/// The listener, or an empty descriptor where undecided calls are refused. Errors: System.
[[nodiscard]] Result<bus::UniqueFd> install_filter(const Filter& filter);

/// "openat", or "call 999" for one that libseccomp does not know.
[[nodiscard]] std::string call_name(int number);

/// The call's number here. None: there is no such call.
[[nodiscard]] std::optional<int> call_number(const std::string& name);

}  // namespace shunt::launcher
