#pragma once
/// Messages for the probe plugin, and the places of its functions: a manifest numbers them by name.

#include "probe_contract.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shunt::test {

/// The function's index, found by name; a wrong name does not compile.
consteval std::uint32_t function(std::string_view name) {
  for (std::uint32_t i = 0; i < probe::kFunctions.size(); ++i)
    if (name == probe::kFunctions[i].name) return i;
  throw "no such function";
}

inline std::vector<std::uint8_t> question(std::int64_t number, const char* text = nullptr) {
  flatbuffers::FlatBufferBuilder build;
  build.Finish(probe::CreateQuestionDirect(build, number, text));
  return {build.GetBufferPointer(), build.GetBufferPointer() + build.GetSize()};
}

inline std::vector<std::uint8_t> response(std::int64_t number) {
  flatbuffers::FlatBufferBuilder build;
  build.Finish(probe::CreateResponse(build, number));
  return {build.GetBufferPointer(), build.GetBufferPointer() + build.GetSize()};
}

/// A payload the plugin sent; null when it does not verify.
inline const probe::Response* as_response(std::span<const std::uint8_t> payload) {
  return kit::verified<probe::Response>(payload.data(), payload.size());
}

}  // namespace shunt::test
