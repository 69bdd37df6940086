#pragma once
/// Whether a filter of ours can have a listener.

namespace shunt::launcher {

/// Around this program may be a filter that has a listener already (the kernel knows one per process), or that forbids
/// making filters. Then calls can be refused, but not judged.
[[nodiscard]] bool can_listen() noexcept;

}  // namespace shunt::launcher
