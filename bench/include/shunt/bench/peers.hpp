#pragma once
/// What Shunt is compared with: bare rings, iceoryx, Unix sockets and pipes.

#include <shunt/bench/subject.hpp>

namespace shunt::bench {

/// ring_padded, ring_inline, iceoryx, uds, pipe.
Catalogue peers();

}  // namespace shunt::bench
