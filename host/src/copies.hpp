#pragma once
/// Copies of a publication in hand, one for each compartment that hears it.

#include "inbound_pool.hpp"
#include "outlet.hpp"

#include <optional>
#include <vector>

namespace shunt::host {

struct Copy {
  InboundPool* pool = nullptr;
  std::optional<Message> message;  ///< None: that pool is used up.
  Copy(InboundPool* to, std::optional<Message> copied) : pool(to), message(copied) {}
};

/// The loans of the copies end with the publication in hand, whatever came of it: lanes and backlogs hold for
/// themselves.
struct EndOfCopies {
  std::vector<Copy>& copies;
  ~EndOfCopies() {
    for (const Copy& copy : copies)
      if (copy.message && copy.message->header.place == bus::Place::Chunk)
        copy.pool->release(copy.message->header.chunk);
    copies.clear();
  }
};

}  // namespace shunt::host
