#pragma once
/// What Cyclone DDS complains of, instead of on standard error: kept for people, the last of it.

#include <string>

namespace shunt::bridges {

/// From now on DDS prints nothing, in the whole process.
void listen_to_dds();

/// The last complaint, in one line; empty: none.
[[nodiscard]] std::string last_complaint_of_dds();

}  // namespace shunt::bridges
