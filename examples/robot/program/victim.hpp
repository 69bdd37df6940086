#pragma once
/// The process of a plugin, to be killed. It is held by a descriptor: should it have ended meanwhile, and its number be
/// another's, nobody else is hit.

#include <shunt/host.hpp>

#include <string_view>
#include <utility>

namespace robot_demo {

class Victim {
 public:
  /// Of the instance that runs now. Errors: NotServing (none does), System.
  [[nodiscard]] static shunt::Result<Victim> find(shunt::Host& host, std::string_view plugin);
  Victim(Victim&& other) noexcept : process_(std::exchange(other.process_, -1)) {}
  Victim& operator=(Victim&&) = delete;
  ~Victim();

  /// kill -9. Errors: System (it has ended by itself).
  [[nodiscard]] shunt::Status kill() const;

 private:
  explicit Victim(int process) : process_(process) {}

  int process_;
};

}  // namespace robot_demo
