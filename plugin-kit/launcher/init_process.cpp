#include "init_process.hpp"

#include "family.hpp"

#include <array>
#include <cstdlib>

#include <fcntl.h>
#include <sys/wait.h>

namespace shunt::launcher {
namespace {

Status supervise(const kit::ControlChannel& warden, pid_t plugin) {
  SHUNT_TRY(pidfd, open_pidfd(plugin));
  control::SpawnedT spawned;
  spawned.pid = plugin;
  const std::array descriptors{pidfd.get()};
  SHUNT_CHECK(warden.send(spawned, descriptors));
  const auto status = wait_for(plugin);
  end_children();  // what the plugin forked
  control::ExitedT exited;
  if (status && WIFSIGNALED(*status)) exited.signal = WTERMSIG(*status);
  else if (status) exited.code = WEXITSTATUS(*status);
  return warden.send(exited);
}

Status empty_stdin() {
  const bus::UniqueFd null{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
  if (!null || ::dup2(null.get(), STDIN_FILENO) < 0) return system_error("opening /dev/null");
  return {};
}

/// The warden has mapped our ids when it says so.
Status await_go(const kit::ControlChannel& warden) {
  SHUNT_TRY(packet, warden.receive());
  if (packet.message().body_as_Enter() == nullptr) return error(ErrorCode::BadInput, "the warden speaks out of turn");
  return {};
}

Status become_init(const kit::ControlChannel& warden, const Forked& forked, ProcFolder proc, const PluginHooks& hooks,
                   Layers& layers) {
  SHUNT_CHECK(await_go(warden));
  SHUNT_CHECK(empty_stdin());
  hooks.reached("init");
  if (hooks.confined) SHUNT_CHECK(leave_the_host(forked, proc, layers));
  hooks.reached("root");
  return die_with_other_end(warden.fd());  // last: a change of credentials clears the death signal
}

Status start_plugin(const kit::ControlChannel& warden, PluginStart& start, const Forked& forked, ProcFolder proc) {
  Layers layers;
  SHUNT_CHECK(become_init(warden, forked, proc, start.hooks, layers));
  const pid_t self = ::getpid();
  const pid_t plugin = ::fork();
  if (plugin == 0) {
    kit::ControlChannel ours{bus::UniqueFd{::fcntl(warden.fd(), F_DUPFD_CLOEXEC, 0)}};
    run_plugin_process(std::move(start), std::move(ours), self, std::move(layers));
  }
  start.attachment.close_descriptors();
  return plugin < 0 ? Status{system_error("forking the plugin process")} : supervise(warden, plugin);
}

}  // namespace

void run_init(kit::ControlChannel warden, PluginStart start, const Forked& forked, ProcFolder proc) {
  adopt_orphans();
  const Status status = start_plugin(warden, start, forked, proc);
  if (!status) {
    end_children();
    refuse(warden, status.error());
  }
  ::_exit(status ? 0 : 1);
}

}  // namespace shunt::launcher
