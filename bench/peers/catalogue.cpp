#include "peers.hpp"

#include <shunt/bench/peers.hpp>

namespace shunt::bench {

Catalogue peers() {
  return {{"ring_padded", true, make_padded_ring},
          {"ring_inline", true, make_inline_ring},
          {"iceoryx", true, make_iceoryx},
          {"uds", true, make_unix_socket},
          {"pipe", true, make_pipe}};
}

}  // namespace shunt::bench
