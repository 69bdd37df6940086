#pragma once
/// One subject in a process of its own, as the coordinator drives it.

#include <shunt/bench/child.hpp>
#include <shunt/bench/subject.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace shunt::bench {

class SubjectProcess {
 public:
  /// Forks, starts the subject there, and waits until it is connected. `samples_max` bounds what one measurement keeps.
  /// Errors: what Subject::start() says; System; DeadlineExceeded.
  static Result<SubjectProcess> start(const SubjectEntry& entry, const Setup& setup, std::size_t samples_max);

  struct Round {
    Measured measured;
    std::span<std::uint64_t> samples;  ///< In ticks; valid until the next measurement.
  };
  /// Lets the subject measure once. After an error the process is of no further use.
  Result<Round> measure(const Plan& plan, std::chrono::seconds limit);

  SubjectProcess(SubjectProcess&&) = default;
  SubjectProcess& operator=(SubjectProcess&&) = default;
  /// Stops the subject and reaps its process.
  ~SubjectProcess();

 private:
  struct Unmap {
    std::size_t bytes = 0;
    void operator()(std::uint64_t* base) const noexcept;
  };
  using SharedRoom = std::unique_ptr<std::uint64_t, Unmap>;

  SubjectProcess(Child child, SharedRoom room)
      : child_(std::make_unique<Child>(std::move(child))), room_(std::move(room)) {}

  std::unique_ptr<Child> child_;
  SharedRoom room_;
};

}  // namespace shunt::bench
