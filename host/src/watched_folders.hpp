#pragma once
/// Folders of plugins that a host watches: what comes into them is read, decided upon and switched to, one file after
/// the other.
///
///     folders.add(entry);                            // an entry of host.toml whose path is a folder
///     folders.holds(*version);                       // what was read of it at the start
///     folders.start();                               // on the control loop's thread, when that serves
///
///     a file changes -> read and judged    on a thread that may
///                    -> who serves, who calls    on the control loop
///                    -> decided, prepared        on that thread
///                    -> staged and switched      on the control loop
///
/// What a file holds is judged by its bytes, whatever the kernel told of it. What is refused is an event and changes
/// nothing; what has been deleted serves on.

#include "catalog.hpp"
#include "event_log.hpp"
#include "event_loop.hpp"
#include "folder_watch.hpp"
#include "reloading.hpp"
#include "slow_thread.hpp"
#include "supervisor.hpp"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace shunt::host {

/// All of it is for the control loop's thread, or for before it starts, unless a member says otherwise.
class WatchedFolders {
 public:
  WatchedFolders(EventLoop& loop, SlowThread& slow, Catalog& catalog, Supervisor& supervisor, EventLog& events)
      : loop_(loop), slow_(slow), catalog_(catalog), supervisor_(supervisor), events_(events) {}

  /// What comes into the folder that is its path is configured as it says.
  void add(const PluginConfiguration& entry);
  void holds(const std::shared_ptr<PluginVersion>& version);
  /// Of a file that could not be taken at the start; with a sum when it could be read, such as an older build of other
  /// types: that one is left alone until it is another one.
  void passed_over(const std::filesystem::path& folder, const std::string& name, const std::string& sha256,
                   const Error& why);
  /// Looks at everything once, and from then on at what changes.
  void start();

 private:
  struct File {
    std::string sha256{};  ///< Of what it held when it was taken last; empty: it is gone, or never was.
    std::string plugin{};  ///< Whose file it is, from then on.
    std::weak_ptr<PluginVersion> version{};  ///< That it holds; expired: the supervisor has forgotten it.
    std::string passed_over{};               ///< The sum of what it holds, and that is not looked at any more.
    std::string complaint{};                 ///< Why it is not taken as it is now; empty: it is.
    std::string refused{};                   ///< While there is a complaint: the sum of what it is about, if read,
    std::string refused_of{};                ///< and of which plugin that is a build.
  };
  struct Folder {
    PluginConfiguration entry;
    std::unique_ptr<FolderWatch> watch{};
    bool is_lost = false;
    std::pair<std::uint64_t, std::uint64_t> place{};  ///< Device and inode of what is watched.
    std::uint64_t watches = 0;                        ///< How often it has been found.
    std::map<std::string, File> files{};
    [[nodiscard]] const std::filesystem::path& path() const { return entry.path; }
  };
  /// A file that is looked at, and what has come out so far.
  struct Look {
    Folder* folder = nullptr;
    std::string name;
    std::optional<Result<PluginImage>> image{};  ///< None: there is no such file.
    std::string sha256{};                        ///< Of it, for when it has been handed on; empty: it was not read.
    std::string plugin{};                        ///< Likewise: whose build it is.
    InService before{};                          ///< What it would take the place of.
    std::shared_ptr<PluginVersion> version{};    ///< What it holds.
    ReloadDecision decision{};
    [[nodiscard]] std::filesystem::path path() const { return folder->path() / name; }
    [[nodiscard]] File& file() const { return folder->files[name]; }
  };
  using LookAt = std::shared_ptr<Look>;

  void watch(Folder& folder);
  void check_place(Folder& folder, std::uint64_t watch);
  void lose(Folder& folder, const Error& why);
  void seek(Folder& folder);
  void look_at_all(Folder& folder);
  void look_at(Folder& folder, const std::string& name);
  void look_at_refused();
  void next();
  void over();
  void replace(const File& file);
  void pass_over_refused(const std::string& plugin);

  void read(const LookAt& look);
  void examine(const LookAt& look);
  void decide(const LookAt& look);
  void follow(const LookAt& look, const Status& prepared);
  void taken(const LookAt& look, const Status& status, bool superseded);
  void refuse(const LookAt& look, const Error& why);
  void note(HostEventKind kind, const Look& look, std::string text);

  EventLoop& loop_;
  SlowThread& slow_;
  Catalog& catalog_;
  Supervisor& supervisor_;
  EventLog& events_;
  std::deque<Folder> folders_;  // a deque, so that addresses stay
  std::deque<std::pair<Folder*, std::string>> waiting_;
  bool is_busy_ = false;
};

}  // namespace shunt::host
