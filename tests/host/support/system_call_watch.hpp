#pragma once
/// Sees the first system call of this thread, by syscall user dispatch (Linux 5.11).
///
///     const SystemCallWatch watch;
///     traffic();
///     EXPECT_EQ(watch.first(), SystemCallWatch::kNone);

namespace shunt::test {

/// On the stack of the thread that is watched; one at a time in a process.
class SystemCallWatch {
 public:
  static constexpr long kNone = -1;

  [[nodiscard]] static bool works() noexcept;

  SystemCallWatch() noexcept;
  ~SystemCallWatch();
  SystemCallWatch(const SystemCallWatch&) = delete;
  SystemCallWatch& operator=(const SystemCallWatch&) = delete;

  /// The number of the first system call since the watch began. Ends the watch; the call itself was made.
  [[nodiscard]] long first() const noexcept;
};

}  // namespace shunt::test
