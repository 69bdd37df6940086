/// From a route's handle to its targets: one read section of liburcu and the look-up in it, in a table of as many
/// routes as the argument says. A good answer: a few ns, the same for 1 and 1,000 routes.

#include "repeated.hpp"
#include "route_info.hpp"
#include "route_table.hpp"

namespace shunt::bench {
namespace {

void look_up_a_route(benchmark::State& state) {
  const auto count = static_cast<std::uint32_t>(state.range(0));
  host::RouteInfo info;
  host::RouteTable table;
  table.routes.resize(count + std::size_t{1});
  for (std::uint32_t id = 1; id <= count; ++id) {
    table.routes[id].kind = host::RouteKind::Topic;
    table.routes[id].info = &info;
  }
  host::PublishedTable tables;
  tables.publish(std::move(table));
  std::uint32_t id = 0;

  for (auto _ : state) {
    id = id % count + 1;
    const host::RcuReader reader;
    benchmark::DoNotOptimize(tables.current().find({id})->info);
  }
}
BENCHMARK(look_up_a_route)->Arg(1)->Arg(1000)->Apply(repeated);

}  // namespace
}  // namespace shunt::bench
