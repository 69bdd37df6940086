#pragma once
/// The libraries that a plugin needs, found, checked and sealed like the plugin itself: its process opens none by a
/// path.
///
///     SHUNT_TRY(libraries, gather_libraries(elf.dynamic, manifest.libraries, {folder, policy.system_libraries}));

#include "elf_dynamic.hpp"

#include <shunt/bus/unique_fd.hpp>
#include <shunt/schemas/manifest.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace shunt {

/// Whose word a library's bytes are taken on.
enum class LibraryOrigin : std::uint8_t {
  Manifest,  ///< The plugin's: it names their sha256.
  System     ///< Root's: they come from a folder that only root can write.
};

std::string_view name(LibraryOrigin origin) noexcept;

struct SealedLibrary {
  std::string name;  ///< As DT_NEEDED says it.
  LibraryOrigin origin = LibraryOrigin::Manifest;
  std::filesystem::path path;  ///< Where it was read from.
  std::string sha256;
  bus::UniqueFd descriptor;            ///< A memfd, sealed against every change.
  std::vector<std::string> undefined;  ///< What it calls in others.
};

struct LibrarySearch {
  std::filesystem::path folder;   ///< Of the plugin: where what its manifest lists lies.
  bool system_libraries = false;  ///< Whether root's folders are looked in for the rest.
};

/// Every library that `plugin` and its libraries need beyond the launcher's own, each before those that need it.
/// Blocks for reading and hashing. Errors, each naming the library: NotTrusted (other bytes than the manifest's,
/// neither listed nor the system's, a search path in it, writable by others than root), System, TooLarge, NotAPlugin.
Result<std::vector<SealedLibrary>> gather_libraries(const ElfDynamic& plugin,
                                                    const std::vector<ManifestLibrary>& listed,
                                                    const LibrarySearch& search);

}  // namespace shunt
