/// Reading a payload of tables: trusted (a cast) and verified within the bounds of limits.hpp, as host and kit do it
/// with every payload. The argument is the size of the payload in bytes. A good answer: the cast costs nothing, the
/// verifier grows with the number of tables (64 bytes hold one, 64 KiB some 2,000) and not with the bytes between them.

#include "page.hpp"
#include "repeated.hpp"

#include <shunt/host/route_handle.hpp>

#include <span>

namespace shunt::bench {
namespace {

void cast_and_read(benchmark::State& state) {
  const auto payload = page_of(static_cast<std::size_t>(state.range(0)));

  for (auto _ : state) {
    const auto* bytes = payload.data();
    benchmark::DoNotOptimize(bytes);
    benchmark::DoNotOptimize(flatbuffers::GetRoot<Page>(bytes)->rows()->Get(0)->number());
  }
}
BENCHMARK(cast_and_read)->Arg(64)->Arg(1024)->Arg(64 << 10)->Apply(repeated);

void verify_and_read(benchmark::State& state) {
  const auto payload = page_of(static_cast<std::size_t>(state.range(0)));
  if (verified_root<Page>(payload) == nullptr) return state.SkipWithError("the payload is not what it should be");

  for (auto _ : state) {
    const Page* const page = verified_root<Page>(std::span{payload});
    benchmark::DoNotOptimize(page->rows()->Get(0)->number());
  }
}
BENCHMARK(verify_and_read)->Arg(64)->Arg(1024)->Arg(64 << 10)->Apply(repeated);

}  // namespace
}  // namespace shunt::bench
