#pragma once
/// What the program prints on stdout when the run is over.

#include "journey.hpp"
#include "options.hpp"

#include <string>

namespace robot_demo {

/// The run went as it should: no collision; and after a kill the stop came, the robot stood, and the next instance
/// drove on.
[[nodiscard]] bool good(const Options& options, const Journey& journey);

/// One line of JSON. Durations are nanoseconds, moments seconds into the run; what there was nothing to measure for is
/// absent.
[[nodiscard]] std::string as_json(const Options& options, const Journey& journey);

/// The same for people.
[[nodiscard]] std::string as_text(const Options& options, const Journey& journey);

}  // namespace robot_demo
