#pragma once
/// Landlock: the calling thread and what it starts can open no file, bind or connect no TCP port, and reach no abstract
/// socket and no process outside. A second layer: it does not cover chmod, chown and sockets with a path.

#include <shunt/schemas/result.hpp>

#include <string>

namespace shunt::launcher {

/// Needs no_new_privs. What holds, for people. Errors: System, where the kernel has no Landlock.
[[nodiscard]] Result<std::string> apply_landlock();

}  // namespace shunt::launcher
