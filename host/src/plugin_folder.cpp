#include "plugin_folder.hpp"

#include <algorithm>
#include <system_error>

namespace shunt::host {

Result<std::vector<std::string>> plugin_files(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  std::error_code failed;
  for (std::filesystem::directory_iterator each{folder, failed}, end; !failed && each != end; each.increment(failed)) {
    std::string name = each->path().filename().string();
    std::error_code ignored;
    if (name.starts_with('.') || !name.ends_with(kPluginSuffix) || each->is_directory(ignored)) continue;
    names.push_back(std::move(name));
  }
  if (failed) return error(ErrorCode::System, "the folder {} cannot be read: {}", folder.string(), failed.message());
  std::ranges::sort(names);
  return names;
}

}  // namespace shunt::host
