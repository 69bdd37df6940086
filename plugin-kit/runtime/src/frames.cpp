#include <shunt/plugin-kit/runtime/frames.hpp>

#include <algorithm>

#include <link.h>

namespace shunt::kit {
namespace {

struct Search {
  std::uintptr_t address;
  ObjectRange found;
};

int look_at_object(dl_phdr_info* object, std::size_t, void* context) {
  auto& search = *static_cast<Search*>(context);
  ObjectRange range{object->dlpi_addr, UINTPTR_MAX, 0};
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const auto& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD) continue;
    range.begin = std::min<std::uintptr_t>(range.begin, object->dlpi_addr + segment.p_vaddr);
    range.end = std::max<std::uintptr_t>(range.end, object->dlpi_addr + segment.p_vaddr + segment.p_memsz);
  }
  if (search.address < range.begin || search.address >= range.end) return 0;
  search.found = range;
  return 1;
}

}  // namespace

ObjectRange ObjectRange::containing(const void* address) {
  Search search{reinterpret_cast<std::uintptr_t>(address), {}};
  ::dl_iterate_phdr(look_at_object, &search);
  return search.found;
}

}  // namespace shunt::kit
