#include "subjects.hpp"

#include "../peers/paired_subject.hpp"
#include "lane_transport.hpp"

namespace shunt::bench {

Catalogue shunt_subjects(Payload payload) {
  return {{"lane", false, [payload] {
             return std::make_unique<PairedSubject<LaneTransport>>(PeerTraits{.name = "lane", .payload = payload});
           }}};
}

}  // namespace shunt::bench
