#pragma once
/// What comes out of a manifest: the binary form, the source that embeds it as an ELF note, two C++ headers and one in
/// C.

#include "resolved.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace shunt::manifest_compiler {

/// A shunt.manifest.Manifest with its file identifier. The same input gives the same bytes.
std::vector<std::uint8_t> binary_manifest(const Resolved& resolved);

/// C++ source that puts `manifest` into the note of shunt/schemas/note.hpp. It names no path.
std::string note_source(const std::vector<std::uint8_t>& manifest);

/// `<name>_contract.hpp`, for the plugin.
std::string contract_header(const Resolved& resolved);

/// `<name>_contract.h`, for a plugin in C: the numbers of what the manifest declares.
std::string c_header(const Resolved& resolved);

/// `<name>_client.hpp`, for hosts; needs <shunt/client.hpp>.
std::string client_header(const Resolved& resolved);

/// #include lines for the headers that flatc makes of the schemas.
std::string schema_includes(const Resolved& resolved);

}  // namespace shunt::manifest_compiler
