#pragma once
/// A folder of builds of the clerk, which a host watches.
///
///     class Folders : public FolderTest {};
///     TEST_F(Folders, ...) { put("first"); Host host = start(watching()); put("body"); ... }

#include "cast.hpp"
#include "clerk_client.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <temporary_directory.hpp>

namespace shunt::test {

using Ask = Function<clerks::Question, clerks::Answer>;
using Tally = Function<clerks::Nothing, clerks::Count>;

inline std::string content(const std::filesystem::path& path) {
  std::ifstream stream{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{stream}, {}};
}

class FolderTest : public HostTest {
 protected:
  FolderTest() { std::filesystem::create_directories(folder()); }

  [[nodiscard]] std::filesystem::path folder() const { return directory_.path() / "plugins"; }
  [[nodiscard]] PluginConfiguration entry() const {
    PluginConfiguration entry = plugin("");
    entry.path = folder();
    return entry;
  }
  [[nodiscard]] HostConfiguration watching(std::vector<PluginConfiguration> others = {}) const {
    others.insert(others.begin(), entry());
    HostConfiguration configuration = with(std::move(others));
    for (const char* const name : {"clerk/*", "errand/*", "clerk.notes", "clerk.news"})
      route(configuration, name).wait = bus::Wait::Sleep;
    return configuration;
  }

  /// As a build: under its name at once, and whole.
  void put(const std::string& build, const std::string& as = "clerk.so") const {
    write_at_once(content(plugin("clerk-" + build + ".so").path), as);
  }
  void write_at_once(std::string_view bytes, const std::string& as) const {
    const auto beside = directory_.write("incoming", bytes);
    std::filesystem::rename(beside, folder() / as);
  }

  static Ask ask(Host& host) { return host.function<clerks::Question, clerks::Answer>("clerk/answer").value(); }
  /// Which build answers; an error's code, below zero.
  static std::int64_t build_behind(const Ask& function) {
    const auto answer = function([](auto& build) { return clerks::CreateQuestion(build, 7); }, {.deadline = 30s});
    return answer ? std::int64_t{(*answer)->build()} : -static_cast<std::int64_t>(answer.error().code);
  }
  static std::int64_t build_behind(Host& host) { return build_behind(ask(host)); }

  /// What a call of "clerk/answer" is made of.
  static std::vector<std::uint8_t> question(std::uint32_t number) {
    flatbuffers::FlatBufferBuilder build;
    build.Finish(clerks::CreateQuestion(build, number));
    return {build.GetBufferPointer(), build.GetBufferPointer() + build.GetSize()};
  }
  /// The same of who is asked as the builds with other questions are.
  static std::int64_t build_behind_other(Host& host) {
    flatbuffers::FlatBufferBuilder build;
    const auto table = build.StartTable();
    build.AddElement<std::uint64_t>(4, 1'000'000'000'000'007u, 0);
    build.Finish(flatbuffers::Offset<flatbuffers::Table>{build.EndTable(table)});
    const auto answer = host.call_bytes("clerk/answer", {build.GetBufferPointer(), build.GetSize()}, {.deadline = 30s});
    if (!answer) return -static_cast<std::int64_t>(answer.error().code);
    return verified_root<clerks::Answer>(answer->bytes())->build();
  }

  /// The text of the first event of this kind after `seen`.
  std::string await_told(Host& host, HostEventKind kind, std::string_view plugin = "clerk") {
    const HostEvent event = await_event(host, kind, plugin, seen_);
    seen_ = event.number;
    return event.text;
  }
  static std::vector<HostEvent> events_of(Host& host, HostEventKind kind) {
    std::vector<HostEvent> found;
    for (const HostEvent& each : host.events())
      if (each.kind == kind) found.push_back(each);
    return found;
  }
  static std::vector<std::string> versions_of(const std::vector<HostEvent>& events) {
    std::vector<std::string> versions;
    versions.reserve(events.size());
    for (const HostEvent& each : events) versions.push_back(each.version.substr(0, each.version.find('+')));
    return versions;
  }

  const TemporaryDirectory directory_;
  std::uint64_t seen_ = 0;
};

}  // namespace shunt::test
