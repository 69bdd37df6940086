/// From a route's handle to its targets: one read section of liburcu and the look-up in it, in a table of as many
/// routes as the argument says. A good answer: a few ns, the same for 1 and 1,000 routes. And a table's exchange for
/// the next, which takes the same for 1 and 1,000 routes as well; building it, `build_ns`, does not.

#include "repeated.hpp"
#include "route_info.hpp"
#include "route_table.hpp"

#include <chrono>

namespace shunt::bench {
namespace {

host::RouteTable table_of(std::uint32_t count, const host::RouteInfo& info) {
  host::RouteTable table;
  table.routes.resize(count + std::size_t{1});
  for (std::uint32_t id = 1; id <= count; ++id) {
    table.routes[id].kind = host::RouteKind::Topic;
    table.routes[id].info = &info;
  }
  return table;
}

void look_up_a_route(benchmark::State& state) {
  const auto count = static_cast<std::uint32_t>(state.range(0));
  host::RouteInfo info;
  host::PublishedTable tables;
  tables.publish(table_of(count, info));
  std::uint32_t id = 0;

  for (auto _ : state) {
    id = id % count + 1;
    const host::RcuReader reader;
    benchmark::DoNotOptimize(tables.current().find({id})->info);
  }
}
BENCHMARK(look_up_a_route)->Arg(1)->Arg(1000)->Apply(repeated);

void exchange_a_table(benchmark::State& state) {
  using Seconds = std::chrono::duration<double>;
  const auto count = static_cast<std::uint32_t>(state.range(0));
  host::RouteInfo info;
  host::PublishedTable tables;
  Seconds building{0};

  for (auto _ : state) {
    const auto begin = std::chrono::steady_clock::now();
    host::RouteTable table = table_of(count, info);
    const auto built = std::chrono::steady_clock::now();
    tables.publish(std::move(table));
    const auto exchanged = std::chrono::steady_clock::now();
    building += built - begin;
    state.SetIterationTime(Seconds{exchanged - built}.count());
    tables.wait_for_callbacks();  // else the old ones pile up
  }

  state.counters["build_ns"] = building.count() * 1e9 / static_cast<double>(state.iterations());
}
BENCHMARK(exchange_a_table)->Arg(1)->Arg(1000)->UseManualTime()->Apply(repeated);

}  // namespace
}  // namespace shunt::bench
