#include "elf_segments.hpp"

#include <memory>

#include <gelf.h>

namespace shunt {
namespace {

constexpr std::size_t kSegmentsMax = 128;
constexpr std::uint64_t kPageBytes = 4096;

}  // namespace

std::optional<std::span<const std::byte>> part(std::span<const std::byte> bytes, std::uint64_t offset,
                                               std::uint64_t size) {
  if (offset > bytes.size() || size > bytes.size() - offset) return {};
  return bytes.subspan(offset, size);
}

tl::unexpected<Error> cut_short(std::string_view what) {
  return error(ErrorCode::NotAPlugin, "its {} reach beyond its end: the file is cut short or damaged; build it again",
               what);
}

tl::unexpected<Error> contradictory(std::string_view what) {
  return error(ErrorCode::NotAPlugin, "{}: no linker writes that; build it again", what);
}

std::optional<std::span<const std::byte>> ElfSegments::at(std::uint64_t address, std::uint64_t size) const {
  for (const GElf_Phdr& header : headers_) {
    if (header.p_type != PT_LOAD || address < header.p_vaddr || address - header.p_vaddr > header.p_filesz) continue;
    const auto within = address - header.p_vaddr;
    if (size <= header.p_filesz - within) return part(bytes_, header.p_offset + within, size);
  }
  return {};
}

Result<ElfSegments> ElfSegments::read(std::span<const std::byte> bytes) {
  if (elf_version(EV_CURRENT) == EV_NONE) return error(ErrorCode::System, "libelf is of another version; update it");
  // libelf declares the image writable and, opened so, does not write to it.
  auto* const image = const_cast<char*>(reinterpret_cast<const char*>(bytes.data()));
  const std::unique_ptr<Elf, int (*)(Elf*)> elf(elf_memory(image, bytes.size()), elf_end);
  std::size_t count = 0;
  if (elf == nullptr || elf_kind(elf.get()) != ELF_K_ELF || elf_getphdrnum(elf.get(), &count) != 0)
    return contradictory("its headers cannot be read");
  if (count == 0 || count > kSegmentsMax) return contradictory(fmt::format("it has {} segments", count));

  ElfSegments segments(bytes);
  for (std::size_t i = 0; i < count; ++i) {
    GElf_Phdr header;
    if (gelf_getphdr(elf.get(), static_cast<int>(i), &header) == nullptr) return cut_short("program headers");
    segments.headers_.push_back(header);
  }
  SHUNT_CHECK(segments.check_loads());
  return segments;
}

Status ElfSegments::check_loads() const {
  std::uint64_t end = 0;  // of the pages of the segments so far
  for (const GElf_Phdr& header : headers_) {
    if (header.p_type == PT_LOAD || header.p_type == PT_NOTE) {
      if (!part(bytes_, header.p_offset, header.p_filesz)) return cut_short("segments");
    }
    if (header.p_type != PT_LOAD) continue;
    if (header.p_memsz < header.p_filesz || header.p_vaddr > UINT64_MAX / 2 || header.p_memsz > UINT64_MAX / 4)
      return contradictory("a segment is larger than its memory");
    // The loader maps whole pages: of two segments in one, the memory would hold what the second's page of the file
    // holds, and not what at() says.
    if (header.p_vaddr / kPageBytes * kPageBytes < end) return contradictory("its segments overlap");
    end = (header.p_vaddr + header.p_memsz + kPageBytes - 1) / kPageBytes * kPageBytes;
  }
  return {};
}

}  // namespace shunt
