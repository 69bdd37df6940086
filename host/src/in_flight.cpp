#include "in_flight.hpp"

namespace shunt::host {

/// A chunk that a lane holds cannot be pushed to it again. The old one is held for the caller, who copies it and lets
/// it go: this lock is for a few instructions.
std::optional<InFlightTable::Again> InFlightTable::try_again(std::uint64_t correlation, const Instance* target,
                                                             std::uint32_t route, std::int64_t now_ns) noexcept {
  const std::lock_guard lock{lock_};
  InFlight* const record = find(correlation);
  if (record == nullptr || record->target != target || record->route->id.value != route) return std::nullopt;
  if (!record->is_kept || !record->wanted() || now_ns >= record->deadline_ns) return std::nullopt;
  if (record->tries >= record->route->settings.retries) return std::nullopt;
  KeptRequest& kept = kept_.at(place_of(*record));
  bus::MessageHeader& header = kept.message.header;
  std::optional<bus::LoanedChunk> chunk;
  if (header.place == bus::Place::Chunk) {
    chunk = kept.pool->loan_for_reply(header.payload_bytes);
    if (!chunk) return std::nullopt;
  }
  if (!record->route->retry_budget.take(on_route_[route].ever)) {
    if (chunk) kept.pool->release(chunk->chunk);
    return std::nullopt;
  }
  if (record->linked()) unlink(*record);
  end(*record, Ending::Failed);
  record->target = nullptr;
  record->position = 0;
  ++record->tries;
  header.flags |= bus::flag::kRedelivered;
  header.correlation = correlation;
  if (chunk) kept.pool->hold(header.chunk);
  return Again{*record, kept, chunk};
}

}  // namespace shunt::host
