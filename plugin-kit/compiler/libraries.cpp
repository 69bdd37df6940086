#include "libraries.hpp"

#include <shunt/schemas/libraries.hpp>
#include <shunt/schemas/names.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>

#include <sodium.h>

namespace shunt::manifest_compiler {
namespace {

/// 64 hex digits; none: the file cannot be read.
std::optional<std::string> sha256_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>{file}, {}};
  if (!file || bytes.empty()) return {};
  unsigned char sum[crypto_hash_sha256_BYTES];
  crypto_hash_sha256(sum, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  return fmt::format("{:02x}", fmt::join(sum, ""));
}

}  // namespace

std::vector<Library> read_libraries(const std::vector<std::string>& named, const Place& place, Problems& problems) {
  std::vector<Library> libraries;
  for (const std::string& each : named) {
    const auto equals = each.find('=');
    const auto name = each.substr(0, equals);
    const auto path = equals == std::string::npos ? std::string() : each.substr(equals + 1);
    const auto sum = sha256_of(path);
    const bool is_new = std::ranges::find(libraries, name, &Library::name) == libraries.end();
    if (!is_library_name(name)) problems.add(place, "The build names the library \"{}\"; a SONAME is meant.", name);
    else if (!is_new) problems.add(place, "The build names the library {} twice.", name);
    else if (!sum) problems.add(place, "The library {} cannot be read from \"{}\".", name, path);
    else libraries.push_back({name, *sum});
  }
  if (libraries.size() > kLibrariesMax)
    problems.add(place, "The build names {} libraries; at most {} are possible.", libraries.size(), kLibrariesMax);
  std::ranges::sort(libraries, {}, &Library::name);
  return libraries;
}

}  // namespace shunt::manifest_compiler
