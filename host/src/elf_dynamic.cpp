#include "elf_dynamic.hpp"

#include "elf_segments.hpp"

#include <shunt/schemas/limits.hpp>

#include <algorithm>
#include <array>
#include <map>

namespace shunt {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::size_t kEntriesMax = 4096;
constexpr std::size_t kNeededMax = 256;
constexpr std::size_t kRelocationsMax = 4u << 20;

struct Search {
  std::int64_t tag;
  std::string_view name;
};
/// RPATH and RUNPATH name folders, the others name objects that are loaded beside or before this one.
constexpr std::array kSearches = {Search{DT_RPATH, "RPATH"},         Search{DT_RUNPATH, "RUNPATH"},
                                  Search{DT_AUXILIARY, "AUXILIARY"}, Search{DT_FILTER, "FILTER"},
                                  Search{DT_AUDIT, "AUDIT"},         Search{DT_DEPAUDIT, "DEPAUDIT"}};

/// The entries of the dynamic section: those of which there is one by their tag, and the libraries.
struct Entries {
  std::map<std::int64_t, std::uint64_t> values;
  std::vector<std::uint64_t> needed;  ///< Places in the string table.

  [[nodiscard]] std::uint64_t value(std::int64_t tag) const {
    const auto found = values.find(tag);
    return found == values.end() ? 0 : found->second;
  }
};

/// By its address and up to its end mark, as the loader reads it: the segment's file offset could point elsewhere, and
/// without the mark the loader would read on behind what we have seen.
Result<Entries> read_entries(const ElfSegments& segments) {
  constexpr auto kDynamic = static_cast<Elf64_Word>(PT_DYNAMIC);
  const auto dynamic = std::ranges::find(segments.all(), kDynamic, &Elf64_Phdr::p_type);
  if (dynamic == segments.all().end()) return contradictory("it has no dynamic section");
  if (std::ranges::count(segments.all(), kDynamic, &Elf64_Phdr::p_type) > 1)
    return contradictory("it has two dynamic sections");
  auto bytes = segments.at(dynamic->p_vaddr, dynamic->p_filesz);
  if (!bytes || bytes->size() > kEntriesMax * sizeof(Elf64_Dyn)) return cut_short("dynamic entries");
  Entries entries;
  for (; bytes->size() >= sizeof(Elf64_Dyn); bytes = bytes->subspan(sizeof(Elf64_Dyn))) {
    const auto entry = read_as<Elf64_Dyn>(*bytes);
    if (entry.d_tag == DT_NULL) return entries;
    if (entry.d_tag == DT_NEEDED) entries.needed.push_back(entry.d_un.d_val);
    else entries.values[entry.d_tag] = entry.d_un.d_val;  // of several the last, as the loader does
    if (entries.needed.size() > kNeededMax) return contradictory("it needs more libraries than there are");
  }
  return contradictory("its dynamic section has no end");
}

/// The text at its place in the string table; nothing where there is none that ends.
std::optional<std::string_view> text_at(Bytes strings, std::uint64_t offset) {
  if (offset >= strings.size()) return {};
  const std::string_view rest(reinterpret_cast<const char*>(strings.data()) + offset, strings.size() - offset);
  const auto end = rest.find('\0');
  return end == std::string_view::npos ? std::nullopt : std::optional(rest.substr(0, end));
}

Result<std::string> library_name(Bytes strings, std::uint64_t offset) {
  const auto name = text_at(strings, offset);
  if (!name && offset >= strings.size()) return cut_short("library names");
  const auto is_printable = [](char c) { return c > ' ' && c <= '~'; };
  if (!name || name->empty() || name->size() > kNameBytesMax || !std::ranges::all_of(*name, is_printable))
    return contradictory("it needs a library whose name is not one");
  return std::string(*name);
}

/// The numbers of the symbols that relocations of one table name.
Status read_relocated(const ElfSegments& segments, std::uint64_t address, std::uint64_t size,
                      std::vector<std::uint32_t>& symbols) {
  if (size == 0) return {};
  auto table = segments.at(address, size);
  if (!table || size > kRelocationsMax * sizeof(Elf64_Rela)) return cut_short("relocations");
  for (; table->size() >= sizeof(Elf64_Rela); table = table->subspan(sizeof(Elf64_Rela)))
    if (const auto symbol = ELF64_R_SYM(read_as<Elf64_Rela>(*table).r_info); symbol != 0)
      symbols.push_back(static_cast<std::uint32_t>(symbol));
  return {};
}

Result<std::vector<std::string>> read_undefined(const ElfSegments& segments, const Entries& entries, Bytes strings) {
  std::vector<std::uint32_t> symbols;
  SHUNT_CHECK(read_relocated(segments, entries.value(DT_RELA), entries.value(DT_RELASZ), symbols));
  SHUNT_CHECK(read_relocated(segments, entries.value(DT_JMPREL), entries.value(DT_PLTRELSZ), symbols));
  std::ranges::sort(symbols);
  symbols.erase(std::unique(symbols.begin(), symbols.end()), symbols.end());
  std::vector<std::string> names;
  for (const std::uint32_t each : symbols) {
    const auto bytes = segments.at(entries.value(DT_SYMTAB) + each * sizeof(Elf64_Sym), sizeof(Elf64_Sym));
    if (!bytes) return cut_short("symbols");
    const auto symbol = read_as<Elf64_Sym>(*bytes);
    if (symbol.st_shndx != SHN_UNDEF) continue;
    const auto name = text_at(strings, symbol.st_name);
    if (!name) return cut_short("symbol names");
    names.emplace_back(*name);
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace

Result<ElfDynamic> read_dynamic(const ElfSegments& segments) {
  SHUNT_TRY(entries, read_entries(segments));
  const auto strings = segments.at(entries.value(DT_STRTAB), entries.value(DT_STRSZ));
  if (!strings) return cut_short("dynamic strings");
  ElfDynamic dynamic;
  for (const auto offset : entries.needed) {
    SHUNT_TRY(name, library_name(*strings, offset));
    dynamic.needed.push_back(std::move(name));
  }
  if (entries.values.contains(DT_SONAME)) {
    SHUNT_TRY(name, library_name(*strings, entries.value(DT_SONAME)));
    dynamic.soname = std::move(name);
  }
  for (const Search& search : kSearches)
    if (const auto found = entries.values.find(search.tag); found != entries.values.end())
      dynamic.searches.push_back(
          fmt::format("{} {:?}", search.name, text_at(*strings, found->second).value_or("").substr(0, kNameBytesMax)));
  SHUNT_TRY(undefined, read_undefined(segments, entries, *strings));
  dynamic.undefined = std::move(undefined);
  return dynamic;
}

}  // namespace shunt
