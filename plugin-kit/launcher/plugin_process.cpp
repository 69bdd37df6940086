#include "plugin_process.hpp"

#include "confine.hpp"
#include "plugin_object.hpp"
#include "sandbox/landlock.hpp"

#include <shunt/plugin-kit/runtime/runtime.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <malloc.h>
#include <pthread.h>
#include <sys/stat.h>
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

/// Threads get a stack that fits many of them into the memory limit, which counts stacks in full. The C library would
/// reserve 64 MiB of addresses for each thread that allocates, up to eight times as many as there are CPUs.
void make_threads_modest() noexcept {
  constexpr std::size_t kStackBytes = 1u << 20;
  constexpr int kArenas = 8;
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, kStackBytes);
  ::pthread_setattr_default_np(&attributes);
  ::pthread_attr_destroy(&attributes);
  ::mallopt(M_ARENA_MAX, kArenas);
}

std::uint64_t lane_bytes(const Attachment& attachment) noexcept {
  std::uint64_t bytes = 0;
  for (const auto each : {Descriptor::HostSide, Descriptor::PluginSide, Descriptor::Inbound, Descriptor::Outbound}) {
    struct stat memory {};
    if (::fstat(attachment[each].get(), &memory) == 0) bytes += static_cast<std::uint64_t>(memory.st_size);
  }
  return bytes;
}

Confinement confinement_of(const Attachment& attachment, const kit::ControlChannel& warden, pid_t parent,
                           const Layers& layers) {
  Confinement confinement;
  confinement.data_bytes_max = attachment.agreement.data_bytes_max;
  confinement.lane_bytes = lane_bytes(attachment);
  confinement.open_files_max = attachment.agreement.open_files_max;
  confinement.cpus = attachment.agreement.cpus;
  if (const auto& sandbox = attachment.agreement.sandbox) {
    // Init counts too. Outside a user namespace all other plugins of the user do: then only the warden counts.
    if (sandbox->threads_max != 0 && layers.has(control::Layer::UserNamespace))
      confinement.processes_max = sandbox->threads_max + 1;
    confinement.scheduling = sandbox->scheduling;
    confinement.nice = sandbox->nice;
  }
  for (const auto& descriptor : attachment.descriptors)
    if (descriptor) confinement.keep.push_back(descriptor.get());
  for (const auto& library : attachment.libraries) confinement.keep.push_back(library.get());
  confinement.keep.push_back(warden.fd());
  confinement.parent = parent;
  return confinement;
}

kit::Contract contract_of(control::AttachT& agreement) {
  kit::Contract contract;
  contract.plugin = std::move(agreement.plugin);
  contract.version = std::move(agreement.version);
  contract.instance = agreement.instance;
  contract.wait = static_cast<bus::Wait>(agreement.plugin_wait);
  contract.workers = agreement.workers;
  contract.in_flight_max = agreement.in_flight_max;
  contract.functions = std::move(agreement.functions);
  contract.calls = std::move(agreement.calls);
  contract.topics_in = std::move(agreement.topics_in);
  contract.topics_out = std::move(agreement.topics_out);
  contract.last_wills = std::move(agreement.last_wills);
  for (const auto& setting : agreement.settings) contract.settings.emplace_back(setting->key, setting->value);
  contract.health_period = std::chrono::nanoseconds{agreement.health_period_ns};
  contract.handler_max = std::chrono::nanoseconds{agreement.handler_max_ns};
  contract.drives_clock = agreement.drives_clock;
  contract.clock_ns = agreement.clock_ns;
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

Status filter_calls(const PluginStart& start, const kit::ControlChannel& warden, Layers& layers) {
  if (!start.hooks.confined) return {};
  const auto& sandbox = start.attachment.agreement.sandbox;
  const bool require_full = sandbox != nullptr && sandbox->require_full;
  if (start.filter) return confine_calls(*start.filter, warden, layers, require_full);
  SHUNT_TRY(filter, build_filter(Undecided::Refuse));
  return confine_calls(filter, warden, layers, require_full);
}

/// When this returns nothing of the lane's descriptors is open, and the next line may be the plugin's.
Result<std::unique_ptr<bus::LaneEnd>> prepare(PluginStart& start, kit::ControlChannel warden, pid_t parent,
                                              Layers& layers) {
  start.hooks.reached("process");
  reset_signals();
  ::clearenv();
  make_threads_modest();
  SHUNT_CHECK(confine(confinement_of(start.attachment, warden, parent, layers)));
  start.hooks.reached("limits");
  if (start.hooks.confined) layers.note(Layer::Landlock, apply_landlock());
  start.hooks.reached("landlock");
  if (start.purpose == Purpose::Probe) {
    SHUNT_CHECK(filter_calls(start, warden, layers));
    ::_exit(0);
  }
  SHUNT_TRY(lane, open_lane(start.attachment));
  start.hooks.reached("lane");
  SHUNT_CHECK(filter_calls(start, warden, layers));
  start.hooks.reached("listener");
  return lane;
}

}  // namespace

void run_plugin_process(PluginStart start, kit::ControlChannel warden, pid_t parent, Layers layers) {
  auto lane = prepare(start, std::move(warden), parent, layers);
  Attachment& attachment = start.attachment;
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
  const kit::Interface needed{!contract.functions.empty(), !contract.topics_in.empty(),
                              attachment.agreement.keeps_state};
  const auto load = [objects, needed, &hooks = start.hooks] {
    hooks.reached("thread");
    auto loaded = load_plugin(std::move(*objects), needed);
    hooks.reached("object");
    return loaded;
  };
  kit::Runtime{std::move(*lane), std::move(contract), std::move(control), load, start.hooks.on_serving}.run();
}

}  // namespace shunt::launcher
