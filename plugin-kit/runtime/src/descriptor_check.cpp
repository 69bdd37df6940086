#include <shunt/plugin-kit/runtime/descriptor_check.hpp>

#include <array>
#include <cstddef>
#include <string_view>

namespace shunt::kit {
namespace {

constexpr std::size_t kDescriptorBytesMin = offsetof(shunt_plugin, report_health);  ///< Of the first one there was.
constexpr std::size_t kWithState = offsetof(shunt_plugin, restore) + sizeof(shunt_plugin::restore);

}  // namespace

Status check_descriptor(const shunt_plugin& descriptor, const Interface& needed) {
  if (descriptor.abi != SHUNT_ABI)
    return error(ErrorCode::LayoutMismatch,
                 "the plugin is built for C ABI {}, this shunt-launch speaks {}: build it with "
                 "the kit of this release",
                 descriptor.abi, SHUNT_ABI);
  if (descriptor.size < kDescriptorBytesMin)
    return error(ErrorCode::LayoutMismatch,
                 "the plugin's descriptor has {} bytes, C ABI {} has at least {}: build it with the kit of "
                 "this release",
                 descriptor.size, SHUNT_ABI, kDescriptorBytesMin);
  struct Need {
    std::string_view name;
    bool missing;
  };
  const bool may_have_state = descriptor.size >= kWithState;
  const std::array needs{Need{"create", descriptor.create == nullptr},
                         Need{"destroy", descriptor.destroy == nullptr},
                         Need{"init", descriptor.init == nullptr},
                         Need{"validate", descriptor.validate == nullptr},
                         Need{"activate", descriptor.activate == nullptr},
                         Need{"cleanup", descriptor.cleanup == nullptr},
                         Need{"handle", needed.functions && descriptor.handle == nullptr},
                         Need{"receive", needed.topics_in && descriptor.receive == nullptr},
                         Need{"snapshot", needed.state && (!may_have_state || descriptor.snapshot == nullptr)},
                         Need{"restore", needed.state && (!may_have_state || descriptor.restore == nullptr)}};
  for (const Need& need : needs)
    if (need.missing) return error(ErrorCode::NotAPlugin, "the plugin's descriptor has no `{}`: fill it in", need.name);
  return {};
}

}  // namespace shunt::kit
