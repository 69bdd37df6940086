#pragma once
/// Standard output and error of a bridge's process. What the library of its world prints goes nowhere: whoever reads
/// what the host says does so at a pace of their own, or not at all, and a library that complains without end would
/// wait for them with its locks taken.

#include <string_view>

namespace shunt::bridges {

/// Once, before there are threads: nothing reaches standard output or error any more but what complain() says.
void silence_output() noexcept;

/// A line, up to 4,096 bytes with its end, to the host's standard error; lost where that has no room for it now. Waits
/// only where somebody else takes the room of a pipe in the moment between. From any thread, and from a signal's
/// handler.
void complain(std::string_view line) noexcept;

}  // namespace shunt::bridges
