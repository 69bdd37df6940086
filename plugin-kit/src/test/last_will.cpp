/// The service set_will for a plugin under test: what it leaves, its test looks at.

#include "state.hpp"

#include <shunt/schemas/limits.hpp>

namespace shunt::test {

int set_will(shunt_runtime* runtime, const shunt_publication* how, const std::uint8_t* payload, std::size_t bytes) {
  auto& state = of(runtime);
  if (!is_serving_thread(state))
    return state.error.set(ErrorCode::BadInput, "only a handler can do this, on its own thread");
  if (!state.may_set_will)
    return state.error.set(ErrorCode::Undeclared,
                           "a last will is set in validate or activate, or while the plugin serves");
  shunt_publication said{};
  if (const int code = read_publication(state, *how, said); code != SHUNT_OK) return code;
  const auto& topics = state.contract.topics_out;
  if (said.topic_out >= topics.size() || *topics[said.topic_out].last_will == '\0')
    return state.error.set(ErrorCode::Undeclared,
                           "the manifest of {} declares no last_will for its topic out number {}: write one there",
                           state.contract.plugin, said.topic_out);
  if (bytes > kLastWillBytesMax)
    return state.error.set(ErrorCode::TooLarge,
                           "the last will of {} for its topic out number {} has {} bytes, and at most {} may be: leave "
                           "out what its receivers can do without",
                           state.contract.plugin, said.topic_out, bytes, kLastWillBytesMax);
  if (payload == nullptr || bytes == 0) return state.error.set(ErrorCode::BadInput, "a last will has a payload");
  Outgoing will{.index = said.topic_out, .bytes = SharedBytes::copy_of({payload, bytes}), .key = Key{said.key}};
  const auto& route = topics[said.topic_out];
  if (state.contract.publications[said.topic_out](will.bytes.span()))
    state.last_wills.insert_or_assign(said.topic_out, std::move(will));
  else if (!state.breach) state.breach = not_of_its_type(route.name, "last will", bytes, route.type);
  return SHUNT_OK;
}

}  // namespace shunt::test
