#include "init_process.hpp"

#include "confine.hpp"
#include "family.hpp"

#include <array>
#include <cstdlib>

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

}  // namespace

void run_init(kit::ControlChannel warden, Attachment attachment, const PluginHooks& hooks) {
  adopt_orphans();
  const pid_t self = ::getpid();
  const pid_t plugin = ::fork();
  if (plugin == 0) run_plugin_process(std::move(attachment), self, hooks);
  attachment.close_descriptors();
  Status status = plugin < 0 ? system_error("forking the plugin process") : supervise(warden, plugin);
  if (!status) {
    end_children();
    refuse(warden, status.error());
  }
  ::_exit(status ? 0 : 1);
}

}  // namespace shunt::launcher
