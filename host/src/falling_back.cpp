/// What the caller gets of a call that has failed: the error, or what host.toml has for its function.

#include "hub.hpp"

#include <cstring>

namespace shunt::host {

Error Hub::too_late(const RouteInfo& route) {
  return {ErrorCode::DeadlineExceeded,
          fmt::format("\"{}\" did not answer before its deadline; it was told to cancel", route.name)};
}

/// Of a call by a thread of the host, which does not drain now, and has not cancelled it: a plugin that says so has
/// seen its deadline pass.
Result<ReceivedBytes> Hub::failed(const RouteInfo& route, Error why) {
  Fallback& fallback = route.fallback;
  const ErrorCode code = why.code == ErrorCode::Cancelled ? ErrorCode::DeadlineExceeded : why.code;
  if (!fallback.stands_in_for(code)) return tl::make_unexpected(std::move(why));
  if (fallback.count()) listener_.on_fallback(route, why);
  const auto reply = fallback.reply();
  ArenaBlock* block = nullptr;
  while_not_draining([&] { block = arena_->take(reply.size()); });
  block->origin_ns = 0;
  std::memcpy(block->data, reply.data(), reply.size());
  return ReceivedBytes{block, block->data, reply.size(), ReceivedBytes::kFallback};
}

/// Of a call by a plugin: true where it has got that.
bool Hub::fall_back(Instance& from, const bus::MessageHeader& request, const Error& why) {
  const RcuReader reader;
  const RouteEntry* const entry = tables_.current().find({request.route});
  if (entry == nullptr || !entry->info->fallback.stands_in_for(why.code)) return false;
  Fallback& fallback = entry->info->fallback;
  const auto reply = fallback.reply();
  bus::MessageHeader header;
  header.route = request.route;
  header.kind = bus::Kind::Reply;
  header.place = bus::Place::Inline;
  header.correlation = request.correlation;
  header.payload_bytes = static_cast<std::uint32_t>(reply.size());
  std::span<const std::byte> content = reply;
  if (reply.size() > bus::kInlineBytesMax) {
    const auto chunk = from.pool->loan_for_reply(reply.size());
    if (!chunk) return false;
    std::memcpy(chunk->data, reply.data(), reply.size());
    header.place = bus::Place::Chunk;
    header.chunk = chunk->chunk;
    header.generation = chunk->generation;
    content = {};
  }
  const auto pushed = from.push_reply(header, content);
  let_go(header, *from.pool);
  if (pushed == Pushed::AtCap) return false;
  if (fallback.count()) listener_.on_fallback(*entry->info, why);
  return true;
}

}  // namespace shunt::host
