#pragma once
/// Why a message goes where it goes.

#include <shunt/host/explanation.hpp>
#include <shunt/schemas/hints.hpp>
#include <shunt/schemas/key.hpp>
#include <shunt/schemas/result.hpp>

#include <string_view>
#include <vector>

namespace shunt::host {

struct Core;

/// Of each plugin that gets it. Any thread. Errors: NoSuchRoute.
[[nodiscard]] Result<std::vector<RouteExplanation>> explain(Core& core, std::string_view route, const Hints& hints,
                                                            Key key);

}  // namespace shunt::host
