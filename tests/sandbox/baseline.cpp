#include "baseline.hpp"

#include "stage.hpp"

#include <cerrno>

#include <unistd.h>

namespace shunt::test {
namespace {

enum class Who : unsigned char { Everybody, OrdinaryUsers };
constexpr int kDied = -1;

/// Each reason counts only where the act fails in this way.
struct NotTestable {
  std::string_view act;
  int stopped_by;
  Who who;
  std::string_view reason;
};

constexpr NotTestable kNotTestable[] = {
    // Not on any kernel.
    {"allow_privileges_again", EINVAL, Who::Everybody, "no kernel turns no_new_privs off, for anybody"},
    // Not on some kernels.
    {"x32_call", ENOSYS, Who::Everybody,
     "this kernel has no x32 calls: that it looks at the number is all that can be shown"},
    {"int_0x80", kDied, Who::Everybody, "this kernel has no 32-bit calls"},
    {"modify_ldt", ENOSYS, Who::Everybody, "this kernel has no modify_ldt"},
    {"own_landlock", ENOSYS, Who::Everybody, "this kernel has no Landlock"},
    {"own_landlock", EOPNOTSUPP, Who::Everybody, "Landlock is off"},
    {"merge_with_others", EINVAL, Who::Everybody, "this kernel merges no pages"},
    {"io_uring", EPERM, Who::Everybody, "kernel.io_uring_disabled keeps everybody out"},
    // Not as an ordinary user.
    {"bpf", EPERM, Who::OrdinaryUsers, "kernel.unprivileged_bpf_disabled keeps ordinary users out"},
    {"kernel_log", EPERM, Who::OrdinaryUsers, "kernel.dmesg_restrict keeps ordinary users out"},
    {"perf_event_open", EACCES, Who::OrdinaryUsers, "kernel.perf_event_paranoid keeps ordinary users out"},
    {"new_user_namespace", EPERM, Who::OrdinaryUsers, "ordinary users may have no user namespace here"},
    {"mount", EPERM, Who::OrdinaryUsers, "it takes a user namespace, which cannot be had here"},
};

std::string_view reason_of(const hostile::Act& act, int stopped_by) {
  for (const NotTestable& each : kNotTestable)
    if (each.act == act.name && each.stopped_by == stopped_by && (each.who == Who::Everybody || ::geteuid() != 0))
      return each.reason;
  return {};
}

}  // namespace

Baseline baseline_of(const hostile::Act& act) {
  const ActStage fresh;
  const int stopped_by = fresh.try_unconfined(act);
  if (stopped_by == 0) return {.succeeded = true};
  return {.stopped_by = stopped_by, .reason = reason_of(act, stopped_by)};
}

}  // namespace shunt::test
