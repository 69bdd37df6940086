/// The services publish_batch and room.

#include "publications.hpp"

namespace shunt::kit {

int publish_batch(shunt_runtime* runtime, const shunt_publication* how, shunt_part* parts, std::size_t count,
                  std::size_t* published) {
  *published = 0;
  int code = SHUNT_OK;
  const Hand* const hand = hand_to_send(*runtime, code);
  if (hand == nullptr) return code;
  shunt_publication said{};
  bus::MessageHeader header;
  code = read_publication(*runtime, *how, said);
  if (code == SHUNT_OK) code = publication_header(*runtime, *hand, said, header);
  const auto ring = (said.flags & SHUNT_URGENT) != 0 ? bus::Ring::Reply : bus::Ring::Data;
  ThreadsLock::Hold hold{runtime->lock};
  std::size_t next = 0;
  for (; next < count && code == SHUNT_OK; ++next) {
    bus::MessageHeader each = header;
    bus::set_key(each, parts[next].key);
    code = runtime->outbox.put(hold, ring, each, parts[next].sample, parts[next].offset, parts[next].bytes, 0);
    if (code == SHUNT_OK) ++*published;
  }
  if (*published > 0) runtime->outbox.ring_bell(hold);
  for (; next < count; ++next) runtime->outbox.give_back(hold, parts[next].sample);
  return code;
}

std::size_t room(shunt_runtime* runtime) {
  if (this_hand() == nullptr) return 0;
  const ThreadsLock::Hold hold{runtime->lock};
  return runtime->outbox.room(hold, bus::Ring::Data);
}

}  // namespace shunt::kit
