#pragma once
/// What runs when a call has ended: any callable, kept in place where it is small.
///
///     Completion completion{[](Result<ReceivedBytes>&& outcome, const RouteInfo&) { ... }};
///     std::move(completion)(std::move(outcome), route);

#include <shunt/host/received_bytes.hpp>
#include <shunt/schemas/result.hpp>

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace shunt::host {

struct RouteInfo;

/// Move-only; not thread-safe. A callable of up to kInPlaceBytes that moves without throwing costs no heap allocation.
class Completion {
 public:
  static constexpr std::size_t kInPlaceBytes = 64;
  static constexpr std::size_t kInPlaceAlignment = alignof(std::max_align_t);

  Completion() = default;
  template <typename Run>
  // NOLINTNEXTLINE(bugprone-forwarding-reference-overload): it takes no Completion, so it hides neither constructor.
  requires(!std::is_same_v<std::remove_cvref_t<Run>, Completion>) explicit Completion(Run&& run)
      : operations_(&kOperationsOf<std::decay_t<Run>>) {
    using Kept = std::decay_t<Run>;
    if constexpr (kFits<Kept>) ::new (static_cast<void*>(memory_)) Kept(std::forward<Run>(run));
    else ::new (static_cast<void*>(memory_)) Kept*(new Kept(std::forward<Run>(run)));
  }
  Completion(Completion&& other) noexcept : operations_(std::exchange(other.operations_, nullptr)) {
    if (operations_ != nullptr) operations_->move(other.memory_, memory_);
  }
  Completion& operator=(Completion&& other) noexcept {
    if (this == &other) return *this;
    std::destroy_at(this);
    return *std::construct_at(this, std::move(other));
  }
  ~Completion() {
    if (operations_ != nullptr) operations_->destroy(memory_);
  }

  explicit operator bool() const noexcept { return operations_ != nullptr; }

  /// Once; what it throws goes through.
  void operator()(Result<ReceivedBytes>&& outcome, const RouteInfo& route) && {
    operations_->run(memory_, std::move(outcome), route);
  }

 private:
  struct Operations {
    void (*run)(std::byte* memory, Result<ReceivedBytes>&& outcome, const RouteInfo& route);
    void (*move)(std::byte* from, std::byte* to) noexcept;
    void (*destroy)(std::byte* memory) noexcept;
  };
  template <typename Kept>
  // NOLINTNEXTLINE(misc-redundant-expression): clang-tidy 14 takes sizeof and alignof for the same.
  static constexpr bool kFits = sizeof(Kept) <= kInPlaceBytes &&
                                alignof(Kept) <= kInPlaceAlignment&& std::is_nothrow_move_constructible_v<Kept>;
  template <typename Kept>
  static Kept& kept(std::byte* memory) noexcept {
    if constexpr (kFits<Kept>) return *std::launder(reinterpret_cast<Kept*>(memory));
    else return **std::launder(reinterpret_cast<Kept**>(memory));
  }
  template <typename Kept>
  static constexpr Operations kOperationsOf{
      [](std::byte* memory, Result<ReceivedBytes>&& outcome, const RouteInfo& route) {
        kept<Kept>(memory)(std::move(outcome), route);
      },
      [](std::byte* from, std::byte* to) noexcept {
        if constexpr (kFits<Kept>) {
          ::new (static_cast<void*>(to)) Kept(std::move(kept<Kept>(from)));
          std::destroy_at(&kept<Kept>(from));
        } else {
          ::new (static_cast<void*>(to)) Kept*(&kept<Kept>(from));
        }
      },
      [](std::byte* memory) noexcept {
        if constexpr (kFits<Kept>) std::destroy_at(&kept<Kept>(memory));
        else delete &kept<Kept>(memory);
      }};

  const Operations* operations_ = nullptr;
  alignas(kInPlaceAlignment) std::byte memory_[kInPlaceBytes];
};

}  // namespace shunt::host
