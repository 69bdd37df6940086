#pragma once
/// Memory of a payload that is a struct, to be written in place and then published.
///
///     auto scans = host->publisher<robot::Scan>("robot.scans");
///     auto scan = scans->loan();                           // Result<RawLoan<robot::Scan>>
///     fill(**scan);
///     auto sent = scans->publish(std::move(*scan));

#include <shunt/host/route_handle.hpp>

#include <array>
#include <cstddef>
#include <new>
#include <utility>

namespace shunt {

/// Move-only; one thread at a time, and no longer than the publisher that gave it. What goes unpublished gives its
/// memory back.
template <typename T>
class RawLoan {
  static_assert(bus::kIsRaw<T>, "only a struct is written in place: build a table with publish(build)");

 public:
  RawLoan(const RouteHandle& route, const RouteHandle::RawMemory& memory) : route_(&route), memory_(memory) {
    new (data()) T{};
  }
  RawLoan(RawLoan&& other) noexcept
      : route_(std::exchange(other.route_, nullptr)),
        memory_(std::exchange(other.memory_, RouteHandle::RawMemory{})),
        inside_(other.inside_) {}
  RawLoan& operator=(RawLoan&& other) noexcept {
    std::swap(route_, other.route_);
    std::swap(memory_, other.memory_);
    std::swap(inside_, other.inside_);
    return *this;
  }
  ~RawLoan() {
    if (memory_.loan.handle != 0) RouteHandle::give_back(memory_);
  }

  /// All bits zero at first.
  [[nodiscard]] T& operator*() { return *std::launder(reinterpret_cast<T*>(data())); }
  [[nodiscard]] T* operator->() { return &**this; }

  /// For the publisher: sends it, and is empty then, whatever comes of it. Errors: those of Publisher::publish;
  /// BadInput (it is empty already).
  [[nodiscard]] Result<Delivery> send(const PublishOptions& options) && {
    const RouteHandle* const route = std::exchange(route_, nullptr);
    if (route == nullptr) return error(ErrorCode::BadInput, "this loan was published before");
    RouteHandle::RawMemory memory = std::exchange(memory_, RouteHandle::RawMemory{});
    if (memory.loan.handle == 0) memory.loan = {inside_.bytes.data(), inside_.bytes.size(), 0};
    return route->publish_raw(memory, sizeof(T), options);
  }

 private:
  struct alignas(8) Inside {
    std::array<std::uint8_t, sizeof(T) <= bus::kInlinePayloadBytes ? (sizeof(T) + 7) / 8 * 8 : 8> bytes{};
  };

  void* data() noexcept { return memory_.loan.handle != 0 ? memory_.loan.data : inside_.bytes.data(); }

  const RouteHandle* route_;  // null: it was published
  RouteHandle::RawMemory memory_;
  Inside inside_;
};

}  // namespace shunt
