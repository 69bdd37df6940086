#pragma once
/// What stop, drain, disable, enable and restart are about: a plugin, a route, or everything.
///
///     host.drain("momentum");                       // a plugin: all its routes
///     host.disable("momentum/signal");              // one function
///     host.disable("market.bars");                  // a topic, for all who hear it
///     host.enable(Scope::everything());

#include <concepts>
#include <string>
#include <string_view>

namespace shunt {

/// A value. A name is looked for among the plugins first, then among the routes.
class Scope {
 public:
  /// A plugin's name, "plugin/function", or a topic. On purpose not explicit: it stands for its name.
  template <typename Name>
  requires std::convertible_to<const Name&, std::string_view> Scope(const Name& name) : name_(std::string_view{name}) {}

  /// Every plugin that the host has at that moment.
  [[nodiscard]] static Scope everything() {
    Scope all{std::string_view{}};
    all.everything_ = true;
    return all;
  }

  [[nodiscard]] bool is_everything() const noexcept { return everything_; }
  /// Empty for everything.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 private:
  std::string name_;
  bool everything_ = false;
};

}  // namespace shunt
