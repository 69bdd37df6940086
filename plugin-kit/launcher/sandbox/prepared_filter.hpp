#pragma once
/// The filter whose open questions the warden decides, as libseccomp built it together with this program: it is the
/// same at every start.

#include "filter.hpp"

namespace shunt::launcher {

/// Undecided::AskWarden.
[[nodiscard]] Filter prepared_filter();

}  // namespace shunt::launcher
