#pragma once
/// Who holds what of one instance's memory and routes, and how far each is from its limit: plain values.
///
///     SHUNT_TRY(quotas, host.quotas(instance));
///     for (const auto& each : quotas.outbound) print(each.bytes, each.host + each.readers, "of", each.chunks);
///
/// All of it is from the host's own records, but for members called `says`: those are the plugin's own word, copied
/// once out of memory that it writes, shown to people and believed by nobody.

#include <cstdint>
#include <string>
#include <vector>

namespace shunt {

/// One size class of the instance's own pool, which it builds in and the host reads. host + readers + plugin == chunks.
struct OutboundQuota {
  std::uint32_t bytes = 0;    ///< Of a chunk.
  std::uint32_t chunks = 0;   ///< The quota.
  std::uint32_t host = 0;     ///< Taken by the host and not passed on: a receiver refuses it for now.
  std::uint32_t readers = 0;  ///< Read in place: what the host's code keeps, or has not polled yet.
  std::uint32_t plugin = 0;   ///< The rest: free, being built, or on the way to the host.
  struct Says {
    std::uint32_t loaned = 0;   ///< Being built, or kept by its code.
    std::uint32_t refused = 0;  ///< Loans that got QuotaExceeded, since it started.
  };
  Says says{};
};

/// One size class of the pool that its compartment reads.
struct InboundQuota {
  std::uint32_t bytes = 0;     ///< Of a chunk.
  std::uint32_t chunks = 0;    ///< Of the pool.
  std::uint32_t in_use = 0;    ///< Of these: being built, waiting, or held by anybody.
  std::uint64_t no_chunk = 0;  ///< Messages for which none was left: QuotaExceeded, or dropped as the route says.
  std::uint32_t cap = 0;       ///< What this instance may hold; publications leave an eighth of it to requests.
  std::uint32_t held = 0;      ///< What it holds: sent to it and not given back.
  std::uint64_t over_cap = 0;  ///< Messages that came while it held as many as it may: they waited, or were refused.
};

/// A route that leads to the instance. The first six members are about calls, and 0 for a topic.
struct RouteQuota {
  std::string route;
  bool function = false;
  std::uint32_t in_flight = 0;      ///< Calls without a reply; host + plugins + abandoned of them.
  std::uint32_t in_flight_max = 0;  ///< One more gets QuotaExceeded.
  std::uint64_t in_flight_refused = 0;
  std::uint32_t host = 0;       ///< Threads of the host made them, and want the reply.
  std::uint32_t plugins = 0;    ///< Plugins do.
  std::uint32_t abandoned = 0;  ///< Nobody does any more; they count until they are answered.
  std::uint32_t waiting = 0;    ///< Messages in the backlog before the instance.
  std::uint32_t backlog = 0;    ///< How many may wait there.
  std::uint64_t dropped = 0;    ///< Of messages to the plugin, by whatever reason.
  std::uint64_t refused = 0;    ///< Of these, their sender was told so.
  std::uint64_t conflated = 0;  ///< Messages whose place a newer one of the same key took.
};

/// Calls that the instance makes.
struct CallQuota {
  std::string route;
  std::uint32_t in_flight = 0;  ///< Of this instance, without a reply.
};

struct InstanceQuotas {
  std::string compartment;              ///< Whose pool `inbound` is.
  std::vector<OutboundQuota> outbound;  ///< By size.
  std::vector<InboundQuota> inbound;    ///< By size.
  std::vector<RouteQuota> routes;
  std::vector<CallQuota> calls;
};

}  // namespace shunt
