#pragma once
/// How every step is reported: the median of 20 repetitions with their spread, not the repetitions themselves.
///
///     BENCHMARK(loan_and_release)->Apply(repeated);

#include <benchmark/benchmark.h>

namespace shunt::bench {

inline void repeated(benchmark::internal::Benchmark* step) { step->Repetitions(20)->ReportAggregatesOnly(); }

}  // namespace shunt::bench
