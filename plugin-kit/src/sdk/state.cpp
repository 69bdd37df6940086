#include <shunt/plugin-kit/contract_base.hpp>
#include <shunt/plugin-kit/state.hpp>

namespace shunt::kit {

Error no_such_state(std::string_view plugin, std::uint32_t version) {
  return {ErrorCode::Undeclared,
          fmt::format("{}: its manifest has no state {}: launcher and plugin disagree about it", plugin, version)};
}

Error unwritten_snapshot(std::string_view plugin, std::uint32_t version) {
  return {ErrorCode::PluginFailed,
          fmt::format("{}: snapshot() of state {} returned without one: call write() on what it is given, or return "
                      "why not",
                      plugin, version)};
}

Error bad_state(std::string_view plugin, std::uint32_t version, std::size_t bytes) {
  return {ErrorCode::BadPayload,
          fmt::format("{}: {} bytes that are not its state {}: build both versions from the same schema", plugin, bytes,
                      version)};
}

Status ContractBase::shunt_snapshot(std::uint32_t version, const StateSink& /*to*/) {
  return tl::make_unexpected(no_such_state("this plugin", version));
}

Status ContractBase::shunt_restore(std::uint32_t version, std::span<const std::uint8_t> /*state*/) {
  return tl::make_unexpected(no_such_state("this plugin", version));
}

}  // namespace shunt::kit
