#include "act.hpp"

#include <cerrno>

namespace shunt::hostile {

const Act* find_act(std::string_view name) {
  const Act* found = nullptr;
  for_each_act([&](const Act& act) {
    if (act.name == name) found = &act;
  });
  return found;
}

int result_of(long returned) { return returned >= 0 ? 0 : errno; }

int reached_with(long returned, int reached) { return returned >= 0 || errno == reached ? 0 : errno; }

}  // namespace shunt::hostile
