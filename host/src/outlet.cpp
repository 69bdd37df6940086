/// What a plugin is given of what its topic keeps, merged into what waits for it already.
///
/// A new instance is given what was published before its plugin was taken off, or all where it is not off: its
/// predecessor knew that. Whatever was published while the plugin was off comes when it is on again. Host and plugins
/// count apart, since a plugin that finishes together with others still hears these.

#include "outlet.hpp"

#include <algorithm>

namespace shunt::host {
namespace {

constexpr std::size_t kStruckMax = 64;          ///< Messages that are remembered for having ended an instance.
constexpr std::uint32_t kEndsBeforePoison = 2;  ///< As everywhere: see failover.cpp.

/// As they will wait, with their payloads in `memory`.
std::vector<QueuedMessage> copies_of(const Latch& latch, RouteId route, std::unique_ptr<std::byte[]>& memory) {
  std::size_t bytes = 0;
  latch.for_each([&](const Latch::Kept& kept) { bytes += (kept.payload.size() + 7) / 8 * 8; });
  memory.reset(new std::byte[bytes + 1]);  // never empty: its addresses say that a message is kept
  std::vector<QueuedMessage> copies;
  copies.reserve(latch.count());
  std::byte* to = memory.get();
  latch.for_each([&](const Latch::Kept& kept) {
    QueuedMessage& copy = copies.emplace_back();
    copy.header = {};
    copy.header.route = route.value;
    copy.header.kind = bus::Kind::Publication;
    copy.header.flags = kept.about.flags;
    if (kept.about.origin_ns != 0) bus::set_origin(copy.header, kept.about.origin_ns);
    copy.header.flags |= bus::flag::kLatched;
    copy.header.parent = kept.sequence;
    copy.header.payload_bytes = static_cast<std::uint32_t>(kept.payload.size());
    bus::set_key(copy.header, kept.about.key);
    copy.kept = to;
    if (!kept.payload.empty()) std::memcpy(to, kept.payload.data(), kept.payload.size());
    to += (kept.payload.size() + 7) / 8 * 8;
  });
  return copies;
}

}  // namespace

bool Outlet::is_up_to_date(InstanceId instance, Hears hears) const noexcept {
  return (instance.value == 0 || instance == greeted_.newcomer) && hears.host == (off_since_.host == kOn) &&
         hears.plugins == (off_since_.plugins == kOn);
}

bool Outlet::catch_up(const Latch& latch, InstanceId instance, Hears hears) {
  const bool is_new = instance.value != 0 && instance != greeted_.newcomer;
  std::vector<std::uint64_t> lacks;
  lacks.reserve(latch.count());
  latch.for_each([&](const Latch::Kept& kept) {
    if (is_bridge && kept.about.from_bridge) return;  // it would send out what came in
    const bool from_host = kept.about.from_host;
    const bool was_on = kept.sequence < (from_host ? off_since_.host : off_since_.plugins);
    const bool is_on = from_host ? hears.host : hears.plugins;
    if (was_on ? is_new : is_on) lacks.push_back(kept.sequence);
  });
  off_since_.host = hears.host ? kOn : std::min(off_since_.host, latch.next());
  off_since_.plugins = hears.plugins ? kOn : std::min(off_since_.plugins, latch.next());
  if (instance.value == 0 || (!is_new && lacks.empty())) return false;
  std::unique_ptr<std::byte[]> memory;
  std::vector<QueuedMessage> kept = copies_of(latch, route, memory);
  const std::lock_guard lock{lock_};
  merge(kept, lacks, is_new);
  greeting_.swap(memory);
  if (is_new) greeted_ = {instance, latch.oldest(), latch.next()};
  return kept_waiting_ > 0;
}

/// What waits was published in the order of its numbers, but for what took an older one's place. What it lacks of the
/// last publications goes where its number belongs. What waits of an earlier greeting was another instance's, unless
/// this one is not new: then it is still owed as much of it as is kept.
void Outlet::merge(std::vector<QueuedMessage>& kept, std::span<const std::uint64_t> lacks, bool is_new) {
  std::vector<std::uint64_t> waits;
  std::vector<std::uint64_t> owed;
  const std::uint64_t oldest = kept.empty() ? kOn : kept.front().header.parent;
  for (std::size_t nth = 0; nth < size_; ++nth) {
    const QueuedMessage& waiting = at(nth);
    if (is_given_up(waiting)) continue;
    if (waiting.header.parent < oldest) {
      counters_.dropped_oldest += waiting.kept != nullptr && !is_new ? 1 : 0;
      continue;
    }
    (waiting.kept == nullptr ? waits : owed).push_back(waiting.header.parent);
  }
  std::ranges::sort(waits);
  std::ranges::sort(owed);
  std::erase_if(kept, [&](const QueuedMessage& each) {
    const std::uint64_t number = each.header.parent;
    const bool is_meant =
        std::ranges::binary_search(lacks, number) || (!is_new && std::ranges::binary_search(owed, number));
    return !is_meant || std::ranges::binary_search(waits, number) || !can_be_given(each);
  });
  std::vector<QueuedMessage> merged;
  merged.reserve(size_ + kept.size());
  auto next = kept.cbegin();
  for (std::size_t nth = 0; nth < size_; ++nth) {
    const QueuedMessage& waiting = at(nth);
    if (is_given_up(waiting) || waiting.kept != nullptr) continue;
    for (; next != kept.cend() && next->header.parent < waiting.header.parent; ++next) merged.push_back(*next);
    merged.push_back(waiting);
  }
  merged.insert(merged.end(), next, kept.cend());
  refill(merged);
}

/// Unless it has ended two instances, or fits no chunk there is.
bool Outlet::can_be_given(const QueuedMessage& kept) noexcept {
  const auto struck = std::ranges::find(struck_, kept.header.parent, &Struck::sequence);
  if (struck != struck_.end() && struck->times >= kEndsBeforePoison) return false;
  if (kept.header.payload_bytes <= bus::kInlineBytesMax || pool->geometry().class_for(kept.header.payload_bytes))
    return true;
  ++counters_.no_chunk;
  return false;
}

/// With these instead of what waited. Where keys conflate, each waits once: the latest, where the first stood.
void Outlet::refill(std::span<const QueuedMessage> messages) {
  for (std::size_t nth = 0; nth < size_ && policy == SlowConsumer::Conflate; ++nth)
    index_.erase(bus::key_of(queue_[place_at(nth)].header));
  head_ = size_ = kept_waiting_ = 0;
  while (messages.size() > queue_.size()) grow();
  for (const QueuedMessage& message : messages) {
    kept_waiting_ += message.kept != nullptr ? 1 : 0;
    const auto place = place_of(bus::key_of(message.header));
    if (!place) {
      queue_[size_] = message;
      if (policy == SlowConsumer::Conflate) index_.put(bus::key_of(message.header), size_);
      ++size_;
      continue;
    }
    const bool newer = message.header.parent > queue_[*place].header.parent;
    const QueuedMessage older = newer ? queue_[*place] : message;
    if (newer) queue_[*place] = message;
    kept_waiting_ -= older.kept != nullptr ? 1 : 0;
    counters_.conflated += older.kept == nullptr ? 1 : 0;
    if (older.header.place == bus::Place::Chunk) pool->release(older.header.chunk);
  }
  resize(size_);
}

void Outlet::end_greeting() {
  std::unique_ptr<std::byte[]> memory;  // goes with no lock held
  const std::lock_guard lock{lock_};
  if (kept_waiting_ == 0) greeting_.swap(memory);
}

bool Outlet::was_greeted_with(std::uint64_t sequence, InstanceId dead) noexcept {
  const std::lock_guard lock{lock_};
  return greeted_.newcomer != dead && greeted_.first <= sequence && sequence < greeted_.end;
}

void Outlet::note_struck(std::uint64_t sequence) {
  const std::lock_guard lock{lock_};
  const auto known = std::ranges::find(struck_, sequence, &Struck::sequence);
  if (known != struck_.end()) {
    ++known->times;
    return;
  }
  if (struck_.size() == kStruckMax) struck_.erase(struck_.begin());
  struck_.push_back({sequence, 1});
}

}  // namespace shunt::host
