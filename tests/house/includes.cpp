#include "includes.hpp"

#include <algorithm>
#include <fstream>
#include <functional>
#include <optional>
#include <regex>

#include <fmt/format.h>

namespace shunt::house {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kLeaves{"bench", "examples", "tests"};

/// A library that only some folders may include, and the headers that betray it.
struct Reserved {
  std::string library;
  std::regex headers;
  std::set<std::string> users;  ///< Folders.

  [[nodiscard]] bool is_for(const fs::path& file) const {
    return std::ranges::any_of(users, [&](const std::string& user) { return file.string().starts_with(user + "/"); });
  }
};

const std::vector<Reserved>& reserved() {
  static const std::vector<Reserved> kReserved{
      // The benchmarks measure iceoryx's own publish and subscribe, beside the bus and not through it; the tests of the
      // bridges have an application of their own on the other side.
      {"iceoryx", std::regex{"(iceoryx_[a-z]+|iox)/.*"}, {"bus", "bench", "bridges", "tests/bridges"}},
      // Tests stand in for containers whose filters are around the launcher, and for plugins that try to make their
      // own.
      {"libseccomp", std::regex{"(.*/)?seccomp\\.h"}, {"plugin-kit", "tests"}},
  };
  return kReserved;
}

struct Include {
  fs::path file;  ///< Relative to the tree.
  std::size_t line = 0;
  std::string header;
  bool quoted = false;
};

bool is_source(const fs::path& file) {
  static const std::set<std::string> kExtensions{".hpp", ".cpp", ".h", ".c", ".in"};
  return kExtensions.contains(file.extension().string());
}

std::vector<fs::path> sources_of(const fs::path& tree, const std::string& folder) {
  std::vector<fs::path> files;
  if (!fs::exists(tree / folder)) return files;
  for (const auto& entry : fs::recursive_directory_iterator{tree / folder}) {
    if (entry.is_regular_file() && is_source(entry.path())) files.push_back(fs::relative(entry.path(), tree));
  }
  std::ranges::sort(files);
  return files;
}

void for_each_include(const fs::path& tree, const std::string& folder, const std::function<void(const Include&)>& see) {
  static const std::regex kInclude{R"re(^\s*#\s*include\s*(<([^>]+)>|"([^"]+)").*)re"};
  for (const fs::path& file : sources_of(tree, folder)) {
    std::ifstream text{tree / file};
    std::size_t number = 0;
    for (std::string line; std::getline(text, line);) {
      ++number;
      std::smatch match;
      if (line.find("include") == std::string::npos || !std::regex_match(line, match, kInclude)) continue;
      const bool quoted = match[3].matched;
      see({file, number, (quoted ? match[3] : match[2]).str(), quoted});
    }
  }
}

std::string top_folder(const fs::path& relative) { return relative.begin()->string(); }

/// The layer whose header this is; nothing for a library's and for a file's own neighbour.
std::optional<std::string> owner(const fs::path& tree, const Include& include) {
  if (include.quoted) {
    const auto beside = fs::relative(fs::weakly_canonical(tree / include.file.parent_path() / include.header),
                                     fs::weakly_canonical(tree));
    if (fs::exists(tree / beside)) return top_folder(beside);
  }
  for (const auto& [layer, below] : arrows()) {
    if (fs::exists(tree / layer / "include" / include.header)) return layer;  // a public header
    if (include.header.starts_with("shunt/" + layer + "/")) return layer;     // one that the build generates
    if (include.header.starts_with(layer + "/")) return layer;                // from the root of the tree
  }
  if (include.header.starts_with("shunt/")) return "nobody";
  return std::nullopt;
}

}  // namespace

const std::map<std::string, std::set<std::string>>& arrows() {
  static const std::map<std::string, std::set<std::string>> kArrows{
      {"schemas", {"schemas"}},
      {"bus", {"schemas", "bus"}},
      {"plugin-kit", {"schemas", "bus", "plugin-kit"}},
      {"host", {"schemas", "bus", "host"}},
      {"tools", {"schemas", "bus", "host", "tools"}},
      {"bridges", {"schemas", "bus", "plugin-kit", "bridges"}},
  };
  return kArrows;
}

std::vector<std::string> include_breaches(const fs::path& tree) {
  std::vector<std::string> breaches;
  const auto check = [&](const std::string& folder, bool is_layer) {
    for_each_include(tree, folder, [&](const Include& include) {
      const auto where = fmt::format("{}:{}: {} ", include.file.string(), include.line, folder);
      for (const Reserved& library : reserved()) {
        if (std::regex_match(include.header, library.headers) && !library.is_for(include.file))
          breaches.push_back(where +
                             fmt::format("may not include <{}>: {} is not for it", include.header, library.library));
      }
      const auto from = is_layer ? owner(tree, include) : std::nullopt;
      if (from && !arrows().at(folder).contains(*from))
        breaches.push_back(where + fmt::format("may not include <{}>, which belongs to {}", include.header, *from));
    });
  };
  for (const auto& [layer, below] : arrows()) check(layer, true);
  for (const std::string& leaf : kLeaves) check(leaf, false);
  return breaches;
}

std::vector<fs::path> users_of_iceoryx_internals(const fs::path& tree) {
  std::set<fs::path> files;
  for_each_include(tree, "bus", [&](const Include& include) {
    if (include.header.starts_with("iceoryx_") && include.header.find("/internal/") != std::string::npos)
      files.insert(include.file);
  });
  return {files.begin(), files.end()};
}

}  // namespace shunt::house
