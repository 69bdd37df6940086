#pragma once
/// Which files of a folder have come, changed or gone: each is told once it has been left alone for a while. By
/// inotify(7); it touches no file itself.
///
///     SHUNT_TRY(watch, FolderWatch::open(loop, "plugins", {}, {.changed = read_it, .all_changed = list, .lost =
///     tell}));
///
/// A file that is written in pieces, or several times in a row, is one change. Who hears of it looks what is there:
/// nothing, garbage, something whole, or a piece yet, and then hears of it again.

#include "event_loop.hpp"

#include <shunt/bus/unique_fd.hpp>
#include <shunt/schemas/result.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace shunt::host {

/// For the loop's own thread, where it is opened, calls back and is destroyed, though not from a callback of its own.
class FolderWatch {
 public:
  struct Settings {
    std::vector<std::string> suffixes{".so"};  ///< Of the files that matter; hidden ones do not.
    std::chrono::nanoseconds settle = std::chrono::milliseconds{100};  ///< Without an event, until it is told.
    /// One that is never left alone, or that was written to and not closed, is told so often.
    std::chrono::nanoseconds settle_max = std::chrono::seconds{1};
  };
  struct Listener {
    std::function<void(const std::string& name)> changed;  ///< Within the folder.
    std::function<void()> all_changed;    ///< There was more than can be kept: anything may have changed.
    std::function<void(Error why)> lost;  ///< The folder is gone, and nothing follows. Errors: System.
  };

  /// Errors: System (there is no such folder, or the kernel watches no more for this user).
  [[nodiscard]] static Result<std::unique_ptr<FolderWatch>> open(EventLoop& loop, std::filesystem::path folder,
                                                                 Settings settings, Listener listener);
  ~FolderWatch();
  FolderWatch(const FolderWatch&) = delete;
  FolderWatch& operator=(const FolderWatch&) = delete;

  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }

 private:
  static constexpr std::size_t kRestlessMax = 1000;

  FolderWatch(EventLoop& loop, std::filesystem::path folder, Settings settings, Listener listener, bus::UniqueFd events)
      : loop_(loop),
        folder_(std::move(folder)),
        settings_(std::move(settings)),
        listener_(std::move(listener)),
        events_(std::move(events)) {}

  void on_events();
  void note(std::string_view name, std::uint32_t what);
  void forget_all();
  void lose();
  [[nodiscard]] bool matters(std::string_view name) const;

  struct Restless {
    EventLoop::Clock::time_point since{};  ///< Its first event.
    bool is_open = false;                  ///< Written to, and not closed since.
    EventLoop::TimerId timer = 0;
  };

  EventLoop& loop_;
  std::filesystem::path folder_;
  Settings settings_;
  Listener listener_;
  bus::UniqueFd events_;
  std::map<std::string, Restless, std::less<>> restless_;  // by name
};

}  // namespace shunt::host
