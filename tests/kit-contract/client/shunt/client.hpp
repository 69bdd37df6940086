#pragma once
/// Stands in for the host's header of this name: as much of it as a generated client uses.

#include <shunt/schemas/ids.hpp>
#include <shunt/schemas/result.hpp>

#include <string>
#include <vector>

namespace shunt {

struct CallOptions {
  int priority = 0;
};

/// Answers with its own name and the options' priority.
template <typename Request, typename Reply>
class Function {
 public:
  explicit Function(std::string name) : name_(std::move(name)) {}
  template <typename Build>
  Result<std::string> operator()(Build&& build, CallOptions options) {
    return name_ + " " + std::to_string(options.priority) + " " + std::to_string(build());
  }
  template <typename Build>
  Result<std::string> call_async(Build&& build, CallOptions options) {
    return "started " + *(*this)(build, options);
  }
  template <typename Build, typename Callback>
  Result<std::string> call_async(Build&& build, CallOptions options, Callback&& callback) {
    return "started " + *(*this)(build, options) + " " + callback();
  }

 private:
  std::string name_;
};

}  // namespace shunt
