#include "watched_folders.hpp"

#include "compare_builds.hpp"
#include "plugin_folder.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

#include <fmt/ranges.h>

namespace shunt::host {
namespace {

constexpr std::chrono::seconds kSeek{1};  // between looks for a folder that is gone

/// A plugin changes when its signature does.
std::string plugin_of(std::string_view name) {
  constexpr std::string_view kSignature = kPluginSignatureSuffix.substr(kPluginSuffix.size());
  if (name.ends_with(kPluginSignatureSuffix)) name.remove_suffix(kSignature.size());
  return std::string{name};
}

ReadBuild build_of(const PluginImage& image) { return {image.sha256, image.manifest}; }

}  // namespace

// ---- Folders

void WatchedFolders::add(const PluginConfiguration& entry) { folders_.push_back({.entry = entry}); }

void WatchedFolders::holds(const std::shared_ptr<PluginVersion>& version) {
  for (Folder& folder : folders_)
    if (folder.path() == version->folder) folder.files[version->image.path.filename().string()].version = version;
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
  if (std::exchange(folder.is_lost, false))
    events_.add({.kind = HostEventKind::FolderFound,
                 .text = fmt::format("the folder {} is there again, and watched", folder.path().string())});
  look_at_all(folder);
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
  slow_.post([this, &folder] {
    std::error_code ignored;
    const bool is_there = std::filesystem::is_directory(folder.path(), ignored);
    loop_.post([this, &folder, is_there] {
      if (is_there) watch(folder);
      else loop_.after(kSeek, [this, &folder] { seek(folder); });
    });
  });
}

/// What is there, and what was.
void WatchedFolders::look_at_all(Folder& folder) {
  slow_.post([this, &folder] {
    auto listed = std::make_shared<Result<std::vector<std::string>>>(plugin_files(folder.path()));
    loop_.post([this, &folder, listed] {
      if (!*listed) return;  // it has gone again, which its watch tells
      for (const std::string& name : **listed) look_at(folder, name);
      for (const auto& [name, file] : folder.files) look_at(folder, name);
    });
  });
}

// ---- Files

void WatchedFolders::look_at(Folder& folder, const std::string& name) {
  const std::pair<Folder*, std::string> file{&folder, name};
  if (std::ranges::find(waiting_, file) == waiting_.end()) waiting_.push_back(file);
  next();
}

void WatchedFolders::next() {
  if (is_busy_ || waiting_.empty()) return;
  is_busy_ = true;
  const auto look = std::make_shared<Look>();
  look->folder = waiting_.front().first;
  look->name = std::move(waiting_.front().second);
  waiting_.pop_front();
  slow_.post([this, look] { read(look); });
}

void WatchedFolders::over() {
  is_busy_ = false;
  next();
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
    if (file.version != nullptr && !std::exchange(file.is_gone, true)) {
      file.version->is_replaced = true;
      note(HostEventKind::FileGone, *look, "is gone; what it held serves on");
    }
    file.complaint.clear();
    return over();
  }
  file.is_gone = false;
  if (!*look->image) return refuse(look, look->image->error());
  const PluginImage& image = **look->image;
  if (file.version != nullptr && file.version->image.sha256 == image.sha256) {
    file.version->is_replaced = false;
    file.complaint.clear();
    return over();
  }
  if (file.passed_over == image.sha256) return over();
  file.passed_over.clear();
  auto before = supervisor_.in_service(file.version == nullptr ? image.manifest.name : file.version->name());
  if (!before) return refuse(look, before.error());
  look->before = *std::move(before);
  look->version = look->before.with_bytes(image.sha256);
  slow_.post([this, look] { decide(look); });
}

/// On the slow thread.
void WatchedFolders::decide(const LookAt& look) {
  const auto go_on = [&](Status status) {
    loop_.post([this, look, status = std::move(status)] { follow(look, status); });
  };
  PluginImage& image = **look->image;
  std::optional<Succeeds> succeeds;
  if (const auto& serving = look->before.version; serving != nullptr) {
    PluginComparison compared;
    if (serving->name() == image.manifest.name) {
      auto builds = compare_builds(serving->image, image);
      if (!builds) return go_on(tl::make_unexpected(builds.error()));
      compared = *std::move(builds);
    }
    look->decision = decide_reload(build_of(serving->image), build_of(image), compared, look->before.users);
    if (look->decision.kind == ReloadKind::Refused) return go_on(error(ErrorCode::BadInput, "{}", look->decision.text));
    const auto wider = wider_permissions(serving->image.manifest, image.manifest);
    if (!wider.empty()) look->decision.text += fmt::format("; unlike before it {}", fmt::join(wider, ", "));
    succeeds.emplace(Succeeds{serving->image.manifest, look->decision.others});
  } else {
    look->decision = {.kind = ReloadKind::Switch, .text = "a plugin that was not there"};
  }
  if (look->version != nullptr) return go_on({});
  PluginConfiguration configuration = look->folder->entry;
  configuration.path = look->path();
  auto prepared = catalog_.prepare(configuration, std::move(image), succeeds ? &*succeeds : nullptr);
  if (!prepared) return go_on(tl::make_unexpected(prepared.error()));
  look->version = *std::move(prepared);
  look->version->folder = look->folder->path();
  go_on({});
}

void WatchedFolders::follow(const LookAt& look, const Status& prepared) {
  if (!prepared) return refuse(look, prepared.error());
  if (look->decision.kind == ReloadKind::Nothing) return taken(look, {});
  supervisor_.reload(look->version, look->before.version, [this, look](const Status& status) { taken(look, status); });
}

void WatchedFolders::taken(const LookAt& look, const Status& status) {
  if (!status && status.error().code == ErrorCode::Cancelled) {
    look_at(*look->folder, look->name);  // others were faster: decided once more
    return over();
  }
  if (!status) return refuse(look, status.error());
  File& file = look->file();
  if (file.version != nullptr) file.version->is_replaced = true;
  file.version = look->version;
  file.version->is_replaced = false;
  file.complaint.clear();
  if (look->decision.kind == ReloadKind::Switch) note(HostEventKind::Reloaded, *look, look->decision.text);
  over();
}

/// Once for each reason: a file that is written slowly is the same piece for a while.
void WatchedFolders::refuse(const LookAt& look, const Error& why) {
  File& file = look->file();
  if (file.complaint != why.message) note(HostEventKind::ReloadRefused, *look, to_string(why));
  file.complaint = why.message;
  over();
}

void WatchedFolders::note(HostEventKind kind, const Look& look, std::string text) {
  const auto& version = look.version == nullptr ? look.file().version : look.version;
  events_.add({.kind = kind,
               .plugin = version == nullptr ? std::string{} : version->name(),
               .version = version == nullptr ? std::string{} : to_string(version->image.version),
               .text = fmt::format("{}: {}", look.path().string(), text)});
}

}  // namespace shunt::host
