#include "libraries.hpp"

#include "digest.hpp"
#include "elf_file.hpp"
#include "sealed_file.hpp"
#include "system_folders.hpp"

#include <shunt/schemas/libraries.hpp>
#include <shunt/schemas/limits.hpp>
#include <shunt/schemas/names.hpp>

#include <algorithm>
#include <set>

namespace shunt {
namespace {

bool is_launchers(std::string_view library) {
  return std::ranges::find(kLauncherLibraries, library) != kLauncherLibraries.end();
}

/// Walks from the plugin to all it needs, depth first.
class Gathering {
 public:
  Gathering(const std::vector<ManifestLibrary>& listed, const LibrarySearch& search)
      : listed_(listed), search_(search) {}

  Status add_needs(const ElfDynamic& of, std::string_view who) {
    if (!of.searches.empty())
      return error(ErrorCode::NotTrusted,
                   "{} tells the loader to look for files by itself ({}): link it without (in CMake, SKIP_BUILD_RPATH)",
                   who, fmt::join(of.searches, ", "));
    for (const std::string& needed : of.needed) SHUNT_CHECK(add(needed, who));
    return {};
  }

  std::vector<SealedLibrary> take() && { return std::move(found_); }

 private:
  struct Found {
    SealedLibrary library;
    ElfDynamic dynamic;
  };

  Status add(const std::string& library, std::string_view who) {
    if (is_launchers(library) || std::ranges::find(found_, library, &SealedLibrary::name) != found_.end()) return {};
    if (!is_library_name(library))
      return error(ErrorCode::NotTrusted, "{} needs {:?}, which is a path and no name: link with the library's SONAME",
                   who, library);
    if (!open_.insert(library).second)
      return error(ErrorCode::NotTrusted,
                   "{} needs {}, which needs it in turn: no order to load them in; link them as one", who, library);
    if (open_.size() > kLibrariesMax)
      return error(ErrorCode::TooLarge, "it needs more than {} libraries; link some of them statically", kLibrariesMax);
    SHUNT_TRY(found, read(library, who));
    SHUNT_CHECK(add_needs(found.dynamic, library));
    found.library.undefined = std::move(found.dynamic.undefined);
    found_.push_back(std::move(found.library));
    return {};
  }

  Result<Found> read(const std::string& library, std::string_view who) const {
    const auto entry = std::ranges::find(listed_, library, &ManifestLibrary::name);
    if (entry != listed_.end()) return read_listed(*entry);
    if (!search_.system_libraries)
      return error(ErrorCode::NotTrusted,
                   "{} needs {}, which its manifest does not list: give it to shunt_add_plugin with LIBRARIES, or set "
                   "system_libraries = true in [trust] to take it from the system",
                   who, library);
    SHUNT_TRY(path, find_system_library(library));
    return seal(library, LibraryOrigin::System, path);
  }

  Result<Found> read_listed(const ManifestLibrary& entry) const {
    SHUNT_TRY(found, seal(entry.name, LibraryOrigin::Manifest, search_.folder / entry.name));
    if (found.library.sha256 == entry.sha256) return found;
    return error(ErrorCode::NotTrusted,
                 "{} has the sha256 {}, the plugin was built with {}: put that one beside it, or build the plugin anew",
                 found.library.path.string(), found.library.sha256, entry.sha256);
  }

  static Result<Found> seal(const std::string& library, LibraryOrigin origin, const std::filesystem::path& path) {
    SHUNT_TRY(file, SealedFile::copy_of(path, kPluginBytesMax));
    Found found{{library, origin, path, sha256_of(file.bytes()), {}, {}}, {}};
    auto dynamic = read_library(file.bytes());
    if (!dynamic) return error(dynamic.error().code, "{}: {}", path.string(), dynamic.error().message);
    if (dynamic->soname != library)
      return error(ErrorCode::NotTrusted,
                   "{} calls itself {:?} (SONAME): the loader would look for {} in the file system", path.string(),
                   dynamic->soname, library);
    found.dynamic = std::move(*dynamic);
    found.library.descriptor = std::move(file).release();
    return found;
  }

  const std::vector<ManifestLibrary>& listed_;
  const LibrarySearch& search_;
  std::set<std::string> open_;  // begun; those that are not in found_ yet are being walked
  std::vector<SealedLibrary> found_;
};

}  // namespace

std::string_view name(LibraryOrigin origin) noexcept {
  return origin == LibraryOrigin::Manifest ? "manifest" : "system";
}

Result<std::vector<SealedLibrary>> gather_libraries(const ElfDynamic& plugin,
                                                    const std::vector<ManifestLibrary>& listed,
                                                    const LibrarySearch& search) {
  Gathering gathering(listed, search);
  SHUNT_CHECK(gathering.add_needs(plugin, "it"));
  return std::move(gathering).take();
}

}  // namespace shunt
