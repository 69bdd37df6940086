#include "plugin_process.hpp"

#include "confine.hpp"
#include "plugin_object.hpp"

#include <shunt/plugin-kit/runtime/runtime.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <fcntl.h>
#include <unistd.h>

namespace shunt::launcher {
namespace {

using control::Descriptor;

/// Signals as a fresh program has them, whatever the host's thread that started us had blocked or ignored.
void reset_signals() noexcept {
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  ::signal(SIGPIPE, SIG_IGN);  // a log reader that goes away is no reason to die
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

Status empty_stdin() {
  const bus::UniqueFd null{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
  if (!null || ::dup2(null.get(), STDIN_FILENO) < 0) return system_error("opening /dev/null");
  return {};
}

Confinement confinement_of(const Attachment& attachment, pid_t parent) {
  Confinement confinement;
  confinement.data_bytes_max = attachment.agreement.data_bytes_max;
  confinement.open_files_max = attachment.agreement.open_files_max;
  confinement.cpus = attachment.agreement.cpus;
  for (const auto& descriptor : attachment.descriptors) confinement.keep.push_back(descriptor.get());
  for (const auto& library : attachment.libraries) confinement.keep.push_back(library.get());
  confinement.parent = parent;
  return confinement;
}

kit::Contract contract_of(control::AttachT& agreement) {
  kit::Contract contract;
  contract.plugin = std::move(agreement.plugin);
  contract.version = std::move(agreement.version);
  contract.instance = agreement.instance;
  contract.wait = static_cast<bus::Wait>(agreement.plugin_wait);
  contract.functions = std::move(agreement.functions);
  contract.calls = std::move(agreement.calls);
  contract.topics_in = std::move(agreement.topics_in);
  contract.topics_out = std::move(agreement.topics_out);
  for (const auto& setting : agreement.settings) contract.settings.emplace_back(setting->key, setting->value);
  return contract;
}

std::vector<bus::SizeClass> classes_of(const std::vector<std::unique_ptr<control::SizeClassT>>& classes) {
  std::vector<bus::SizeClass> result;
  result.reserve(classes.size());
  for (const auto& each : classes) result.push_back({each->bytes, each->chunks});
  return result;
}

/// Maps the lane; its descriptors are closed when this returns.
Result<std::unique_ptr<bus::LaneEnd>> open_lane(Attachment& attachment) {
  const control::AttachT& agreement = attachment.agreement;
  const auto inbound = classes_of(agreement.inbound);
  const auto outbound = classes_of(agreement.outbound);
  SHUNT_TRY(shape, bus::LaneShape::of(agreement.slots, inbound, outbound));
  const bus::LaneMemory memory{std::move(attachment[Descriptor::HostSide]),
                               std::move(attachment[Descriptor::PluginSide]),
                               std::move(attachment[Descriptor::Outbound])};
  const bus::UniqueFd pool = std::move(attachment[Descriptor::Inbound]);
  const bus::Sleepers sleepers{agreement.host_sleeps, agreement.plugin_wait != control::Wait::Spin};
  return bus::LaneEnd::open_plugin(shape, memory, pool.get(), sleepers);
}

Result<std::unique_ptr<bus::LaneEnd>> prepare(Attachment& attachment, pid_t parent) {
  reset_signals();
  ::clearenv();
  SHUNT_CHECK(empty_stdin());
  SHUNT_CHECK(confine(confinement_of(attachment, parent)));
  return open_lane(attachment);
}

}  // namespace

void run_plugin_process(Attachment attachment, pid_t parent, const PluginHooks& hooks) {
  auto lane = prepare(attachment, parent);
  kit::ControlChannel control{std::move(attachment[Descriptor::Control])};
  if (!lane) {
    control::EnteredT entered;
    entered.phase = control::Phase::Load;
    entered.code = static_cast<std::uint16_t>(static_cast<std::uint16_t>(lane.error().code) + 1);
    entered.message = lane.error().message;
    std::fprintf(stderr, "shunt-launch: %s\n", to_string(lane.error()).c_str());
    [[maybe_unused]] const auto sent = control.send(std::move(entered));  // nobody is left to tell
    ::_exit(1);
  }
  auto objects = std::make_shared<SealedObjects>(SealedObjects{std::move(attachment.libraries),
                                                               std::move(attachment.agreement.libraries),
                                                               std::move(attachment[Descriptor::Plugin])});
  kit::Contract contract = contract_of(attachment.agreement);
  const Interface needed{!contract.functions.empty(), !contract.topics_in.empty()};
  const auto load = [objects, needed] { return load_plugin(std::move(*objects), needed); };
  kit::Runtime{std::move(*lane), std::move(contract), std::move(control), load, hooks.on_serving}.run();
}

}  // namespace shunt::launcher
