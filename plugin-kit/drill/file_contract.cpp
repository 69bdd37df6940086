#include "file_contract.hpp"

namespace shunt::drill {
namespace {

/// Nothing is received in a drill, and nobody reads what is sent.
bool is_any(std::span<const std::uint8_t> /*payload*/) { return true; }

kit::TypeName type_of(const PayloadType& type) { return {type.name.c_str(), type.schema}; }

}  // namespace

FileContract::FileContract(const Manifest& manifest)
    : manifest_(manifest),
      version_(to_string(manifest.version)),
      replies_(manifest.functions.size(), is_any),
      requests_(manifest.calls.size(), is_any),
      publications_(manifest.topics_out.size(), is_any) {
  for (const auto& each : manifest.functions)
    functions_.push_back({each.name.c_str(), type_of(each.request), type_of(each.reply)});
  for (const auto& each : manifest.calls)
    calls_.push_back({each.function.c_str(), type_of(each.request), type_of(each.reply)});
  for (const auto& each : manifest.topics_in) topics_in_.push_back({each.name.c_str(), type_of(each.type)});
  for (const auto& each : manifest.state) states_.push_back(each.version);
  for (const auto& each : manifest.topics_out)
    topics_out_.push_back({each.name.c_str(), type_of(each.type), each.last_will.c_str()});
}

test::ContractView FileContract::view() const {
  return {manifest_.name, version_, functions_, calls_,        topics_in_,
          topics_out_,    replies_, requests_,  publications_, states_};
}

}  // namespace shunt::drill
