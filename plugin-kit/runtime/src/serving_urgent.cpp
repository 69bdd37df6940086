/// Urgent publications: in their order, one at a time, before any other message that is begun.
///
/// The lane's marks of their ring are positions, so there is no telling of a later one that is done before an earlier
/// one. Where there are several workers, the first that is free has it, beside the handlers that run, but for one of
/// its own topic: publications of one topic never run side by side. What came before it of that topic and was not begun
/// waits until it is done.

#include "serving_loop.hpp"

namespace shunt::kit {

/// Under the lock.
bool ServingLoop::has_urgent_turn() const noexcept {
  const UrgentMessages& urgent = runtime_.urgent;
  if (!urgent.waits()) return false;
  const auto topic = topics_in_.find(urgent.front().header.route);
  return !topic || !topics_busy_[*topic];
}

/// Under the lock, when has_urgent_turn().
void ServingLoop::take_urgent(Taken& taken) noexcept {
  taken.urgent = true;
  taken.incoming = runtime_.urgent.front();  // what it points at stays until it is done
  taken.index = topics_in_.find(taken.incoming.header.route);
  if (taken.index) topics_busy_[*taken.index] = true;
  runtime_.urgent.begin();
}

/// Under the lock: its handler is left. First it is said that it is done, then its chunk goes.
void ServingLoop::leave_urgent(const bus::MessageHeader& header) noexcept {
  runtime_.urgent.done();
  if (header.place == bus::Place::Chunk) lane_.receiver.give_back(header.chunk, header.generation);
}

/// Where there is one worker, when one waits.
bool ServingLoop::serve_urgent(Hand& hand) noexcept {
  Taken taken;
  take_urgent(taken);
  if (taken.index) receive(hand, taken.incoming, *taken.index);
  bus::reached(bus::Step::Handled);
  leave(hand, taken);
  return true;
}

}  // namespace shunt::kit
