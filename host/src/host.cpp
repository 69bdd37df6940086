#include "by_name.hpp"
#include "core.hpp"
#include "explaining.hpp"
#include "launcher_path.hpp"
#include "polling_scope.hpp"

#include <shunt/bus/clock.hpp>
#include <shunt/host.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <new>
#include <utility>

namespace shunt {
namespace {

constexpr std::size_t kCallbacksPerInbox = 256;

/// Until all are active, one has failed, or `stop` has ended them.
Status start_plugins(host::Core& core, const std::stop_token& stop, const std::stop_token& at_once) {
  Status started;
  {
    const std::stop_callback end{
        stop, [&core] { core.loop->post([&core] { core.supervisor->stop_all([](const Status&) {}); }); }};
    const std::stop_callback kill{
        at_once, [&core] { core.loop->post([&core] { core.supervisor->end_now([](const Status&) {}); }); }};
    started = core.on_loop([&](auto done) { core.supervisor->start_all(std::move(done)); });
    if (stop.stop_requested() || at_once.stop_requested())  // others may still end, and may be killed meanwhile
      static_cast<void>(core.on_loop([&](auto done) { core.supervisor->stop_all(std::move(done)); }));
  }
  if (stop.stop_requested() || at_once.stop_requested())
    return error(ErrorCode::Stopped, "the host \"{}\" was told to stop while it was starting", core.configuration.name);
  return started;
}

/// Tells whoever sleeps on event_fd() what a poll() has left; also when a callback threw.
struct PollEnd {
  host::Core& core;
  std::size_t callbacks = 0;
  ~PollEnd() {
    // Acquire pairs with the release in Core::event_fd().
    if (auto* const signal = core.signal.load(std::memory_order_acquire)) signal->polled(callbacks > 0);
  }
};

/// The poll() that this returns to would go on in what is gone.
[[noreturn]] void refuse_to_end(const std::string& name) {
  std::fprintf(stderr,
               "shunt: the host \"%s\" was destroyed in one of its callbacks: end it when poll() has returned\n",
               name.c_str());
  std::abort();
}

}  // namespace

Result<Host> Host::start(const std::filesystem::path& host_toml, const char* packaged_launcher) {
  SHUNT_TRY(configuration, read_configuration(host_toml));
  return start(std::move(configuration), {}, {}, packaged_launcher);
}

Result<Host> Host::start(HostConfiguration configuration, const std::stop_token& stop, const std::stop_token& at_once,
                         const char* packaged_launcher) try {
  configuration.launcher = host::launcher_of_package(std::move(configuration.launcher), packaged_launcher);
  SHUNT_TRY(core, host::Core::create(std::move(configuration)));
  SHUNT_TRY(hub, host::Hub::create(core->tables, *core->supervisor));
  core->hub = std::move(hub);
  core->supervisor->bind(*core->hub);
  if (const auto& socket = core->configuration.admin_socket) {
    SHUNT_TRY(admin, host::AdminServer::open(*core, *socket));
    core->admin = std::move(admin);
  }
  SHUNT_CHECK(core->load_plugins());
  SHUNT_CHECK(core->loop->start());
  SHUNT_CHECK(start_plugins(*core, stop, at_once));
  SHUNT_CHECK(core->on_loop([&](const auto& done) {
    core->folders->start();
    done({});
  }));
  if (core->admin != nullptr) SHUNT_CHECK(core->admin->start());
  return Host{std::move(core)};
} catch (const std::bad_alloc&) {
  return error(ErrorCode::System,
               "there is not enough memory to start the host: raise `ulimit -v`, or ask for smaller pools and rings");
}

Host::Host(Host&&) noexcept = default;
Host& Host::operator=(Host&& other) noexcept {
  if (this != &other) end();
  core_ = std::move(other.core_);
  return *this;
}
Host::~Host() { end(); }

void Host::end() {
  if (core_ == nullptr) return;
  if (host::PollingScope::polls(*core_)) refuse_to_end(core_->configuration.name);
  core_->shut_down();
  core_->hub->drop_due();  // on this thread: callbacks are the user's, and handles may outlive us
}

// ---- Names to handles

Result<RouteHandle> Host::resolve_function(std::string_view name, SchemaHash request, SchemaHash reply) {
  return host::resolve_function(core_, name, request, reply);
}

Result<RouteHandle> Host::resolve_topic(std::string_view name, SchemaHash schema) {
  return host::resolve_topic(core_, name, schema);
}

Result<Subscription> Host::subscribe_bytes(std::string_view topic, SchemaHash schema,
                                           std::function<bool(ReceivedBytes&, bool)> callback) {
  return host::subscribe(core_, topic, schema, {}, std::move(callback));
}

Subscription& Subscription::operator=(Subscription&& other) noexcept {
  if (this != &other) {
    end();
    core_ = std::move(other.core_);
    inbox_ = std::move(other.inbox_);
  }
  return *this;
}

Subscription::~Subscription() { end(); }

std::uint64_t Subscription::dropped() const noexcept { return inbox_ == nullptr ? 0 : inbox_->dropped(); }

std::uint64_t Subscription::conflated() const noexcept { return inbox_ == nullptr ? 0 : inbox_->conflated(); }

void Subscription::end() noexcept {
  if (inbox_ == nullptr) return;
  const std::shared_ptr<host::Core> core = std::move(core_);
  const std::shared_ptr<host::Inbox> inbox = std::move(inbox_);
  host::Inbox::Callback last;  // goes at the end of this block, on this thread: it may hold this host, and us
  if (host::PollingScope::runs(*inbox)) inbox->close_from_callback();
  else last = inbox->close();
  {
    const std::lock_guard lock{core->inboxes_mutex};
    std::erase(core->inboxes, inbox);
    core->has_inboxes.store(!core->inboxes.empty(), std::memory_order_relaxed);
  }
  // Not the core itself: released there last, it would end the loop's thread on that thread. The loop ends before the
  // supervisor, and runs nothing that is posted after its end.
  core->loop->post([supervisor = core->supervisor.get(), inbox] { supervisor->remove_inbox(*inbox); });
}

// ---- Driving

Result<std::size_t> Host::poll() {
  SHUNT_CHECK(host::refuse_in_callback(*core_, "poll()"));
  PollEnd end{*core_};
  core_->hub->drain();
  host::PollingScope scope{*core_};
  end.callbacks = core_->hub->run_due(kCallbacksPerInbox);
  if (core_->has_room_watches.load(std::memory_order_relaxed))
    for (std::size_t left = kCallbacksPerInbox; left > 0; --left) {  // one that asks again may be due again
      const auto writable = core_->take_writable();
      if (writable == nullptr) break;
      ++end.callbacks;
      writable->run();
    }
  if (!core_->has_inboxes.load(std::memory_order_relaxed)) return end.callbacks;
  for (std::size_t place = 0;; ++place) {
    std::shared_ptr<host::Inbox> inbox;
    {
      const std::lock_guard lock{core_->inboxes_mutex};
      if (place >= core_->inboxes.size()) break;
      if (core_->inboxes[place]->waiting() > 0) inbox = core_->inboxes[place];
    }
    if (inbox == nullptr) continue;
    scope.enter(inbox.get());
    end.callbacks += inbox->run(kCallbacksPerInbox);
  }
  return end.callbacks;
}

void Host::wait(std::chrono::nanoseconds timeout) {
  core_->hub->sleep(timeout, [core = core_.get()] {
    if (core->hub->has_due() || core->is_writable_due()) return true;
    const std::lock_guard lock{core->inboxes_mutex};
    return std::ranges::any_of(core->inboxes, [](const auto& inbox) { return inbox->waiting() > 0; });
  });
}

Result<int> Host::event_fd() { return core_->event_fd(); }

Status Host::run_dispatcher(const std::stop_token& stop) {
  const std::stop_callback wake{stop, [this] { core_->hub->wake(); }};
  while (!stop.stop_requested()) {
    SHUNT_TRY(callbacks, poll());
    if (callbacks == 0) wait(bus::kSleepMax);
  }
  return {};
}

// ---- Plugins

Status Host::switch_to(std::string_view plugin, std::string_view version) {
  return switch_to({SwitchTarget{std::string{plugin}, std::string{version}}});
}

Status Host::switch_to(const std::vector<SwitchTarget>& targets) {
  SHUNT_TRY(choices, host::choices_of(targets));
  SHUNT_CHECK(host::refuse_in_callback(*core_, "switch_to()"));
  return core_->on_loop([&](auto done) { core_->supervisor->switch_to(choices, std::move(done)); });
}

Status Host::share(const RouteTargets& targets) {
  SHUNT_CHECK(host::refuse_in_callback(*core_, "share()"));
  return core_->on_loop([&](auto done) { core_->supervisor->share(targets, std::move(done)); });
}

Status Host::stop(const Scope& what, std::optional<std::chrono::nanoseconds> within) {
  SHUNT_CHECK(host::refuse_in_callback(*core_, "stop()"));
  return core_->on_loop([&](auto done) { core_->supervisor->stop(what, within, std::move(done)); });
}

Status Host::restart(const Scope& what, std::optional<std::chrono::nanoseconds> within) {
  SHUNT_CHECK(host::refuse_in_callback(*core_, "restart()"));
  return core_->on_loop([&](auto done) { core_->supervisor->restart(what, within, std::move(done)); });
}

Status Host::add_validator(const std::type_info& type, std::function<Status(const void*)> accepts) {
  return core_->directory.add_validator(host::schema_name_of(type), std::move(accepts));
}

std::chrono::nanoseconds Host::now() noexcept { return std::chrono::nanoseconds{bus::now_ns()}; }

Result<ClockAdvance> Host::advance_clock(std::string_view plugin, std::chrono::nanoseconds by,
                                         std::chrono::nanoseconds within) {
  SHUNT_CHECK(host::refuse_in_callback(*core_, "advance_clock()"));
  const auto outcome = std::make_shared<std::promise<Result<ClockAdvance>>>();
  auto future = outcome->get_future();
  SHUNT_CHECK(core_->on_loop([&](const auto& done) {
    core_->supervisor->advance_clock(std::string{plugin}, by, within,
                                     [outcome, core = core_.get()](Result<ClockAdvance> advanced) {
                                       outcome->set_value(std::move(advanced));
                                       core->hub->wake();
                                     });
    done({});
  }));
  // Its timers publish and call, perhaps more than its ring has room for: somebody has to take that meanwhile.
  const auto is_over = [&] { return future.wait_for(std::chrono::seconds{0}) == std::future_status::ready; };
  while (!is_over()) {
    core_->hub->drain();
    core_->hub->sleep(bus::kSleepMax, is_over);
  }
  return future.get();
}

Status Host::drain(const Scope& what, std::optional<std::chrono::nanoseconds> within) {
  SHUNT_CHECK(host::refuse_in_callback(*core_, "drain()"));
  return core_->on_loop([&](auto done) { core_->supervisor->drain(what, within, std::move(done)); });
}

Status Host::disable(const Scope& what) {
  SHUNT_CHECK(host::refuse_in_callback(*core_, "disable()"));
  return core_->on_loop([&](auto done) { core_->supervisor->disable(what, std::move(done)); });
}

Status Host::enable(const Scope& what) {
  SHUNT_CHECK(host::refuse_in_callback(*core_, "enable()"));
  return core_->on_loop([&](auto done) { core_->supervisor->enable(what, std::move(done)); });
}

Status Host::stop() {
  SHUNT_CHECK(host::refuse_in_callback(*core_, "stop()"));
  return core_->on_loop([&](auto done) { core_->supervisor->stop_all(std::move(done)); });
}

Status Host::end_now() {
  SHUNT_CHECK(host::refuse_in_callback(*core_, "end_now()"));
  return core_->on_loop([&](auto done) { core_->supervisor->end_now(std::move(done)); });
}

// ---- Seeing

HostSnapshot Host::snapshot() {
  HostSnapshot result;
  static_cast<void>(core_->on_loop([&](const auto& done) {
    result = core_->supervisor->snapshot();
    done({});
  }));
  return result;
}

Result<std::vector<RouteExplanation>> Host::explain(std::string_view route, const Hints& hints, Key key) {
  return host::explain(*core_, route, hints, key);
}

Result<InstanceQuotas> Host::quotas(std::uint64_t instance) { return host::quotas_of(*core_, instance); }

std::vector<CrashReport> Host::crashes() {
  std::vector<CrashReport> result;
  for (const auto& each : core_->crashes.all()) result.push_back(*each);
  return result;
}

std::vector<AuditRecord> Host::audit() { return core_->audit.all(); }

std::vector<HostEvent> Host::events(std::uint64_t seen) { return core_->events.after(seen); }

std::vector<HostEvent> Host::wait_events(std::uint64_t seen, const std::stop_token& stop) {
  return core_->events.wait_after(seen, stop);
}

}  // namespace shunt
