#include "elf_file.hpp"

#include "elf_segments.hpp"

#include <shunt/schemas/limits.hpp>
#include <shunt/schemas/note.hpp>

#include <algorithm>
#include <cstring>
#include <vector>

#include <elf.h>

namespace shunt {
namespace {

using Bytes = std::span<const std::byte>;

#if defined(__x86_64__)
constexpr std::uint16_t kMachine = EM_X86_64;
constexpr std::string_view kMachineName = "x86-64";
#elif defined(__aarch64__)
constexpr std::uint16_t kMachine = EM_AARCH64;
constexpr std::string_view kMachineName = "arm64";
#else
#error "Shunt runs on x86-64 and arm64"
#endif

struct Note {
  std::string_view owner;  ///< With its zero.
  std::uint32_t type = 0;
  Bytes description;
};

/// The notes of one PT_NOTE segment, which is within the file.
Status read_notes(Bytes bytes, std::uint64_t alignment, std::vector<Note>& notes) {
  const auto padded = [&](std::uint64_t size) { return (size + alignment - 1) / alignment * alignment; };
  while (bytes.size() >= sizeof(Elf64_Nhdr)) {
    const auto header = read_as<Elf64_Nhdr>(bytes);
    const auto owner = part(bytes, sizeof header, header.n_namesz);
    const auto offset = padded(sizeof header + std::uint64_t{header.n_namesz});
    const auto description = part(bytes, offset, header.n_descsz);
    if (!owner || !description) return cut_short("notes");
    notes.push_back({{reinterpret_cast<const char*>(owner->data()), owner->size()}, header.n_type, *description});
    bytes = bytes.subspan(std::min<std::uint64_t>(bytes.size(), padded(offset + header.n_descsz)));
  }
  return {};
}

bool is_owned_by(const Note& note, std::string_view owner) {
  return note.owner.size() == owner.size() + 1 && note.owner.starts_with(owner) && note.owner.back() == '\0';
}

Result<Bytes> find_manifest(const std::vector<Note>& notes) {
  const Note* found = nullptr;
  for (const Note& note : notes) {
    if (!is_owned_by(note, kNoteName) || note.type != kNoteType) continue;
    if (found != nullptr)
      return error(ErrorCode::BadManifest, "it carries two manifests; link the objects of one plugin only");
    found = &note;
  }
  if (found == nullptr)
    return error(ErrorCode::NotAPlugin, "it is a shared object without Shunt's note; build it with shunt_add_plugin");
  if (found->description.size() > kManifestBytesMax)
    return error(ErrorCode::TooLarge, "its manifest has {} bytes, at most {} are possible; list fewer schemas",
                 found->description.size(), kManifestBytesMax);
  return found->description;
}

Result<BuildHash> find_build(const std::vector<Note>& notes) {
  for (const Note& note : notes) {
    if (!is_owned_by(note, "GNU") || note.type != NT_GNU_BUILD_ID || note.description.size() < 4) continue;
    BuildHash hash;  // the first 8 hex digits as people read them: most significant byte first
    for (const std::byte byte : note.description.first(4))
      hash.value = hash.value << 8 | std::to_integer<std::uint32_t>(byte);
    return hash;
  }
  return error(ErrorCode::NotAPlugin, "it has no GNU build id; link it with -Wl,--build-id");
}

}  // namespace

Status check_elf_header(Bytes bytes) {
  constexpr std::string_view kMagic(ELFMAG, SELFMAG);
  if (bytes.size() < sizeof(Elf64_Ehdr) || std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0)
    return error(ErrorCode::NotAPlugin, "it is not an ELF file; give the shared object that shunt_add_plugin builds");
  const auto header = read_as<Elf64_Ehdr>(bytes);
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_machine != kMachine)
    return error(ErrorCode::WrongArchitecture,
                 "it is built for another machine (ELF machine {}, class {}); build it for "
                 "{}",
                 header.e_machine, header.e_ident[EI_CLASS], kMachineName);
  if (header.e_type != ET_DYN)
    return error(ErrorCode::NotAPlugin, "it is an ELF file but no shared object; link it with -shared");
  if (header.e_ident[EI_VERSION] != EV_CURRENT || header.e_version != EV_CURRENT ||
      header.e_phentsize != sizeof(Elf64_Phdr))
    return contradictory("its ELF header is of no known version");
  const auto sections_bytes = std::uint64_t{header.e_shnum} * header.e_shentsize;
  if (!part(bytes, header.e_phoff, std::uint64_t{header.e_phnum} * sizeof(Elf64_Phdr)) ||
      !part(bytes, header.e_shoff, sections_bytes))
    return cut_short("headers");
  return {};
}

Result<ElfFile> read_elf(Bytes bytes) {
  SHUNT_CHECK(check_elf_header(bytes));
  SHUNT_TRY(segments, ElfSegments::read(bytes));
  std::vector<Note> notes;
  for (const Elf64_Phdr& header : segments.all()) {
    if (header.p_type != PT_NOTE) continue;
    SHUNT_CHECK(read_notes(*part(bytes, header.p_offset, header.p_filesz), header.p_align == 8 ? 8 : 4, notes));
  }
  const auto stack = std::ranges::find(segments.all(), PT_GNU_STACK, &Elf64_Phdr::p_type);
  const bool executable_stack = stack == segments.all().end() || (stack->p_flags & PF_X) != 0;
  SHUNT_TRY(manifest, find_manifest(notes));
  SHUNT_TRY(build, find_build(notes));
  SHUNT_TRY(dynamic, read_dynamic(segments));
  return ElfFile{build, manifest, std::move(dynamic), executable_stack};
}

Result<ElfDynamic> read_library(Bytes bytes) {
  SHUNT_CHECK(check_elf_header(bytes));
  SHUNT_TRY(segments, ElfSegments::read(bytes));
  return read_dynamic(segments);
}

}  // namespace shunt
