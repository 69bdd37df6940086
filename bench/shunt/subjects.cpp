#include "subjects.hpp"

#include "../peers/paired_subject.hpp"
#include "host_subject.hpp"
#include "lane_transport.hpp"

namespace shunt::bench {

Catalogue shunt_subjects(Payload payload) {
  const auto lane = [payload] {
    return std::make_unique<PairedSubject<LaneTransport>>(PeerTraits{.name = "lane", .payload = payload});
  };
  return {{"lane", false, lane},
          {"client", false, [payload] { return make_client(payload); }},
          {"publisher", false, [payload] { return make_publisher(payload); }}};
}

}  // namespace shunt::bench
