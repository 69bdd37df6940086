#include <shunt/schemas/plain_path.hpp>

#include <algorithm>

namespace shunt {

bool is_plain_path(std::string_view path) noexcept {
  if (!path.starts_with('/')) return false;
  for (std::size_t begin = 1; begin <= path.size();) {
    const auto end = std::min(path.find('/', begin), path.size());
    const auto part = path.substr(begin, end - begin);
    if (part.empty() || part == "." || part == "..") return false;
    begin = end + 1;
  }
  return true;
}

}  // namespace shunt
