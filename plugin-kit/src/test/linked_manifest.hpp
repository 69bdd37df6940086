#pragma once
/// The manifests that are linked into this program, read as a host reads a plugin's: from an ELF note.

#include <shunt/schemas/manifest.hpp>

#include <string_view>

namespace shunt::test {

/// The manifest of a plugin in this version. Errors: NotAPlugin when none is linked, BadManifest.
[[nodiscard]] Result<Manifest> linked_manifest(std::string_view plugin, std::string_view version);

}  // namespace shunt::test
