#include "linked_manifest.hpp"

#include <shunt/plugin-kit/test/stand_in.hpp>
#include <shunt/schemas/note.hpp>

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>

#include <elf.h>
#include <link.h>

namespace shunt::test {
namespace {

struct Search {
  std::string_view plugin;
  Version version;
  std::optional<Result<Manifest>> found{};
};

std::size_t padded(std::size_t bytes, std::size_t alignment) { return (bytes + alignment - 1) / alignment * alignment; }

/// Looks through the notes of one segment.
void search_notes(std::span<const std::byte> notes, std::size_t alignment, Search& search) {
  while (notes.size() >= sizeof(ElfW(Nhdr)) && !search.found) {
    ElfW(Nhdr) header;
    std::memcpy(&header, notes.data(), sizeof(header));
    notes = notes.subspan(sizeof(header));
    const auto name_bytes = padded(header.n_namesz, alignment);
    if (name_bytes > notes.size() || header.n_descsz > notes.size() - name_bytes) return;
    const auto description = notes.subspan(name_bytes, header.n_descsz);
    const bool ours = header.n_type == kNoteType && header.n_namesz == sizeof(kNoteName) &&
                      std::memcmp(notes.data(), kNoteName, sizeof(kNoteName)) == 0;
    notes = notes.subspan(std::min(name_bytes + padded(header.n_descsz, alignment), notes.size()));
    if (!ours) continue;
    auto manifest = parse_manifest(description);
    if (!manifest || (manifest->name == search.plugin && manifest->version.matches(search.version)))
      search.found = std::move(manifest);
  }
}

int search_object(dl_phdr_info* object, std::size_t, void* argument) {
  auto& search = *static_cast<Search*>(argument);
  for (const auto& segment : std::span(object->dlpi_phdr, object->dlpi_phnum)) {
    if (segment.p_type != PT_NOTE || segment.p_memsz == 0) continue;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): where the loader has put it
    const auto* const start = reinterpret_cast<const std::byte*>(object->dlpi_addr + segment.p_vaddr);
    search_notes({start, segment.p_memsz}, segment.p_align == 8 ? 8 : 4, search);
  }
  return search.found ? 1 : 0;
}

}  // namespace

Result<Manifest> linked_manifest(std::string_view plugin, std::string_view version) {
  SHUNT_TRY(wanted, Version::parse(version));
  Search search{plugin, std::move(wanted)};
  ::dl_iterate_phdr(search_object, &search);
  if (search.found) return *std::move(search.found);
  return error(
      ErrorCode::NotAPlugin,
      "the manifest of {} {} is not in this program: link what shunt_add_plugin makes for tests, the target of "
      "the plugin with _runner at its end",
      plugin, version);
}

Result<std::vector<Setting>> settings_of(const ContractView& contract, std::span<const GivenSetting> given) {
  SHUNT_TRY(manifest, linked_manifest(contract.plugin, contract.version));
  return resolve_settings(manifest, given);
}

}  // namespace shunt::test
