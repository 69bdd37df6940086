/// What it costs to trust a payload, four ways over the same tables: a cast, the verifier (both in verify_steps.cpp),
/// the verifier with a semantic validator behind it, and JSON through the schema, as a host at the edge would take it.
/// The argument is the size of the FlatBuffer in bytes. Timed: from bytes to the first field. Not timed: reading the
/// schema. A good answer: the validator adds what its own comparisons cost, and some 10 ns for being asked and counted;
/// JSON costs a hundred times the verifier.

#include "page.hpp"
#include "repeated.hpp"

#include <shunt/host/route_handle.hpp>

#include <fstream>
#include <iterator>
#include <string>

#include <flatbuffers/idl.h>
#include <validators.hpp>

namespace shunt::bench {
namespace {

/// Of every row: as plain as validators are.
Status in_order(const Page& page) {
  std::uint64_t last = 0;
  for (const Row* const row : *page.rows()) {
    if (row->number() <= last || row->value() < 0) return error(ErrorCode::BadInput, "row {}", row->number());
    last = row->number();
  }
  return {};
}

void verify_validate_and_read(benchmark::State& state) {
  const auto payload = page_of(static_cast<std::size_t>(state.range(0)));
  host::Validator validator{"shunt.bench.Page",
                            [](const void* root) { return in_order(*static_cast<const Page*>(root)); }};
  std::atomic<host::Validator*> check{&validator};

  for (auto _ : state) {
    const Page* const page = verified_root<Page>(std::span{payload});
    if (page == nullptr || host::refusal(check, page)) return state.SkipWithError("the payload is not accepted");
    benchmark::DoNotOptimize(page->rows()->Get(0)->number());
  }
}
BENCHMARK(verify_validate_and_read)->Arg(64)->Arg(1024)->Arg(64 << 10)->Apply(repeated);

std::string text_of(const char* path) {
  std::ifstream file{path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

void json_through_schema_and_read(benchmark::State& state) {
  const auto payload = page_of(static_cast<std::size_t>(state.range(0)));
  flatbuffers::IDLOptions options;
  options.strict_json = true;
  flatbuffers::Parser parser{options};
  std::string json;
  if (!parser.Parse(text_of(STEPS_SCHEMA).c_str()) || !parser.SetRootType("shunt.bench.Page") ||
      !flatbuffers::GenerateText(parser, payload.data(), &json))
    return state.SkipWithError("the schema cannot be read");

  for (auto _ : state) {
    if (!parser.ParseJson(json.c_str())) return state.SkipWithError("the JSON is no page");
    const std::uint8_t* const bytes = parser.builder_.GetBufferPointer();
    benchmark::DoNotOptimize(flatbuffers::GetRoot<Page>(bytes)->rows()->Get(0)->number());
  }
}
BENCHMARK(json_through_schema_and_read)->Arg(64)->Arg(1024)->Arg(64 << 10)->Apply(repeated);

}  // namespace
}  // namespace shunt::bench
