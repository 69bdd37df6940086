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

 private:
  std::string name_;
};

}  // namespace shunt
