#pragma once
/// What does not change about a route while the host lives: its number, name, types and settings.

#include "fallback.hpp"
#include "latch.hpp"
#include "retry_budget.hpp"
#include "validators.hpp"

#include <shunt/bus/builder.hpp>
#include <shunt/host/configuration.hpp>
#include <shunt/schemas/ids.hpp>

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shunt::host {

/// A payload's FlatBuffers table: its full name, and the hash of its schema (0: not known, only names are compared).
struct TypeName {
  std::string name;
  SchemaHash hash;
};

/// Which of a route's types: a topic has the request's only.
enum class SchemaPart : std::uint8_t { Request, Reply };

/// Of 1,000 calls, what may be tried again; and how many more at once.
inline constexpr std::uint32_t kRetryShare = 200, kRetryReserve = 10;

struct RouteInfo {
  RouteId id;
  std::string name;  ///< "momentum/signal" or "market.bars".
  bool function = false;
  TypeName request;  ///< Of a topic: its only type.
  TypeName reply;
  RouteConfiguration settings;
  mutable bus::SizeHint hint;  ///< Of what the host sends on it.

  struct Counters {
    std::atomic<std::uint64_t> failed{0};
    std::atomic<std::uint64_t> turned_away{0};  ///< Calls and publications that came while it was taken off.
    std::atomic<std::uint64_t> passed_over{0};  ///< Messages with a hint that nobody suited.
    std::atomic<std::uint64_t> split{0};        ///< Numbers that were given out to messages for one of several seats.
  };
  mutable Counters counters;
  mutable std::atomic<std::uint32_t> handles{0};  ///< Of the host's threads, that there are now.
  RouteChecks checks;                             ///< What is asked of messages of its types beyond those.
  std::unique_ptr<Latch> latch;                   ///< Of a topic that keeps its last publications; else null.
  mutable RetryBudget retry_budget{kRetryShare, kRetryReserve};
  mutable Fallback fallback;  ///< Of a function: there once a plugin was that says what its reply is made of.
};

/// Of what waits before a target of the route.
[[nodiscard]] inline SlowConsumer policy_of(const RouteInfo& route) noexcept {
  return route.function ? SlowConsumer::Refuse : route.settings.slow_consumer;
}

/// What becomes of a name that is there with other types.
enum class OtherTypes : std::uint8_t {
  Refused,
  Alike,   ///< They conform: it is one route, whichever of them somebody knows it by.
  Beside,  ///< It is another route, and the name goes on meaning the older one until prefer().
};

/// How many messages may wait before each of its targets.
[[nodiscard]] inline std::uint32_t backlog_of(const RouteInfo& route) noexcept {
  return route.settings.backlog.value_or(route.function ? kCallsPending : kPublicationsPending);
}

struct Beside {
  OtherTypes types = OtherTypes::Refused;
  RouteInfo* route = nullptr;  ///< That they are alike to, or beside; null: to whatever has the name.
};

/// Names to routes, for the host's lifetime. A name means one route; those that it meant before, with other types, are
/// found by these. Thread-safe; not for the data path, which holds the RouteInfo.
class RouteDirectory {
 public:
  explicit RouteDirectory(std::vector<RouteConfiguration> configured) : configured_(std::move(configured)) {}

  /// The route of this name with these types, made on its first use. Errors: SchemaMismatch naming both types when it
  /// exists with others alone.
  [[nodiscard]] Result<RouteInfo*> resolve(const std::string& name, bool function, const TypeName& request,
                                           const TypeName& reply, const Beside& others = {});
  /// The one that the name means. None: nobody has declared it yet.
  [[nodiscard]] RouteInfo* find(const std::string& name);
  /// The same for one that a person has named. Errors: NoSuchRoute, with the route that was meant most likely.
  [[nodiscard]] Result<RouteInfo*> declared(std::string_view name);
  /// The one of this name with these schemas, whatever its types are called. Errors: those of both.
  [[nodiscard]] Result<RouteInfo*> declared(std::string_view name, bool function, SchemaHash request, SchemaHash reply);
  /// From now on their names mean these.
  void prefer(std::span<RouteInfo* const> routes);
  /// What was configured for a route of this name: its own entry, else that of the longest prefix; null: nothing.
  [[nodiscard]] const RouteConfiguration* configured_for(std::string_view name) const;
  /// Those that are declared and whose names begin so, by name; of a name that is_route_prefix() holds of.
  [[nodiscard]] std::vector<const RouteInfo*> covered_by(std::string_view prefix);
  [[nodiscard]] RouteInfo* at(RouteId id);
  [[nodiscard]] std::size_t size();

  template <typename Visit>
  void for_each(Visit&& visit) {
    const std::lock_guard lock{mutex_};
    for (RouteInfo& route : routes_) visit(route);
  }

  /// From now on, for the routes that there are and those that come. Errors: BadInput (the type has one).
  [[nodiscard]] Status add_validator(std::string type, Validator::Accepts accepts);
  [[nodiscard]] std::vector<ValidatorSnapshot> validators() { return validators_.snapshot(); }

 private:
  struct Types {
    TypeName request;
    TypeName reply;
  };
  struct Named {
    std::vector<RouteInfo*> routes;  ///< The first is the one that the name means.
  };

  [[nodiscard]] RouteInfo* with_types(const Named& named, bool function, const Types& asked, const RouteInfo* but);
  [[nodiscard]] bool agrees(RouteInfo& route, const Types& asked);
  Result<RouteInfo*> make(const std::string& name, bool function, const Types& types);
  void attach_validators(RouteInfo& route);

  Validators validators_;
  std::mutex mutex_;
  std::deque<RouteInfo> routes_;  // by RouteId - 1; a deque, so that addresses stay
  std::map<std::string, Named, std::less<>> by_name_;
  std::multimap<std::uint32_t, Types> alike_;  // by RouteId: what conforms to its own types
  bool any_beside_ = false;                    // some name has several routes
  std::vector<RouteConfiguration> configured_;
};

}  // namespace shunt::host
