#pragma once
/// What a host needs to know of a shared object, read from bytes that may be hostile and without running any of them.
///
///     SHUNT_CHECK(check_elf_header(bytes));
///     SHUNT_TRY(elf, read_elf(bytes));
///     SHUNT_TRY(manifest, parse_manifest(elf.manifest));
///
/// Everything is found as the loader finds it, by program headers: section headers may say something else.

#include "elf_dynamic.hpp"

#include <shunt/schemas/result.hpp>
#include <shunt/schemas/version.hpp>

#include <cstddef>
#include <span>

namespace shunt {

struct ElfFile {
  BuildHash build;                      ///< From the GNU build id.
  std::span<const std::byte> manifest;  ///< The description of Shunt's note, within the bytes given.
  ElfDynamic dynamic;                   ///< What it asks of the loader.
  bool executable_stack = false;        ///< It asks for one, or leaves it open.
};

/// The first 64 bytes: a complete 64-bit little-endian shared object for this machine.
/// Errors: NotAPlugin (give a shared object), WrongArchitecture (build it for this machine).
Status check_elf_header(std::span<const std::byte> bytes);

/// Errors: those of check_elf_header; NotAPlugin (cut short, contradicts itself, or has no note of Shunt's or no build
/// id: build it with shunt_add_plugin), BadManifest (two notes of Shunt's), TooLarge (a manifest above
/// kManifestBytesMax).
Result<ElfFile> read_elf(std::span<const std::byte> bytes);

/// The same of a library, which needs neither note nor build id. Errors: those of check_elf_header; NotAPlugin.
Result<ElfDynamic> read_library(std::span<const std::byte> bytes);

}  // namespace shunt
