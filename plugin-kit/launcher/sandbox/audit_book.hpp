#pragma once
/// What a plugin tried and was denied, counted by phase and call, on its way to the host.
///
///     book.note(phase, call, ENOSYS);
///     if (auto news = book.take_news()) host.send(std::move(*news));

#include "listener.hpp"

#include <shunt/schemas/control_generated.h>

#include <map>
#include <optional>
#include <utility>

namespace shunt::launcher {

class AuditBook {
 public:
  /// `denials_max`: this many end the plugin; 0: no number does.
  explicit AuditBook(std::uint64_t denials_max) : denials_max_(denials_max) {}

  void note(control::Phase phase, const WaitingCall& call, int answer);

  [[nodiscard]] bool limit_reached() const noexcept { return denials_max_ != 0 && denials_ >= denials_max_; }
  /// Whether a call was denied that take_news() has not told of.
  [[nodiscard]] bool has_news() const noexcept { return has_news_; }
  /// Whether one was denied for the first time in its phase: the host is told at once.
  [[nodiscard]] bool has_first() const noexcept { return has_first_; }
  /// The records that changed since the last time, as many as one packet holds; has_news() says whether there are more.
  [[nodiscard]] control::AuditT take_news();

 private:
  struct Entry {
    control::AuditRecordT record;
    bool changed = false;
  };

  std::uint64_t denials_max_;
  std::uint64_t denials_ = 0;
  bool has_news_ = false;
  bool has_first_ = false;
  std::map<std::pair<control::Phase, int>, Entry> entries_;
};

}  // namespace shunt::launcher
