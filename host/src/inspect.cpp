#include "plugin_image.hpp"

#include <shunt/host/inspect.hpp>

namespace shunt {

Result<PluginFile> inspect_plugin(const std::filesystem::path& path) {
  SHUNT_TRY(image, load_plugin_image(path, {.sha256 = {}, .allow_unsigned = true}));
  return PluginFile{std::move(image.manifest), std::move(image.version), std::move(image.sha256),
                    std::move(image.needed)};
}

}  // namespace shunt
