#include "origins.hpp"

#include "timer_services.hpp"

#include <shunt/schemas/origin.hpp>

#include <fmt/format.h>

namespace shunt::test {

bool say_origin(StandInState& state, Outgoing& out, std::int64_t said) {
  if (said == SHUNT_ORIGIN_INHERITED) said = state.in_hand.message.origin_ns;
  else if (said == SHUNT_ORIGIN_NOW) said = clock_ns(reinterpret_cast<shunt_runtime*>(&state));
  else if (said == SHUNT_ORIGIN_NONE) said = 0;
  else if (said <= 0 || said > Origin::kMaxNs) return false;
  out.origin = std::chrono::nanoseconds{said};
  return true;
}

int no_such_origin(StandInState& state, std::int64_t said) {
  return state.error.set(ErrorCode::BadInput, "an origin of {} ns; 1 to {} are meant", said, Origin::kMaxNs);
}

int refuse_origin(StandInState& state, shunt_sample& sample, std::int64_t said) {
  state.outbound.give_back(sample);
  return no_such_origin(state, said);
}

std::int64_t answer_origin(shunt_runtime* runtime, const shunt_answer* answer) {
  const auto& origins = reinterpret_cast<StandInState*>(runtime)->answer_origins;
  const auto found = origins.find(answer->handle);
  return found == origins.end() ? 0 : found->second;
}

}  // namespace shunt::test
