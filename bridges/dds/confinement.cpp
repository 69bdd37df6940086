#include "confinement.hpp"

#include <shunt/bus/unique_fd.hpp>
#include <shunt/plugin-kit/runtime/network_filter.hpp>

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace shunt::bridges {
namespace {

using control::Layer;

constexpr rlim_t kOpenFilesMax = 64;

class Layers {
 public:
  void note(Layer layer, const Result<std::string>& how) {
    add(layer, how.has_value(), how ? *how : how.error().message);
  }
  void lacks(Layer layer, std::string why) { add(layer, false, std::move(why)); }
  [[nodiscard]] control::ConfinedT take() { return std::move(confined_); }

 private:
  void add(Layer layer, bool applied, std::string detail) {
    auto& state = *confined_.layers.emplace_back(std::make_unique<control::LayerStateT>());
    state.layer = layer;
    state.applied = applied;
    state.detail = std::move(detail);
  }
  control::ConfinedT confined_;
};

Result<std::string> drop_capabilities() {
  for (int each = 0; ::prctl(PR_CAPBSET_READ, each, 0, 0, 0) >= 0; ++each) ::prctl(PR_CAPBSET_DROP, each, 0, 0, 0);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[2] = {};
  if (::syscall(SYS_capset, &header, none) != 0) return system_error("giving up capabilities");
  return std::string{"none are left"};
}

/// Every file but those of `readable`; what is not there is passed over.
Result<std::string> apply_landlock(const std::vector<std::string>& readable) {
#ifdef SHUNT_SANITIZED
  static_cast<void>(readable);
  return error(ErrorCode::System, "built with sanitizers, which look into /proc");
#else
  const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version < 0) return system_error("asking for Landlock");
  constexpr std::uint64_t kFiles1 = (1u << 13) - 1;
  landlock_ruleset_attr rules{};
  rules.handled_access_fs = kFiles1;
  for (std::uint64_t since : {2, 3, 5})  // moving between folders, truncating, devices' ioctls
    if (version >= static_cast<long>(since))
      rules.handled_access_fs |= std::uint64_t{1} << (since == 5 ? 15 : 11 + since);
  const bus::UniqueFd ruleset{
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &rules, sizeof rules.handled_access_fs, 0))};
  if (!ruleset) return system_error("making a Landlock ruleset");
  for (const std::string& path : readable) {
    const bus::UniqueFd file{::open(path.c_str(), O_PATH | O_CLOEXEC)};
    landlock_path_beneath_attr rule{};
    rule.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE;
    rule.parent_fd = file.get();
    if (file && ::syscall(SYS_landlock_add_rule, ruleset.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
      return system_error("allowing a file");
  }
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) return system_error("applying Landlock");
  return fmt::format("version {}: files but {}", version, readable.size());
#endif
}

/// Beside the sanitizers, whose memory is nobody's budget.
void limit_resources([[maybe_unused]] std::uint64_t data_bytes_max) {
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
#ifndef SHUNT_SANITIZED
  const rlimit files{kOpenFilesMax, kOpenFilesMax};
  ::setrlimit(RLIMIT_NOFILE, &files);
  const rlimit data{data_bytes_max, data_bytes_max};
  if (data_bytes_max > 0) ::setrlimit(RLIMIT_DATA, &data);
#endif
}

}  // namespace

control::ConfinedT confine_to_network(const std::vector<std::string>& readable, std::uint64_t data_bytes_max) {
  limit_resources(data_bytes_max);
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  Layers layers;
  for (const Layer each : {Layer::UserNamespace, Layer::EmptyRoot, Layer::PidNamespace, Layer::IpcNamespace,
                           Layer::HostName, Layer::CgroupNamespace})
    layers.lacks(each, "a bridge is started by the host, in its namespaces");
  layers.lacks(Layer::NetworkNamespace, "it speaks with the network");
  layers.lacks(Layer::Identity, "it runs as the host's user");
  layers.note(Layer::Capabilities, drop_capabilities());
  layers.note(Layer::Landlock, apply_landlock(readable));
  layers.note(Layer::Filter, kit::install_network_filter());
  layers.lacks(Layer::Audit, "nobody watches: what is refused fails, and leaves no record");
  layers.lacks(Layer::ThreadLimit, "nobody counts");
  layers.lacks(Layer::MemoryWatch, "nobody watches; there is a limit");
  return layers.take();
}

}  // namespace shunt::bridges
