#include "filter.hpp"

#include "allowed_calls.hpp"

#include <cstdlib>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

namespace shunt::launcher {
namespace {

/// libseccomp compares all 64 bits of an argument, or says that some are equal. So one rule for each bit that may be
/// the first, from the top, in which an int is not the value.
std::vector<scmp_arg_cmp> by_first_bit(const When& when) {
  std::vector<scmp_arg_cmp> result;
  for (unsigned bit = 0; bit < 32; ++bit) {
    const std::uint64_t one = std::uint64_t{1} << bit;
    if (when.holds == When::Holds::IntAbove && (when.value & one) != 0) continue;  // the int would be below
    const std::uint64_t from_here = when.mask & ~(one - 1);
    result.push_back({when.argument, SCMP_CMP_MASKED_EQ, from_here, (when.value ^ one) & from_here});
  }
  return result;
}

/// libseccomp's idea of a filter, while it is made.
class Draft {
 public:
  explicit Draft(std::uint32_t otherwise) : context_(::seccomp_init(otherwise)) {}
  ~Draft() {
    if (context_ != nullptr) ::seccomp_release(context_);
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  [[nodiscard]] bool made() const { return context_ != nullptr; }

  /// 0, or a negative errno.
  int add(std::uint32_t action, std::string_view name, std::span<const scmp_arg_cmp> conditions) {
    const int number = ::seccomp_syscall_resolve_name(std::string{name}.c_str());
    if (number == __NR_SCMP_ERROR) return 0;  // a call that this libseccomp, and what it was built for, does not know
    const int added =
        ::seccomp_rule_add_array(context_, action, number, static_cast<unsigned>(conditions.size()), conditions.data());
    return added == -EEXIST ? 0 : added;
  }

  int allow(const AllowedCall& call) {
    std::vector<scmp_arg_cmp> conditions;
    std::vector<scmp_arg_cmp> alternatives;
    for (const When& when : call.when) {
      if (when.mask == 0) continue;
      if (when.holds == When::Holds::Equal)
        conditions.push_back({when.argument, SCMP_CMP_MASKED_EQ, when.mask, when.value});
      else alternatives = by_first_bit(when);
    }
    if (alternatives.empty()) return add(SCMP_ACT_ALLOW, call.name, conditions);
    conditions.emplace_back();
    int failed = 0;
    for (const scmp_arg_cmp& each : alternatives) {
      conditions.back() = each;
      if (failed == 0) failed = add(SCMP_ACT_ALLOW, call.name, conditions);
    }
    return failed;
  }

  int set(scmp_filter_attr attribute, std::uint32_t value) { return ::seccomp_attr_set(context_, attribute, value); }

  Result<std::vector<sock_filter>> program() const {
    const bus::UniqueFd file{::memfd_create("filter", MFD_CLOEXEC)};
    if (!file || ::seccomp_export_bpf(context_, file.get()) != 0) return system_error("writing the system call filter");
    const off_t bytes = ::lseek(file.get(), 0, SEEK_END);
    std::vector<sock_filter> result(static_cast<std::size_t>(bytes) / sizeof(sock_filter));
    if (::pread(file.get(), result.data(), static_cast<std::size_t>(bytes), 0) != bytes)
      return system_error("reading the system call filter");
    return result;
  }

 private:
  scmp_filter_ctx context_;
};

/// Where nobody judges, what loading and threads need is allowed all the time: Landlock and the empty root are what
/// then keeps a plugin from opening anything but its own object.
int allow_unjudged(Draft& draft) {
  constexpr std::uint64_t kThread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
  constexpr std::uint64_t kNamespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
                                        CLONE_NEWPID | CLONE_NEWNET | CLONE_PTRACE | CLONE_VFORK | CLONE_PARENT;
  constexpr std::uint64_t kReading = O_ACCMODE | O_CREAT | O_TRUNC | O_TMPFILE | O_PATH;  // O_TMPFILE has O_DIRECTORY
  const scmp_arg_cmp reading[] = {{2, SCMP_CMP_MASKED_EQ, kReading, O_RDONLY}};
  const scmp_arg_cmp thread[] = {{0, SCMP_CMP_MASKED_EQ, kThread | kNamespaces, kThread}};
  const scmp_arg_cmp loading[] = {{2, SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE, PROT_EXEC},
                                  {3, SCMP_CMP_MASKED_EQ, 0x0f | MAP_ANONYMOUS, MAP_PRIVATE}};
  const scmp_arg_cmp itself[] = {{0, SCMP_CMP_EQ, static_cast<scmp_datum_t>(::getpid()), 0}};
  int failed = draft.add(SCMP_ACT_ALLOW, "openat", reading);
  if (failed == 0) failed = draft.add(SCMP_ACT_ALLOW, "newfstatat", {});
  if (failed == 0) failed = draft.add(SCMP_ACT_ALLOW, "fstat", {});
  if (failed == 0) failed = draft.add(SCMP_ACT_ALLOW, "mmap", loading);
  if (failed == 0) failed = draft.add(SCMP_ACT_ALLOW, "clone", thread);
  if (failed == 0) failed = draft.add(SCMP_ACT_ALLOW, "tgkill", itself);
  return failed;
}

}  // namespace

Result<Filter> build_filter(Undecided undecided) {
  Draft draft{undecided == Undecided::AskWarden ? SCMP_ACT_NOTIFY : SCMP_ACT_ERRNO(ENOSYS)};
  if (!draft.made()) return error(ErrorCode::System, "this kernel has no filter of system calls that can notify");
  // Calls by way of another architecture (x32, int 0x80) have other numbers: no list of ours would mean anything.
  int failed = draft.set(SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
  if (failed == 0) failed = draft.set(SCMP_FLTATR_CTL_OPTIMIZE, 2);  // a tree: every call costs about the same
  // Its flags are in memory that another thread may rewrite. Without it the C library uses clone, whose are not.
  if (failed == 0 && undecided == Undecided::AskWarden) failed = draft.add(SCMP_ACT_ERRNO(ENOSYS), "clone3", {});
  if (failed == 0 && undecided == Undecided::Refuse) failed = allow_unjudged(draft);
  for (const AllowedCall& call : allowed_calls())
    if (failed == 0) failed = draft.allow(call);
  if (failed != 0) return error(ErrorCode::System, "building the system call filter: {}", std::strerror(-failed));
  SHUNT_TRY(program, draft.program());
  return Filter{undecided, std::move(program)};
}

Result<bus::UniqueFd> install_filter(const Filter& filter) {
  const bool asks = filter.undecided() == Undecided::AskWarden;
  sock_fprog program{static_cast<unsigned short>(filter.program().size()),
                     const_cast<sock_filter*>(filter.program().data())};
  // Killable, so that no signal handler makes the plugin repeat a call that the warden has already carried out.
  const unsigned long flags = asks ? SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV : 0;
  long listener = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
  if (listener < 0 && errno == EINVAL && asks)
    listener = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
  if (listener < 0) return system_error("installing the system call filter");
  return bus::UniqueFd{asks ? static_cast<int>(listener) : -1};
}

std::string call_name(int number) {
  char* const name = ::seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);
  std::string result = name != nullptr ? std::string{name} : fmt::format("call {}", number);
  std::free(name);
  return result;
}

std::optional<int> call_number(const std::string& name) {
  const int number = ::seccomp_syscall_resolve_name(name.c_str());
  if (number < 0) return std::nullopt;  // unknown, or of another architecture
  return number;
}

}  // namespace shunt::launcher
