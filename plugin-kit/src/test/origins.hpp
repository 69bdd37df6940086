#pragma once
/// What a plugin under test says, and is told, of when messages came about.

#include "state.hpp"

namespace shunt::test {

/// Gives what is about to be sent its origin, `said` as of plugin.h. False: there is no such time.
bool say_origin(StandInState& state, Outgoing& out, std::int64_t said);
/// A code as services have it.
int no_such_origin(StandInState& state, std::int64_t said);
/// The same, and takes the sample back.
int refuse_origin(StandInState& state, shunt_sample& sample, std::int64_t said);

/// Of the services.
std::int64_t answer_origin(shunt_runtime* runtime, const shunt_answer* answer);

}  // namespace shunt::test
