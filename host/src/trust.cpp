#include <shunt/host/trust.hpp>

namespace shunt {

std::string_view name(Trust trust) noexcept {
  switch (trust) {
    case Trust::Unsigned: return "Unsigned";
    case Trust::Listed: return "Listed";
    case Trust::Signed: return "Signed";
  }
  return "Unknown";
}

}  // namespace shunt
