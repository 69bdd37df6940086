#pragma once
/// The stream itself: every bar is published once, and every fill noted.

#include "ledger.hpp"
#include "options.hpp"
#include "series.hpp"
#include "switcher.hpp"

#include <shunt/host.hpp>

#include <vector>

namespace market_demo {

/// Ends when every fill has come, or none has for 20 s: the rest is lost then. `spins`: polls for a while
/// before it sleeps. Errors: those of publishing, subscribing, polling and switching.
[[nodiscard]] shunt::Result<Switches> replay(shunt::Host& host, const std::vector<Day>& days, const Options& options,
                                             Ledger& ledger, bool spins);

}  // namespace market_demo
