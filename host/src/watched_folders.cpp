#include "watched_folders.hpp"

#include "compare_builds.hpp"
#include "plugin_folder.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

#include <fmt/ranges.h>
#include <sys/stat.h>

namespace shunt::host {
namespace {

constexpr std::chrono::seconds kSeek{1};  // between looks for a folder, and whether it is gone

using Place = std::pair<std::uint64_t, std::uint64_t>;

/// A plugin changes when its signature does.
std::string plugin_of(std::string_view name) {
  constexpr std::string_view kSignature = kPluginSignatureSuffix.substr(kPluginSuffix.size());
  if (name.ends_with(kPluginSignatureSuffix)) name.remove_suffix(kSignature.size());
  return std::string{name};
}

Place place_of(const std::filesystem::path& folder) {
  struct stat status {};
  return ::stat(folder.c_str(), &status) == 0 ? Place{status.st_dev, status.st_ino} : Place{};
}

ReadBuild build_of(const PluginImage& image) { return {image.sha256, image.manifest}; }

}  // namespace

// ---- Folders

void WatchedFolders::add(const PluginConfiguration& entry) { folders_.push_back({.entry = entry}); }

void WatchedFolders::holds(const std::shared_ptr<PluginVersion>& version) {
  for (Folder& folder : folders_)
    if (folder.path() == version->folder)
      folder.files[version->image.path.filename().string()] = {
          .sha256 = version->image.sha256, .plugin = version->name(), .version = version};
}

void WatchedFolders::passed_over(const std::filesystem::path& folder, const std::string& name,
                                 const std::string& sha256, const Error& why) {
  for (Folder& each : folders_)
    if (each.path() == folder) each.files[name] = {.passed_over = sha256, .complaint = why.message};
  events_.add(
      {.kind = HostEventKind::ReloadRefused, .text = fmt::format("{}: {}", (folder / name).string(), to_string(why))});
}

void WatchedFolders::start() {
  for (Folder& folder : folders_) watch(folder);
}

/// Looked at once it is watched: what came before is seen then.
void WatchedFolders::watch(Folder& folder) {
  auto opened = FolderWatch::open(
      loop_, folder.path(), {.suffixes = {std::string{kPluginSuffix}, std::string{kPluginSignatureSuffix}}},
      {.changed = [this, &folder](const std::string& name) { look_at(folder, plugin_of(name)); },
       .all_changed = [this, &folder] { look_at_all(folder); },
       .lost = [this, &folder](const Error& why) { lose(folder, why); }});
  if (!opened) return lose(folder, opened.error());
  folder.watch = *std::move(opened);
  folder.place = place_of(folder.path());
  check_place(folder, ++folder.watches);
  if (std::exchange(folder.is_lost, false))
    events_.add({.kind = HostEventKind::FolderFound,
                 .text = fmt::format("the folder {} is there again, and watched", folder.path().string())});
  look_at_all(folder);
}

/// While somebody works in a folder that was removed it is there without a name, and the kernel tells of nothing. It
/// also does not tell of what becomes of the folders above, or of a symbolic link to it.
void WatchedFolders::check_place(Folder& folder, std::uint64_t watch) {
  loop_.after(kSeek, [this, &folder, watch] {
    const bool is_posted = slow_.post([this, &folder, watch] {
      loop_.post([this, &folder, watch, place = place_of(folder.path())] {
        if (folder.watches != watch || folder.is_lost) return;
        if (place == folder.place) return check_place(folder, watch);
        lose(folder,
             {ErrorCode::System, fmt::format("the folder {} is gone, or is another one now", folder.path().string())});
      });
    });
    if (!is_posted && folder.watches == watch && !folder.is_lost) check_place(folder, watch);
  });
}

/// Its watch may be what tells of this, and goes later.
void WatchedFolders::lose(Folder& folder, const Error& why) {
  if (!std::exchange(folder.is_lost, true))
    events_.add({.kind = HostEventKind::FolderLost, .text = fmt::format("{}: it is looked for", why.message)});
  loop_.after(kSeek, [this, &folder] {
    folder.watch.reset();
    seek(folder);
  });
}

void WatchedFolders::seek(Folder& folder) {
  const auto again = [this, &folder] { loop_.after(kSeek, [this, &folder] { seek(folder); }); };
  const bool is_posted = slow_.post([this, &folder, again] {
    std::error_code ignored;
    const bool is_there = std::filesystem::is_directory(folder.path(), ignored);
    loop_.post([this, &folder, is_there, again] {
      if (is_there) watch(folder);
      else again();
    });
  });
  if (!is_posted) again();
}

/// What is there, and what was.
void WatchedFolders::look_at_all(Folder& folder) {
  const bool is_posted = slow_.post([this, &folder] {
    auto listed = std::make_shared<Result<std::vector<std::string>>>(plugin_files(folder.path()));
    loop_.post([this, &folder, listed] {
      if (!*listed) return lose(folder, listed->error());
      for (const std::string& name : **listed) look_at(folder, name);
      for (const auto& [name, file] : folder.files) look_at(folder, name);
    });
  });
  if (!is_posted) lose(folder, {ErrorCode::System, "there is no thread to read " + folder.path().string()});
}

// ---- Files

void WatchedFolders::look_at(Folder& folder, const std::string& name) {
  const std::pair<Folder*, std::string> file{&folder, name};
  if (std::ranges::find(waiting_, file) == waiting_.end()) waiting_.push_back(file);
  next();
}

/// What stood in their way may have gone: a plugin that was called, or that calls.
void WatchedFolders::look_at_refused() {
  for (Folder& folder : folders_)
    for (const auto& [name, file] : folder.files)
      if (!file.complaint.empty() && file.passed_over.empty()) look_at(folder, name);
}

/// A build of it that came later has been taken: those do not take its place when what stood in their way goes.
void WatchedFolders::pass_over_refused(const std::string& plugin) {
  for (Folder& folder : folders_)
    for (auto& [name, file] : folder.files)
      if (!file.complaint.empty() && file.refused_of == plugin) file.passed_over = file.refused;
}

void WatchedFolders::next() {
  if (is_busy_ || waiting_.empty()) return;
  is_busy_ = true;
  const auto look = std::make_shared<Look>();
  look->folder = waiting_.front().first;
  look->name = std::move(waiting_.front().second);
  waiting_.pop_front();
  if (!slow_.post([this, look] { read(look); }))
    refuse(look, {ErrorCode::System, "there is no thread to read it: raise `ulimit -u`, and touch it"});
}

void WatchedFolders::over() {
  is_busy_ = false;
  next();
}

/// It holds what it held no more, and no other file does.
void WatchedFolders::replace(const File& file) {
  const auto version = file.version.lock();
  if (version == nullptr) return;
  std::size_t holders = 0;
  for (const Folder& folder : folders_)
    for (const auto& [name, each] : folder.files) holders += each.sha256 == file.sha256 ? 1 : 0;
  version->is_replaced = holders <= 1;
}

/// On the slow thread. A file may go before it was opened.
void WatchedFolders::read(const LookAt& look) {
  look->image = catalog_.read({.path = look->path()});
  std::error_code failed;
  if (!*look->image && !std::filesystem::exists(look->path(), failed) && !failed) look->image.reset();
  loop_.post([this, look] { examine(look); });
}

void WatchedFolders::examine(const LookAt& look) {
  File& file = look->file();
  if (!look->image) {
    if (!file.sha256.empty()) {
      replace(file);
      note(HostEventKind::FileGone, *look, "is gone; what it held serves on");
    }
    file = {.plugin = std::move(file.plugin)};
    return over();
  }
  if (!*look->image) return refuse(look, look->image->error());
  const PluginImage& image = **look->image;
  look->sha256 = image.sha256;
  look->plugin = image.manifest.name;
  if (!file.sha256.empty() && file.sha256 == image.sha256 && !file.version.expired()) {
    file.complaint.clear();
    return over();
  }
  if (!file.passed_over.empty() && file.passed_over == image.sha256) return over();
  file.passed_over.clear();
  auto before = supervisor_.in_service(file.plugin.empty() ? image.manifest.name : file.plugin);
  if (!before) return refuse(look, before.error());
  look->before = *std::move(before);
  look->version = look->before.with_bytes(image.sha256);
  if (!slow_.post([this, look] { decide(look); }))
    refuse(look, {ErrorCode::System, "there is no thread to read it: raise `ulimit -u`, and touch it"});
}

/// On the slow thread.
void WatchedFolders::decide(const LookAt& look) {
  const auto go_on = [&](Status status) {
    loop_.post([this, look, status = std::move(status)] { follow(look, status); });
  };
  PluginImage& image = **look->image;
  Succeeds succeeds{.in_use = look->before.in_use};
  if (const auto& serving = look->before.version; serving != nullptr) {
    BothWays compared;
    if (serving->name() == image.manifest.name) {
      auto forth = compare_builds(serving->image, image);
      if (!forth) return go_on(tl::make_unexpected(forth.error()));
      const auto back = compare_builds(image, serving->image);
      const bool all_conform = look->before.known_types.conform(image.manifest, *forth);
      compared = {*std::move(forth), back ? back->decision : Compatibility::Refuse, all_conform};
    }
    look->decision = decide_reload(build_of(serving->image), build_of(image), compared, look->before.users);
    if (look->decision.kind == ReloadKind::Refused) return go_on(error(ErrorCode::BadInput, "{}", look->decision.text));
    const auto wider = wider_permissions(serving->image.manifest, image.manifest);
    if (!wider.empty()) look->decision.text += fmt::format("; unlike before it {}", fmt::join(wider, ", "));
    succeeds.older = serving.get();
    succeeds.others = look->decision.others;
  } else {
    look->decision = {.kind = ReloadKind::Switch, .text = "a plugin that was not there"};
  }
  if (look->version != nullptr) return go_on({});
  PluginConfiguration configuration = look->folder->entry;
  configuration.path = look->path();
  auto prepared = catalog_.prepare(configuration, std::move(image), &succeeds);
  if (!prepared) return go_on(tl::make_unexpected(prepared.error()));
  look->version = *std::move(prepared);
  look->version->folder = look->folder->path();
  go_on({});
}

void WatchedFolders::follow(const LookAt& look, const Status& prepared) {
  if (!prepared) return refuse(look, prepared.error());
  if (look->decision.kind == ReloadKind::Nothing) return taken(look, {}, false);
  Reload reload{.version = look->version, .instead_of = look->before.version, .lost = look->decision.change.removed};
  for (const std::string& each : look->decision.change.changed)
    if (look->decision.others == OtherTypes::Beside) reload.lost.push_back(each);
  std::erase_if(reload.lost, [&](const std::string& each) {
    return std::ranges::find(look->decision.change.changed, each) != look->decision.change.changed.end() &&
           !each.starts_with("topic out ");  // the old route stays for who uses it
  });
  supervisor_.reload(std::move(reload),
                     [this, look](const Status& status, bool superseded) { taken(look, status, superseded); });
}

void WatchedFolders::taken(const LookAt& look, const Status& status, bool superseded) {
  if (superseded) {
    look_at(*look->folder, look->name);
    return over();
  }
  if (!status && status.error().code == ErrorCode::Stopped) return;  // the host ends
  if (!status) return refuse(look, status.error());
  File& file = look->file();
  if (file.sha256 != look->version->image.sha256) replace(file);
  file = {.sha256 = look->version->image.sha256, .plugin = look->version->name(), .version = look->version};
  look->version->is_replaced = false;
  if (look->decision.kind == ReloadKind::Switch) {
    note(HostEventKind::Reloaded, *look, look->decision.text);
    pass_over_refused(look->version->name());
    look_at_refused();
  }
  over();
}

/// Once for each reason: a file that is written slowly is the same piece for a while.
void WatchedFolders::refuse(const LookAt& look, const Error& why) {
  File& file = look->file();
  if (file.complaint != why.message) note(HostEventKind::ReloadRefused, *look, to_string(why));
  file.complaint = why.message;
  file.refused = look->sha256;
  file.refused_of = look->plugin;
  over();
}

void WatchedFolders::note(HostEventKind kind, const Look& look, std::string text) {
  const auto version = look.version == nullptr ? look.file().version.lock() : look.version;
  events_.add({.kind = kind,
               .plugin = version != nullptr           ? version->name()
                         : look.file().plugin.empty() ? look.plugin
                                                      : look.file().plugin,
               .version = version == nullptr ? std::string{} : to_string(version->image.version),
               .text = fmt::format("{}: {}", look.path().string(), text)});
}

}  // namespace shunt::host
