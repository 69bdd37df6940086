#pragma once
/// What the host knows of each plugin before it runs: its versions, read and checked, their routes and their pools.
///
/// Filled on a thread that may read files; the control loop only reads it.

#include "bridge.hpp"
#include "outlet.hpp"
#include "payload_verifier.hpp"
#include "plugin_image.hpp"
#include "route_info.hpp"
#include "settings.hpp"
#include "suited_seats.hpp"
#include "symbols.hpp"

#include <shunt/bus/lane.hpp>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace shunt::host {

/// One version of a plugin, ready to be started any number of times.
struct PluginVersion {
  PluginConfiguration configuration;
  PluginImage image;
  Traits traits;               ///< What hints mean it by.
  std::vector<bool> repeated;  ///< By RouteId: those of its functions that are idempotent.
  std::shared_ptr<const Symbols> symbols;
  std::vector<Setting> settings;
  Serving serving;
  bus::LaneShape shape;
  std::vector<std::uint32_t> caps;    ///< By inbound size class: what one instance may hold.
  std::shared_ptr<InboundPool> pool;  ///< Of its compartment; null in a catalog that only plans.
  std::vector<RouteInfo*> functions;  ///< In the manifest's order, as are the rest.
  std::vector<RouteInfo*> calls;
  std::vector<RouteInfo*> topics_in;
  std::vector<RouteInfo*> topics_out;
  std::map<std::uint32_t, PayloadVerifier> last_wills;  ///< What it declares, by the topic's place in topics_out.
  std::filesystem::path folder{};                       ///< That is watched, and that it came from; empty: none.
  bool is_replaced = false;        ///< There, its file is another build by now, or gone. The control loop's.
  std::optional<Bridge> bridge{};  ///< It is one, and no plugin: its image has neither bytes nor a verdict.

  [[nodiscard]] const std::string& name() const { return image.manifest.name; }
  [[nodiscard]] const std::string& compartment() const {
    return configuration.compartment.empty() ? name() : configuration.compartment;
  }
  /// What its instances may do with each route, by RouteId as far as it has any.
  [[nodiscard]] std::vector<Permitted> permitted() const;
  /// `visit(RouteInfo*, types)`: of what it declares, and does not merely call; of a function request and reply.
  template <typename Visit>
  void for_each_part(Visit&& visit) const {
    const Manifest& manifest = image.manifest;
    for (std::size_t i = 0; i < functions.size(); ++i)
      visit(functions[i], std::vector{manifest.functions[i].request, manifest.functions[i].reply});
    for (std::size_t i = 0; i < topics_in.size(); ++i) visit(topics_in[i], std::vector{manifest.topics_in[i].type});
    for (std::size_t i = 0; i < topics_out.size(); ++i) visit(topics_out[i], std::vector{manifest.topics_out[i].type});
  }
  /// Whether they may do a request of this function once more.
  [[nodiscard]] bool repeats(RouteId route) const noexcept {
    return route.value < repeated.size() && repeated[route.value];
  }
  /// What they want of what they call, by RouteId.
  [[nodiscard]] std::map<std::uint32_t, Wanted> wanted() const;
};

/// The names of routes that it has, and that `before` had not, mean these from now on. Null: there was none before.
void prefer_routes(RouteDirectory& directory, const PluginVersion& serving, const PluginVersion* before);

/// Of a build that comes while the host runs: what becomes of functions and topics that are there with other types.
struct Succeeds {
  const PluginVersion* older = nullptr;     ///< Null: there is no such plugin.
  OtherTypes others = OtherTypes::Refused;  ///< Of those that both have. Those that the older one has not are beside
                                            ///< what once had their names, unless somebody uses that.
  std::set<const RouteInfo*> in_use{};      ///< By others.
};

class Catalog {
 public:
  Catalog(const HostConfiguration& configuration, RouteDirectory& directory)
      : trust_(configuration.trust), require_fallback_(configuration.require_fallback), directory_(directory) {}

  /// From now on no pool is made: what is loaded can be looked at and not started.
  void only_plan() noexcept { only_plans_ = true; }

  /// Judges a plugin by the files that `[trust]` names as they are now, reads it, and prepares everything for its
  /// instances. Blocks for the files. Errors: those of read_trust_policy, load_plugin_image, resolve_settings,
  /// resolve_serving, RouteDirectory::resolve; BadConfiguration.
  [[nodiscard]] Result<std::shared_ptr<PluginVersion>> load(const PluginConfiguration& configuration) {
    return load(configuration, {.path = configuration.path, .sha256 = configuration.sha256});
  }
  /// The same for a file that is elsewhere than its configuration says.
  [[nodiscard]] Result<std::shared_ptr<PluginVersion>> load(const PluginConfiguration& configuration,
                                                            const PluginSource& source);
  /// Its first half: judges and reads.
  [[nodiscard]] Result<PluginImage> read(const PluginSource& source) const;
  /// Its second.
  [[nodiscard]] Result<std::shared_ptr<PluginVersion>> prepare(const PluginConfiguration& configuration,
                                                               PluginImage image, const Succeeds* succeeds = nullptr);

  /// The bridge of the routes that are open to `open`, whose types the plugins' files have said; null: no route is.
  /// Errors: BadConfiguration (a topic that no plugin loaded so far hears or makes), System.
  [[nodiscard]] Result<std::shared_ptr<PluginVersion>> bridge(Open open, const HostConfiguration& configuration);

  /// Where messages wait for this seat of this consumer of this route; made on first use. Thread-safe.
  [[nodiscard]] std::shared_ptr<Outlet> outlet(const RouteInfo& route, const PluginVersion& version,
                                               std::uint32_t seat);

  template <typename Visit>
  void for_each_outlet(Visit&& visit) {
    const std::lock_guard lock{mutex_};
    for (const auto& [key, outlet] : outlets_) visit(*outlet);
  }
  /// `visit(compartment, InboundPool&)`
  template <typename Visit>
  void for_each_pool(Visit&& visit) {
    const std::lock_guard lock{mutex_};
    for (const auto& [name, each] : compartments_)
      if (each.pool != nullptr) visit(name, *each.pool);
  }
  /// `visit(compartment, PoolGeometry)`: of the pools that are made, or would be.
  template <typename Visit>
  void for_each_geometry(Visit&& visit) {
    const std::lock_guard lock{mutex_};
    for (const auto& [name, each] : compartments_) visit(name, each.geometry);
  }

 private:
  struct Compartment {
    bus::PoolGeometry geometry;
    std::shared_ptr<InboundPool> pool;  ///< Null in a catalog that only plans.
  };

  Result<Compartment> make_compartment(const bus::PoolGeometry& geometry) const;
  [[nodiscard]] Beside place_beside(const Succeeds* succeeds, const std::string& name,
                                    const std::vector<PayloadType>& types);
  Status resolve_routes(PluginVersion& version, const Succeeds* succeeds = nullptr);
  static Status find_last_wills(PluginVersion& version);
  Status assign_pool(PluginVersion& version);

  const TrustConfiguration& trust_;
  bool require_fallback_;
  RouteDirectory& directory_;
  std::mutex mutex_;
  bool only_plans_ = false;
  std::map<std::string, Compartment, std::less<>> compartments_;    // by name
  std::map<std::string, std::string, std::less<>> compartment_of_;  // by plugin: for good
  std::map<std::tuple<std::uint32_t, std::string, std::uint32_t>, std::shared_ptr<Outlet>>
      outlets_;  // by route, plugin and seat
};

}  // namespace shunt::host
