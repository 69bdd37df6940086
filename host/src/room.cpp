/// How much a route takes now, and callbacks that wait until it takes anything.

#include "by_name.hpp"
#include "core.hpp"

#include <shunt/host.hpp>

#include <algorithm>

namespace shunt::host {

std::uint32_t Instance::room(bus::Kind kind) noexcept {
  const std::lock_guard lock{send_lock_};
  if (closed_) return 0;
  auto& out = lane->sender.ring_out(bus::Ring::Data);
  out.refresh();
  note_breach();
  const std::uint32_t reserve = kind == bus::Kind::Publication ? out.slots() / 8 : 0;
  return out.known_room() - std::min(out.known_room(), reserve);
}

/// In its ring, if nothing waits before that, and in its backlog.
std::size_t Hub::room(const Target& target, bus::Kind kind) noexcept {
  if (target.outlet->waiting() > 0 && target.instance != nullptr) flush(target);
  const std::size_t waiting = target.outlet->waiting();
  const std::size_t places = target.outlet->backlog() - std::min(target.outlet->backlog(), waiting);
  return places + (waiting > 0 || target.instance == nullptr ? 0 : target.instance->room(kind));
}

/// Of all that may get the next message.
std::size_t Hub::least_room(const RouteEntry& entry, bus::Kind kind) noexcept {
  std::size_t least = RouteHandle::kRoomUnbounded;
  for (const Target& target : entry.hearing_host())
    if (target.split == nullptr || target.split->is_open(target.place)) least = std::min(least, room(target, kind));
  return least;
}

std::size_t Hub::room(const RouteInfo& route) noexcept {
  const RcuReader reader;
  const RouteEntry* const entry = tables_.current().find(route.id);
  if (entry == nullptr || entry->down || shut_.load(std::memory_order_relaxed)) return 0;
  if (route.function) {
    if (entry->targets.empty()) return 0;
    const std::size_t most = route.settings.in_flight_max;
    const std::size_t now = in_flight_.on_route(route.id).now;
    return std::min(least_room(*entry, bus::Kind::Request), most - std::min(most, now));
  }
  return least_room(*entry, bus::Kind::Publication);
}

/// Who sleeps is woken, so that it sleeps no longer than a tick from now on.
void Hub::wait_for_room(bool begins) noexcept {
  room_waiters_.fetch_add(begins ? 1 : -1, std::memory_order_relaxed);
  if (begins) wake_sleepers();
}

namespace {

bool has_room(Hub& hub, const RoomWatch& watch) { return hub.room(watch.route) > 0; }

}  // namespace

std::shared_ptr<RoomWatch> Core::take_writable() {
  if (!has_room_watches.load(std::memory_order_relaxed)) return nullptr;
  const std::lock_guard lock{inboxes_mutex};
  const auto due = std::ranges::find_if(room_watches, [&](const auto& watch) { return has_room(*hub, *watch); });
  if (due == room_watches.end()) return nullptr;
  auto taken = std::move(*due);
  room_watches.erase(due);
  has_room_watches.store(!room_watches.empty(), std::memory_order_relaxed);
  hub->wait_for_room(false);
  return taken;
}

bool Core::is_writable_due() {
  if (!has_room_watches.load(std::memory_order_relaxed)) return false;
  const std::lock_guard lock{inboxes_mutex};
  return std::ranges::any_of(room_watches, [&](const auto& watch) { return has_room(*hub, *watch); });
}

void Core::forget(const RoomWatch& watch) {
  const std::lock_guard lock{inboxes_mutex};
  const auto gone = std::erase_if(room_watches, [&](const auto& each) { return each.get() == &watch; });
  has_room_watches.store(!room_watches.empty(), std::memory_order_relaxed);
  if (gone > 0) hub->wait_for_room(false);
}

}  // namespace shunt::host

namespace shunt {

std::size_t RouteHandle::room() const { return core_->hub->room(*route_); }

Result<std::size_t> Host::room(std::string_view route) {
  SHUNT_TRY(known, core_->directory.declared(route));
  return core_->hub->room(*known);
}

Result<Writable> Host::on_writable(std::string_view route, std::function<void()> callback) {
  SHUNT_TRY(known, core_->directory.declared(route));
  {
    const std::lock_guard lock{core_->shut_mutex};
    if (core_->shut) return error(ErrorCode::Stopped, "the host \"{}\" was stopped", core_->configuration.name);
  }
  auto watch = std::make_shared<host::RoomWatch>(*known, std::move(callback));
  {
    const std::lock_guard lock{core_->inboxes_mutex};
    core_->room_watches.push_back(watch);
    core_->has_room_watches.store(true, std::memory_order_relaxed);
  }
  core_->hub->wait_for_room(true);
  return Writable{core_, std::move(watch)};
}

Writable::Writable(std::shared_ptr<host::Core> core, std::shared_ptr<host::RoomWatch> watch) noexcept
    : core_(std::move(core)), watch_(std::move(watch)) {}

Writable& Writable::operator=(Writable&& other) noexcept {
  if (this != &other) {
    end();
    core_ = std::move(other.core_);
    watch_ = std::move(other.watch_);
  }
  return *this;
}

Writable::~Writable() { end(); }

bool Writable::waits() const noexcept { return watch_ != nullptr && watch_->waits(); }

void Writable::end() noexcept {
  if (watch_ == nullptr) return;
  const std::shared_ptr<host::Core> core = std::move(core_);
  const std::shared_ptr<host::RoomWatch> watch = std::move(watch_);
  core->forget(*watch);
  watch->close();
}

}  // namespace shunt
