#pragma once
/// A call of a plugin under test whose answer may come after its handler.

#include <shunt/plugin-kit/test/sent.hpp>

namespace shunt::test {

/// Any thread; may outlive its runner. Copies are of the same call; one that goes cancels nothing.
template <typename T>
class Pending {
 public:
  explicit Pending(Started started) : started_(std::move(started)) {}

  /// Whether there is an outcome.
  [[nodiscard]] bool ready() const { return started_.ready(); }
  /// The reply, or the error, as often as it is asked for. Waits for an answer that was deferred. Errors: those of
  /// Runner::call(); DeadlineExceeded also when no answer comes within RunnerOptions::patience.
  [[nodiscard]] Result<Sent<T>> get() const {
    SHUNT_TRY(reply, started_.get());
    return Sent<T>(std::move(reply));
  }
  /// Its caller cancels: the outcome is Cancelled, and the plugin can see that nobody waits. False: there was an
  /// outcome before.
  bool cancel() const { return started_.cancel(); }

 private:
  Started started_;
};

}  // namespace shunt::test
