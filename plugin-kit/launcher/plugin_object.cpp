#include "plugin_object.hpp"

#include <dlfcn.h>
#include <fcntl.h>

namespace shunt::launcher {
namespace {

Result<void*> load(const bus::UniqueFd& object, std::string_view what) {
  constexpr int kSealed = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;
  const int seals = ::fcntl(object.get(), F_GET_SEALS);
  if (seals < 0 || (seals & kSealed) != kSealed)
    return error(ErrorCode::NotTrusted, "{}'s file is not sealed memory: what was checked could still change", what);
  const std::string path = fmt::format("/proc/self/fd/{}", object.get());
  void* const loaded = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (loaded == nullptr) return error(ErrorCode::NotAPlugin, "{} cannot be loaded: {}", what, ::dlerror());
  return loaded;
}

}  // namespace

Result<kit::LoadedPlugin> load_plugin(SealedObjects objects, const kit::Interface& needed) {
  // All stay open until the last is loaded: the loader knows objects by their paths, and would take a number that is
  // used again for the object it had before.
  for (std::size_t i = 0; i < objects.libraries.size(); ++i)
    SHUNT_CHECK(load(objects.libraries[i], fmt::format("its library {}", objects.names.at(i))));
  SHUNT_TRY(library, load(objects.plugin, "the plugin"));
  const auto* const descriptor = static_cast<const shunt_plugin*>(::dlsym(library, "shunt_plugin_descriptor"));
  if (descriptor == nullptr)
    return error(ErrorCode::NotAPlugin,
                 "the file exports no shunt_plugin_descriptor: end it with SHUNT_PLUGIN(YourPlugin)");
  SHUNT_CHECK(kit::check_descriptor(*descriptor, needed));
  return kit::LoadedPlugin{descriptor, kit::ObjectRange::containing(descriptor)};
}

}  // namespace shunt::launcher
