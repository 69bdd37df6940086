#pragma once
/// Shunt's own ways of moving a message, from the bare lane to what users write.

#include <shunt/bench/subject.hpp>

namespace shunt::bench {

/// lane, client, publisher; each in the payload place that the run asks for.
Catalogue shunt_subjects(Payload payload);

}  // namespace shunt::bench
