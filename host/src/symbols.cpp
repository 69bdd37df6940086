#include "symbols.hpp"

#include "escaped.hpp"

#include <algorithm>
#include <memory>

#include <cxxabi.h>
#include <gelf.h>
#include <unistd.h>

namespace shunt::host {
namespace {

constexpr std::size_t kNameBytesMax = 512;

std::string readable(const char* name) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text{abi::__cxa_demangle(name, nullptr, nullptr, &status), std::free};
  return escaped(status == 0 ? text.get() : name, kNameBytesMax);
}

}  // namespace

Result<Symbols> Symbols::read(int fd) {
  if (elf_version(EV_CURRENT) == EV_NONE) return error(ErrorCode::System, "libelf is of another version: reinstall it");
  const std::unique_ptr<Elf, int (*)(Elf*)> elf{elf_begin(fd, ELF_C_READ, nullptr), elf_end};
  if (elf == nullptr)
    return error(ErrorCode::NotAPlugin, "the object cannot be read for its symbols: {}", elf_errmsg(-1));
  Symbols result;
  for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf.get(), section)) != nullptr;) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr || header.sh_type != SHT_SYMTAB || header.sh_entsize == 0) continue;
    Elf_Data* const data = elf_getdata(section, nullptr);
    for (std::size_t i = 0; data != nullptr && i < header.sh_size / header.sh_entsize; ++i) {
      GElf_Sym symbol;
      if (gelf_getsym(data, static_cast<int>(i), &symbol) == nullptr || GELF_ST_TYPE(symbol.st_info) != STT_FUNC)
        continue;
      const char* const name = elf_strptr(elf.get(), header.sh_link, symbol.st_name);
      if (name != nullptr && symbol.st_value != 0)
        result.symbols_.push_back({symbol.st_value, symbol.st_size, readable(name)});
    }
  }
  std::ranges::sort(result.symbols_, {}, &Symbol::begin);
  return result;
}

std::string Symbols::describe(std::uint64_t frame, FrameKind kind) const {
  constexpr std::uint64_t kElsewhere = 1ull << 63;
  if ((frame & kElsewhere) != 0) return "a library";
  // A call that does not return may be a function's last instruction: behind it the next one begins.
  const std::uint64_t inside = kind == FrameKind::Return && frame > 0 ? frame - 1 : frame;
  const auto after = std::ranges::upper_bound(symbols_, inside, {}, &Symbol::begin);
  if (after == symbols_.begin()) return fmt::format("+{:#x}", frame);
  const Symbol& symbol = *std::prev(after);
  if (inside - symbol.begin >= std::max<std::uint64_t>(symbol.size, 1)) return fmt::format("+{:#x}", frame);
  return fmt::format("{} +{:#x}", symbol.name, frame - symbol.begin);
}

}  // namespace shunt::host
