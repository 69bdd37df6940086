#pragma once
/// How far the replay is, on stderr: a bar that moves on a terminal, a line every tenth anywhere else.

#include <cstdint>

namespace market_demo {

class Progress {
 public:
  /// `messages` above 0.
  explicit Progress(std::uint64_t messages);

  /// Cheap enough for every round of a loop: it shows something only once it is due.
  void show(std::uint64_t received, unsigned switches) {
    if (received >= due_) draw(received, switches);
  }

 private:
  void draw(std::uint64_t received, unsigned switches);

  std::uint64_t messages_;
  bool terminal_;
  std::uint64_t step_;
  std::uint64_t due_;
};

}  // namespace market_demo
