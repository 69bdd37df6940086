#include "quotas.hpp"

#include "table.hpp"

namespace shunt::tool {
namespace {

std::string number(const Json& object, const char* member) { return std::to_string(number_of(object, member)); }

/// What only a function has; "-" for a topic.
std::string of_calls(const Json& route, const char* member) {
  return route.contains(member) ? number(route, member) : "-";
}

void print_outbound(const Json& quotas) {
  Table table{"OUTBOUND", "CHUNKS", "HOST", "READERS", "PLUGIN", "SAYS LOANED", "SAYS REFUSED"};
  for (const Json& each : list_of(quotas, "outbound")) {
    const Json says = each.value("says", Json::object());
    table.add({number(each, "bytes") + " B", number(each, "chunks"), number(each, "host"), number(each, "readers"),
               number(each, "plugin"), number(says, "loaned"), number(says, "refused")});
  }
  table.print();
}

void print_inbound(const Json& quotas) {
  Table table{"INBOUND", "CHUNKS", "IN USE", "NO CHUNK", "CAP", "HELD", "OVER CAP"};
  for (const Json& each : list_of(quotas, "inbound"))
    table.add({number(each, "bytes") + " B", number(each, "chunks"), number(each, "in_use"), number(each, "no_chunk"),
               number(each, "cap"), number(each, "held"), number(each, "over_cap")});
  table.print();
}

void print_routes(const Json& quotas) {
  if (list_of(quotas, "routes").empty()) return;
  Table table{"SERVES",    "IN FLIGHT", "MAX",     "REFUSED", "FOR HOST", "FOR PLUGINS",
              "ABANDONED", "WAITING",   "BACKLOG", "DROPPED", "TOLD SO",  "CONFLATED"};
  for (const Json& each : list_of(quotas, "routes"))
    table.add({text_of(each, "route"), of_calls(each, "in_flight"), of_calls(each, "in_flight_max"),
               of_calls(each, "in_flight_refused"), of_calls(each, "host"), of_calls(each, "plugins"),
               of_calls(each, "abandoned"), number(each, "waiting"), number(each, "backlog"), number(each, "dropped"),
               number(each, "refused"), number(each, "conflated")});
  print_line("");
  table.print();
}

void print_calls(const Json& quotas) {
  if (list_of(quotas, "calls").empty()) return;
  Table table{"CALLS", "IN FLIGHT"};
  for (const Json& each : list_of(quotas, "calls")) table.add({text_of(each, "route"), number(each, "in_flight")});
  print_line("");
  table.print();
}

}  // namespace

void print_quotas(const Json& quotas) {
  print_outbound(quotas);
  print_line("");
  print_inbound(quotas);
  print_routes(quotas);
  print_calls(quotas);
}

}  // namespace shunt::tool
