#pragma once
/// Memory of a raw payload, to be written in place and then published.
///
///     auto scan = loan_robot_scans();                     // Result<Loan<robot::Scan>>: of a topic that carries a
///     struct fill(**scan); return publish_robot_scans(std::move(*scan));

#include <shunt/plugin-kit/link.hpp>

#include <cstddef>
#include <new>
#include <utility>

namespace shunt::kit {

/// Move-only; only on threads that run handlers or phases, and no longer than the plugin. Gives the memory back when it
/// goes unpublished.
template <typename T>
class Loan {
  static_assert(bus::kIsRaw<T>, "only a struct is written in place: build a table with publish(build)");

 public:
  /// In a chunk of the plugin's pool, or with handle 0 in this.
  Loan(const Link& link, const shunt_sample& sample) : link_(&link), sample_(sample) { new (memory()) T{}; }
  Loan(Loan&& other) noexcept
      : link_(other.link_), sample_(std::exchange(other.sample_, shunt_sample{})), inside_(other.inside_) {}
  Loan& operator=(Loan&& other) noexcept {
    std::swap(link_, other.link_);
    std::swap(sample_, other.sample_);
    std::swap(inside_, other.inside_);
    return *this;
  }
  ~Loan() {
    if (sample_.handle != 0) link_->services->give_back(link_->runtime, &sample_);
  }

  /// All bits zero at first.
  [[nodiscard]] T& operator*() { return *std::launder(reinterpret_cast<T*>(memory())); }
  [[nodiscard]] T* operator->() { return &**this; }

  /// For publishing: it is whoever's who gets this, which with handle 0 is readable as long as this lives.
  [[nodiscard]] shunt_sample release() {
    shunt_sample sample = std::exchange(sample_, shunt_sample{});
    if (sample.handle == 0) sample = {reinterpret_cast<std::uint8_t*>(&inside_), sizeof inside_, 0};
    return sample;
  }

 private:
  static constexpr bool kFitsInside = sizeof(T) <= bus::kInlinePayloadBytes;
  struct alignas(8) Inside {
    std::byte bytes[kFitsInside ? (sizeof(T) + 7) / 8 * 8 : 8];
  };

  void* memory() { return sample_.handle != 0 ? static_cast<void*>(sample_.data) : static_cast<void*>(&inside_); }

  const Link* link_;
  shunt_sample sample_;
  Inside inside_{};
};

/// What a generated loan does. Errors: QuotaExceeded, TooLarge; none for what fits inside a message.
template <typename T>
[[nodiscard]] Result<Loan<T>> loan(const Link& link, bus::Payload payload = bus::Payload::Auto) {
  shunt_sample sample{};
  if (payload != bus::Payload::Auto || sizeof(T) > bus::kInlinePayloadBytes)
    SHUNT_CHECK(link.status(link.services->loan(link.runtime, sizeof(T), &sample)));
  return Loan<T>(link, sample);
}

}  // namespace shunt::kit
