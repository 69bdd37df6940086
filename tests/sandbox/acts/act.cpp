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

bool is_recorded_as(const Act& act, std::string_view call) {
  for (std::string_view rest = act.calls; !rest.empty();) {
    const auto end = rest.find(' ');
    if (rest.substr(0, end) == call) return true;
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  }
  return false;
}

int result_of(long returned) { return returned >= 0 ? 0 : errno; }

}  // namespace shunt::hostile
