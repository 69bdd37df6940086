#pragma once
/// The robot in its arena, as nobody but the simulation knows it: where it is, and what it runs into.

#include "arena.hpp"
#include "drive.hpp"

#include <array>
#include <cstdint>

namespace robot_demo {

class World {
 public:
  static constexpr double kRadius = 0.18;  ///< Of the robot, which is round.

  explicit World(const Arena& arena) : arena_(arena), drive_(Arena::kStart) {}

  /// Goes on by so many seconds. Where the robot touches something, it stands.
  void step(const Twist& wanted, double seconds);

  [[nodiscard]] const Arena& arena() const { return arena_; }
  [[nodiscard]] const Pose& pose() const { return drive_.pose(); }
  [[nodiscard]] bool stands() const { return drive_.stands(); }
  [[nodiscard]] double distance() const { return drive_.distance(); }
  /// How often it touched something; pushing on counts once.
  [[nodiscard]] std::uint64_t collisions() const { return collisions_; }
  /// From its rim to anything, at the moment that was the closest.
  [[nodiscard]] double nearest() const { return nearest_; }
  /// The share of the floor's squares, of those with room for it, that it was in: 0 to 1.
  [[nodiscard]] double explored() const;

 private:
  static constexpr std::size_t kLength = static_cast<std::size_t>(Arena::kLength);  // one metre each
  static constexpr std::size_t kWidth = static_cast<std::size_t>(Arena::kWidth);

  const Arena& arena_;
  Drive drive_;
  std::uint64_t collisions_ = 0;
  bool touches_ = false;
  double nearest_ = Arena::kLength;
  std::array<std::array<bool, kLength>, kWidth> was_in_{};
};

}  // namespace robot_demo
