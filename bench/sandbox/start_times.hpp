#pragma once
/// The file into which shunt-launch-timed writes when it came to each step of a start.

#include <shunt/bus/unique_fd.hpp>
#include <shunt/schemas/result.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace shunt::bench {

class StartTimes {
 public:
  struct Step {
    std::string name;
    std::int64_t at_ns = 0;  ///< CLOCK_MONOTONIC
  };

  /// In memory: nothing is left of it. Errors: System.
  [[nodiscard]] static Result<StartTimes> make();

  /// Under which other processes open it, as long as this lives.
  [[nodiscard]] std::string path() const;
  [[nodiscard]] Status clear() const;
  /// In the order in which they were written. Errors: System, BadInput (a line that is none).
  [[nodiscard]] Result<std::vector<Step>> read() const;

 private:
  explicit StartTimes(bus::UniqueFd file) : file_(std::move(file)) {}

  bus::UniqueFd file_;
};

}  // namespace shunt::bench
