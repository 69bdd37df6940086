/// What a handle gives before anything is sent: memory to build in, and what is known of the route.

#include "core.hpp"

#include <shunt/host/route_handle.hpp>

#include <algorithm>
#include <utility>

namespace shunt {

Result<bus::Loan> RouteHandle::Chunks::loan(std::size_t bytes) {
  SHUNT_TRY(loaned, route_.core_->hub->loan(*route_.route_, bytes));
  outgrown_ = std::exchange(pool_, loaned.pool);
  const bus::LoanedChunk& chunk = loaned.chunk;
  return bus::Loan{reinterpret_cast<std::uint8_t*>(chunk.data), chunk.capacity & ~std::size_t{7},
                   std::uint64_t{chunk.generation} << 32 | chunk.chunk.packed};
}

void RouteHandle::Chunks::give_back(const bus::Loan& loan) noexcept {
  host::InboundPool* const pool = std::exchange(outgrown_ != nullptr ? outgrown_ : pool_, nullptr);
  pool->release({static_cast<std::uint32_t>(loan.handle)});
}

bus::SizeHint& RouteHandle::hint() const noexcept { return route_->hint; }

bus::Payload RouteHandle::payload() const noexcept {
  return route_->settings.payload == PayloadPlace::Chunk ? bus::Payload::Chunk : bus::Payload::Auto;
}

const std::string& RouteHandle::name() const noexcept { return route_->name; }

RouteHandle::RouteHandle(std::shared_ptr<host::Core> core, const host::RouteInfo& route)
    : core_(std::move(core)), route_(&route), checks_(&route.checks), use_({core_, &route.handles}) {}

namespace {

Error refused(const host::RouteInfo& route, const std::string& why) {
  return {ErrorCode::ValidationFailed,
          fmt::format("\"{}\": the host's validator of {} refuses the reply: {}", route.name, route.reply.name, why)};
}

}  // namespace

Error RouteHandle::refused_reply(const std::string& why) const { return refused(*route_, why); }

Status check_reply(const host::RouteInfo& route, const void* root) {
  if (const auto why = host::refusal(route.checks.reply, root)) return tl::make_unexpected(refused(route, *why));
  return {};
}

Error RouteHandle::bad_payload(const char* what, std::size_t bytes) const {
  return shunt::bad_payload(*route_, what, bytes);
}

Error bad_payload(const host::RouteInfo& route, const char* what, std::size_t bytes) {
  return {ErrorCode::BadPayload,
          fmt::format("\"{}\": a {} of {} bytes is not a {}: rebuild the plugin from the host's schema", route.name,
                      what, bytes, route.function ? route.reply.name : route.request.name)};
}

}  // namespace shunt

namespace shunt::host {

Result<Hub::PoolLoan> Hub::loan(const RouteInfo& route, std::size_t bytes) {
  InboundPool& nearest = pool_for(route);
  if (const auto chunk = find_chunk(nearest, bytes)) [[likely]]
    return PoolLoan{&nearest, *chunk};
  if (const auto elsewhere = loan_elsewhere(route, nearest, bytes)) return *elsewhere;
  return tl::make_unexpected(no_chunk(nearest, bytes));
}

/// The pool of the first receiver's compartment, which reads there without a copy; the host's own where nobody listens.
InboundPool& Hub::pool_for(const RouteInfo& route) noexcept {
  const RcuReader reader;
  const RouteEntry* const entry = tables_.current().find(route.id);
  // Pools live as long as the host: leaving the read section does not end them.
  return entry == nullptr || entry->hear_host == 0 ? *own_pool_ : *entry->targets.front().outlet->pool;
}

/// A topic that drops goes on without the receiver that has no chunk: the others read a copy, or the chunk itself. The
/// host's own pool is for what they would all lose, which is sent nevertheless: sending counts it as dropped.
std::optional<Hub::PoolLoan> Hub::loan_elsewhere(const RouteInfo& route, const InboundPool& nearest,
                                                 std::size_t bytes) {
  const RcuReader reader;
  const RouteEntry* const entry = tables_.current().find(route.id);
  if (route.function || entry == nullptr || entry->hear_host == 0) return std::nullopt;
  if (entry->targets.front().outlet->policy == SlowConsumer::Refuse) return std::nullopt;
  const InboundPool* tried = &nearest;
  for (const Target& target : entry->hearing_host()) {
    InboundPool& pool = *target.outlet->pool;
    if (&pool == std::exchange(tried, &pool) || &pool == &nearest) continue;
    if (const auto chunk = find_chunk(pool, bytes)) return PoolLoan{&pool, *chunk};
  }
  const auto could_hold = [&](const Target& target) {
    return target.outlet->pool->geometry().class_for(bytes).has_value();
  };
  if (!std::ranges::any_of(entry->hearing_host(), could_hold)) return std::nullopt;
  const auto chunk = find_chunk(*own_pool_, bytes);
  return chunk ? std::optional{PoolLoan{own_pool_.get(), *chunk}} : std::nullopt;
}

std::optional<bus::LoanedChunk> Hub::find_chunk(InboundPool& pool, std::size_t bytes) {
  if (const auto chunk = pool.loan(bytes)) return chunk;
  if (!pool.geometry().class_for(bytes)) return std::nullopt;
  {
    const RcuReader reader;
    for (const RouteEntry& entry : tables_.current().routes)
      for (const Target& target : entry.targets)
        if (target.instance != nullptr && target.instance->pool.get() == &pool) target.instance->harvest();
  }
  return pool.loan(bytes);
}

/// Before a receiver that conflates loses the latest message of a key for want of a chunk, it gives up the older one,
/// which the latest replaces anyway: `receivers` are those that get the latest. True: it is worth asking the pool
/// again.
bool Hub::make_room(std::span<const Target> receivers, InboundPool& pool, const bus::MessageHeader& header) noexcept {
  bool any = false;
  for (const Target& target : receivers)
    if (target.outlet->pool.get() == &pool)
      any |= target.outlet->give_up_older(header, [&](const QueuedMessage& older) { let_go(older.header, pool); });
  return any;
}

/// Why, and counted at the pool.
Error Hub::no_chunk(InboundPool& pool, std::size_t bytes) {
  const auto size_class = pool.geometry().class_for(bytes);
  if (!size_class)
    return {ErrorCode::TooLarge,
            fmt::format("a payload of {} bytes fits no size class of the inbound pool (largest {}): add one "
                        "under `inbound`",
                        bytes, pool.geometry().classes().back().bytes)};
  pool.count_no_chunk(bytes);
  return {ErrorCode::QuotaExceeded,
          fmt::format("all {} chunks of {} bytes towards this plugin are in use: wait for it, or raise "
                      "`inbound`",
                      pool.geometry().classes()[*size_class].chunks, pool.geometry().classes()[*size_class].bytes)};
}

}  // namespace shunt::host
