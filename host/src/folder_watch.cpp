#include "folder_watch.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include <sys/inotify.h>
#include <unistd.h>

namespace shunt::host {
namespace {

constexpr std::uint32_t kOfFiles =
    IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE;
constexpr int kReadsAtOnce = 8;
constexpr std::uint32_t kWritten = IN_CREATE | IN_MODIFY;
constexpr std::uint32_t kWhole = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE;
constexpr std::uint32_t kOfFolder = IN_DELETE_SELF | IN_MOVE_SELF;
constexpr std::uint32_t kLost = kOfFolder | IN_UNMOUNT | IN_IGNORED;

}  // namespace

Result<std::unique_ptr<FolderWatch>> FolderWatch::open(EventLoop& loop, std::filesystem::path folder, Settings settings,
                                                       Listener listener) {
  bus::UniqueFd events{::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
  if (!events)
    return error(ErrorCode::System, "the folder {} cannot be watched: {}: see fs.inotify.max_user_instances",
                 folder.string(), std::strerror(errno));
  if (::inotify_add_watch(events.get(), folder.c_str(), kOfFiles | kOfFolder | IN_ONLYDIR) < 0)
    return error(ErrorCode::System, "the folder {} cannot be watched: {}{}", folder.string(), std::strerror(errno),
                 errno == ENOSPC ? ": see fs.inotify.max_user_watches" : "");
  std::unique_ptr<FolderWatch> watch{
      new FolderWatch(loop, std::move(folder), std::move(settings), std::move(listener), std::move(events))};
  SHUNT_CHECK(loop.watch(watch->events_.get(), [self = watch.get()] { self->on_events(); }));
  return watch;
}

FolderWatch::~FolderWatch() {
  forget_all();
  if (events_) loop_.unwatch(events_.get());
}

bool FolderWatch::matters(std::string_view name) const {
  return !name.starts_with('.') &&
         std::ranges::any_of(settings_.suffixes, [&](const std::string& each) { return name.ends_with(each); });
}

void FolderWatch::on_events() {
  alignas(inotify_event) char buffer[16u << 10];
  bool all = false;
  bool lost = false;
  for (int reads = 0; reads < kReadsAtOnce; ++reads) {  // the loop comes back for what is left
    const ssize_t bytes = ::read(events_.get(), buffer, sizeof buffer);
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes <= 0) break;
    for (ssize_t at = 0; at < bytes;) {
      inotify_event event{};
      std::memcpy(&event, buffer + at, sizeof event);
      const std::string_view name{buffer + at + sizeof event, ::strnlen(buffer + at + sizeof event, event.len)};
      at += static_cast<ssize_t>(sizeof event + event.len);
      all |= (event.mask & IN_Q_OVERFLOW) != 0;
      lost |= (event.mask & kLost) != 0;
      if (matters(name)) note(name, event.mask);
    }
  }
  if (lost) return lose();
  if (!all && restless_.size() <= kRestlessMax) return;
  forget_all();
  listener_.all_changed();
}

void FolderWatch::note(std::string_view name, std::uint32_t what) {
  const auto now = EventLoop::Clock::now();
  const auto [each, is_new] = restless_.try_emplace(std::string{name}, Restless{.since = now});
  if (!is_new) loop_.cancel(each->second.timer);
  Restless& restless = each->second;
  if ((what & kWhole) != 0) restless.is_open = false;
  else if ((what & kWritten) != 0) restless.is_open = true;
  const auto last = restless.since + settings_.settle_max;
  const auto when = restless.is_open ? last : std::min(now + settings_.settle, last);
  restless.timer = loop_.at(when, [this, name = each->first] {
    restless_.erase(name);
    listener_.changed(name);
  });
}

void FolderWatch::forget_all() {
  for (const auto& [name, restless] : restless_) loop_.cancel(restless.timer);
  restless_.clear();
}

void FolderWatch::lose() {
  forget_all();
  loop_.unwatch(events_.get());
  events_.reset();
  listener_.lost({ErrorCode::System, "the folder " + folder_.string() + " is gone, or is another one now"});
}

}  // namespace shunt::host
