/// The services of plugin.h that publish, for a plugin under test.

#include "publication_services.hpp"

#include "origins.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

namespace shunt::test {
namespace {

/// For every service that publishes. `out` says on which topic, and whatever else that service can say.
int send_publication(StandInState& state, Outgoing out, shunt_sample& sample, std::size_t offset, std::size_t bytes) {
  int code = SHUNT_OK;
  if (!may_use(state, code)) return code;
  if (out.index >= state.contract.topics_out.size()) {
    state.outbound.give_back(sample);
    return state.error.set(ErrorCode::Undeclared, "the manifest declares {} topics out; there is no number {}",
                           state.contract.topics_out.size(), out.index);
  }
  if (code = state.outbound.take(sample, offset, bytes, out); code != SHUNT_OK) return code;
  if (is_ring_full(state)) return refuse_full_ring(state);
  const auto& route = state.contract.topics_out[out.index];
  if (state.contract.publications[out.index](out.bytes.span())) state.published.push_back(std::move(out));
  else if (!state.breach) state.breach = not_of_its_type(route.name, "publication", bytes, route.type);
  return SHUNT_OK;
}

}  // namespace

bool may_use(StandInState& state, int& code) {
  if (!is_serving_thread(state)) {
    code = state.error.set(ErrorCode::BadInput, "only a handler can do this, on its own thread");
    return false;
  }
  if (!state.may_send) {
    code = state.error.set(ErrorCode::Undeclared,
                           "nothing can be sent before activate: init and validate have no effects");
    return false;
  }
  return true;
}

bool is_ring_full(const StandInState& state) { return state.ring_full.load(std::memory_order_relaxed); }

int refuse_full_ring(StandInState& state) {
  return state.error.set(
      ErrorCode::RingFull,
      "the ring to the host stayed full until the deadline: a receiver that refuses more than it can "
      "take holds it up (`shunt ls` shows what waits), or no thread of the host takes messages");
}

int read_publication(StandInState& state, const shunt_publication& how, shunt_publication& said) {
  constexpr std::size_t kSizeMin = 16;  // of the first shunt_publication that there was
  if (how.size < kSizeMin)
    return state.error.set(ErrorCode::BadInput, "a shunt_publication of {} bytes cannot be: the least has {}", how.size,
                           kSizeMin);
  std::memcpy(&said, &how, std::min<std::size_t>(how.size, sizeof said));
  return SHUNT_OK;
}

int publish(shunt_runtime* runtime, std::uint32_t topic, shunt_sample* sample, std::size_t offset, std::size_t bytes) {
  Outgoing out{.index = topic};
  static_cast<void>(say_origin(of(runtime), out, SHUNT_ORIGIN_INHERITED));
  return send_publication(of(runtime), std::move(out), *sample, offset, bytes);
}

int publish_as(shunt_runtime* runtime, const shunt_publication* how, shunt_sample* sample, std::size_t offset,
               std::size_t bytes) {
  auto& state = of(runtime);
  int code = SHUNT_OK;
  if (!may_use(state, code)) return code;
  shunt_publication said{};
  if (code = read_publication(state, *how, said); code != SHUNT_OK) {
    state.outbound.give_back(*sample);
    return code;
  }
  Outgoing out{.index = said.topic_out, .key = said.key, .urgent = (said.flags & SHUNT_URGENT) != 0};
  if (!say_origin(state, out, said.origin_ns)) return refuse_origin(state, *sample, said.origin_ns);
  return send_publication(state, std::move(out), *sample, offset, bytes);
}

int publish_batch(shunt_runtime* runtime, const shunt_publication* how, shunt_part* parts, std::size_t count,
                  std::size_t* published) {
  auto& state = of(runtime);
  *published = 0;
  int code = SHUNT_OK;
  if (!may_use(state, code)) return code;
  shunt_publication said{};
  code = read_publication(state, *how, said);
  Outgoing out{.index = said.topic_out, .urgent = (said.flags & SHUNT_URGENT) != 0};
  if (code == SHUNT_OK && !say_origin(state, out, said.origin_ns)) code = no_such_origin(state, said.origin_ns);
  std::size_t next = 0;
  for (; next < count && code == SHUNT_OK; ++next) {
    out.key = parts[next].key;
    code = send_publication(state, out, parts[next].sample, parts[next].offset, parts[next].bytes);
    if (code == SHUNT_OK) ++*published;
  }
  for (; next < count; ++next) state.outbound.give_back(parts[next].sample);
  return code;
}

/// As in an empty ring of the usual size, or in a full one.
std::size_t room(shunt_runtime* runtime) {
  constexpr std::size_t kSlots = 256;
  const auto& state = of(runtime);
  return is_serving_thread(state) && !is_ring_full(state) ? kSlots : 0;
}

}  // namespace shunt::test
