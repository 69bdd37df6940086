#pragma once
/// The control loop: 1000 times a second it takes the driver's commands, moves the robot, and every 20th time scans.

#include "journey.hpp"
#include "options.hpp"

#include <shunt/host.hpp>

namespace robot_demo {

/// Drives until the time is over. With `options.kill_at` the driver is killed once. In lockstep there is no clock: a
/// scan waits for its command, and a kill for the stop, so the way depends on the seed alone; DeadlineExceeded when
/// that does not come within a minute. Other errors are the host's.
[[nodiscard]] shunt::Result<Journey> drive(shunt::Host& host, const Arena& arena, const Options& options);

}  // namespace robot_demo
