#pragma once
/// Who holds what of an instance, for people.

#include "ask.hpp"

namespace shunt::tool {

/// `quotas` as the host answers "inspect" with. Columns that begin with SAYS are the plugin's own word.
void print_quotas(const Json& quotas);

}  // namespace shunt::tool
