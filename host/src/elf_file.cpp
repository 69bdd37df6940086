#include "elf_file.hpp"

#include <shunt/schemas/limits.hpp>
#include <shunt/schemas/note.hpp>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>

#include <elf.h>
#include <gelf.h>
#include <libelf.h>

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

constexpr std::size_t kSegmentsMax = 128;
constexpr std::size_t kDynamicMax = 4096;
constexpr std::size_t kNeededMax = 256;

/// `bytes[offset, offset + size)`, or nothing where that leaves `bytes`.
std::optional<Bytes> part(Bytes bytes, std::uint64_t offset, std::uint64_t size) {
  if (offset > bytes.size() || size > bytes.size() - offset) return {};
  return bytes.subspan(offset, size);
}

/// A struct at the start of `bytes`, at whatever alignment. The caller has checked the size.
template <typename Struct>
Struct read_as(Bytes bytes) {
  Struct value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

tl::unexpected<Error> cut_short(std::string_view what) {
  return error(ErrorCode::NotAPlugin, "its {} reach beyond its end: the file is cut short or damaged; build it again",
               what);
}

tl::unexpected<Error> contradictory(std::string_view what) {
  return error(ErrorCode::NotAPlugin, "{}: no linker writes that; build it again", what);
}

/// What the loader would map, in ascending order.
class Segments {
 public:
  static Result<Segments> read(Bytes bytes);

  [[nodiscard]] const std::vector<GElf_Phdr>& all() const { return headers_; }

  /// The file's bytes that end up at an address; nothing where the file has none.
  [[nodiscard]] std::optional<Bytes> at(std::uint64_t address, std::uint64_t size) const {
    for (const GElf_Phdr& header : headers_) {
      if (header.p_type != PT_LOAD || address < header.p_vaddr || address - header.p_vaddr > header.p_filesz) continue;
      const auto within = address - header.p_vaddr;
      if (size <= header.p_filesz - within) return part(bytes_, header.p_offset + within, size);
    }
    return {};
  }

 private:
  explicit Segments(Bytes bytes) : bytes_(bytes) {}
  [[nodiscard]] Status check_loads() const;

  Bytes bytes_;
  std::vector<GElf_Phdr> headers_;
};

Result<Segments> Segments::read(Bytes bytes) {
  if (elf_version(EV_CURRENT) == EV_NONE) return error(ErrorCode::System, "libelf is of another version; update it");
  // libelf declares the image writable and, opened so, does not write to it.
  auto* const image = const_cast<char*>(reinterpret_cast<const char*>(bytes.data()));
  const std::unique_ptr<Elf, int (*)(Elf*)> elf(elf_memory(image, bytes.size()), elf_end);
  std::size_t count = 0;
  if (elf == nullptr || elf_kind(elf.get()) != ELF_K_ELF || elf_getphdrnum(elf.get(), &count) != 0)
    return contradictory("its headers cannot be read");
  if (count == 0 || count > kSegmentsMax) return contradictory(fmt::format("it has {} segments", count));

  Segments segments(bytes);
  for (std::size_t i = 0; i < count; ++i) {
    GElf_Phdr header;
    if (gelf_getphdr(elf.get(), static_cast<int>(i), &header) == nullptr) return cut_short("program headers");
    segments.headers_.push_back(header);
  }
  SHUNT_CHECK(segments.check_loads());
  return segments;
}

Status Segments::check_loads() const {
  std::uint64_t end = 0;  // of the segments so far, in memory
  for (const GElf_Phdr& header : headers_) {
    if (header.p_type == PT_LOAD || header.p_type == PT_NOTE) {
      if (!part(bytes_, header.p_offset, header.p_filesz)) return cut_short("segments");
    }
    if (header.p_type != PT_LOAD) continue;
    if (header.p_memsz < header.p_filesz || header.p_vaddr > UINT64_MAX - header.p_memsz)
      return contradictory("a segment is larger than its memory");
    if (header.p_vaddr < end) return contradictory("its segments overlap");
    end = header.p_vaddr + header.p_memsz;
  }
  return {};
}

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

/// A library's name at its place in the string table.
Result<std::string> needed_name(Bytes strings, std::uint64_t offset) {
  if (offset >= strings.size()) return cut_short("library names");
  const std::string_view rest(reinterpret_cast<const char*>(strings.data()) + offset, strings.size() - offset);
  const auto name = rest.substr(0, rest.find('\0'));
  const bool is_printable = std::ranges::all_of(name, [](char c) { return c > ' ' && c <= '~'; });
  if (name.size() == rest.size() || name.empty() || name.size() > kNameBytesMax || !is_printable)
    return contradictory("it needs a library whose name is not one");
  return std::string(name);
}

Result<std::vector<std::string>> read_needed(const Segments& segments) {
  const auto dynamic = std::ranges::find(segments.all(), static_cast<GElf_Word>(PT_DYNAMIC), &GElf_Phdr::p_type);
  if (dynamic == segments.all().end()) return contradictory("it has no dynamic section");
  // By its address, as the loader does: the segment's file offset could point elsewhere.
  auto entries = segments.at(dynamic->p_vaddr, dynamic->p_filesz);
  if (!entries || entries->size() > kDynamicMax * sizeof(Elf64_Dyn)) return cut_short("dynamic entries");

  std::vector<std::uint64_t> offsets;
  std::uint64_t strings_address = 0, strings_bytes = 0;
  for (; entries->size() >= sizeof(Elf64_Dyn); entries = entries->subspan(sizeof(Elf64_Dyn))) {
    const auto entry = read_as<Elf64_Dyn>(*entries);
    if (entry.d_tag == DT_NULL) break;
    if (entry.d_tag == DT_NEEDED) offsets.push_back(entry.d_un.d_val);
    if (entry.d_tag == DT_STRTAB) strings_address = entry.d_un.d_ptr;
    if (entry.d_tag == DT_STRSZ) strings_bytes = entry.d_un.d_val;
  }
  const auto strings = segments.at(strings_address, strings_bytes);
  if (!strings) return cut_short("dynamic strings");
  if (offsets.size() > kNeededMax) return contradictory(fmt::format("it needs {} libraries", offsets.size()));
  std::vector<std::string> needed;
  for (const auto offset : offsets) {
    SHUNT_TRY(name, needed_name(*strings, offset));
    needed.push_back(std::move(name));
  }
  return needed;
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
  SHUNT_TRY(segments, Segments::read(bytes));
  std::vector<Note> notes;
  for (const GElf_Phdr& header : segments.all()) {
    if (header.p_type != PT_NOTE) continue;
    SHUNT_CHECK(read_notes(*part(bytes, header.p_offset, header.p_filesz), header.p_align == 8 ? 8 : 4, notes));
  }
  SHUNT_TRY(manifest, find_manifest(notes));
  SHUNT_TRY(build, find_build(notes));
  SHUNT_TRY(needed, read_needed(segments));
  return ElfFile{build, manifest, std::move(needed)};
}

}  // namespace shunt
