#include "outbound.hpp"

#include <shunt/bus/builder.hpp>

#include <algorithm>
#include <utility>

namespace shunt::test {

Outbound::Outbound(std::vector<bus::SizeClass> classes, kit::LastError& error)
    : classes_(std::move(classes)), error_(error) {
  std::ranges::sort(classes_, {}, &bus::SizeClass::bytes);
}

int Outbound::find_class(std::size_t bytes, std::size_t& found) {
  const auto fits = std::ranges::find_if(classes_, [&](const bus::SizeClass& each) { return bytes <= each.bytes; });
  if (fits == classes_.end())
    return error_.set(ErrorCode::TooLarge,
                      "{} bytes fit no size class of this plugin's pool, the largest is {}: add one "
                      "to `outbound` in the host's configuration",
                      bytes, classes_.empty() ? 0 : classes_.back().bytes);
  if (fits->chunks == 0)
    return error_.set(ErrorCode::QuotaExceeded,
                      "no chunk for {} bytes is left: give samples back, or raise `outbound` in "
                      "the host's configuration",
                      bytes);
  found = static_cast<std::size_t>(fits - classes_.begin());
  return SHUNT_OK;
}

int Outbound::loan(std::size_t bytes, shunt_sample& out) {
  const std::lock_guard lock{mutex_};
  out = {};
  std::size_t size_class = 0;
  if (const int code = find_class(bytes, size_class); code != SHUNT_OK) return code;
  --classes_[size_class].chunks;
  const std::size_t capacity = classes_[size_class].bytes;
  Chunk chunk{std::make_unique_for_overwrite<std::uint64_t[]>((capacity + 7) / 8), size_class, capacity};
  out = {reinterpret_cast<std::uint8_t*>(chunk.memory.get()), capacity, ++last_handle_};
  loans_.emplace(last_handle_, std::move(chunk));
  return SHUNT_OK;
}

Outbound::Chunk Outbound::redeem(std::uint64_t handle) {
  auto loan = loans_.extract(handle);
  if (loan.empty()) return {};
  ++classes_[loan.mapped().size_class].chunks;
  return std::move(loan.mapped());
}

void Outbound::give_back(shunt_sample& sample) {
  const std::lock_guard lock{mutex_};
  redeem(std::exchange(sample, shunt_sample{}).handle);
}

int Outbound::take(shunt_sample& sample, std::size_t offset, std::size_t bytes, Outgoing& out) {
  const std::lock_guard lock{mutex_};
  const shunt_sample taken = std::exchange(sample, shunt_sample{});
  const Chunk chunk = redeem(taken.handle);
  if (taken.handle != 0 && chunk.memory == nullptr)
    return error_.set(ErrorCode::BadInput, "the sample is not on loan: it was sent or given back before");
  const auto* const data = taken.handle != 0 ? reinterpret_cast<const std::uint8_t*>(chunk.memory.get()) : taken.data;
  const std::size_t capacity = taken.handle != 0 ? chunk.capacity : taken.capacity;
  if (bytes > capacity || offset > capacity - bytes)
    return error_.set(ErrorCode::BadInput, "a payload of {} bytes at {} does not lie in a sample of {}", bytes, offset,
                      capacity);
  out.in_chunk = taken.handle != 0 || bytes > bus::kInlinePayloadBytes;
  std::size_t size_class = 0;
  if (taken.handle == 0 && out.in_chunk)  // what does not fit the message is copied into a chunk
    if (const int code = find_class(bytes, size_class); code != SHUNT_OK) return code;
  out.bytes = SharedBytes::copy_of({data + offset, bytes});
  return SHUNT_OK;
}

}  // namespace shunt::test
