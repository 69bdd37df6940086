#pragma once
/// The arena with the way of the robot in it, as SVG: for light and dark viewers.

#include "arena.hpp"
#include "journey.hpp"
#include "options.hpp"

#include <shunt/schemas/result.hpp>

#include <filesystem>

namespace robot_demo {

/// Before the run whose picture it is to be. Errors: System (the file cannot be written).
[[nodiscard]] shunt::Status check_picture(const std::filesystem::path& file);

/// Errors: System (the file cannot be written).
[[nodiscard]] shunt::Status write_picture(const std::filesystem::path& file, const Arena& arena, const Journey& journey,
                                          const Options& options);

}  // namespace robot_demo
