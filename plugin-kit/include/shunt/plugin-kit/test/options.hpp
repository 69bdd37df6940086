#pragma once
/// What a test can say about how a plugin is run, and how a message reaches it. Plain values.

#include <shunt/bus/geometry.hpp>
#include <shunt/schemas/limits.hpp>

#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

namespace shunt::test {

/// How a plugin is run.
struct RunnerOptions {
  /// Its outbound pool, as `outbound` of host.toml: chunks of each size class, ascending.
  std::vector<bus::SizeClass> outbound = {{256, 256}, {4u << 10, 64}, {64u << 10, 8}};
  /// How far the clock goes on whenever the plugin looks at it, so that a loop that waits for a deadline ends; 0: it
  /// stands still until advance().
  std::chrono::nanoseconds clock_step = std::chrono::microseconds(1);
  /// How long, by the machine's clock, an answer is waited for that the plugin deferred.
  std::chrono::nanoseconds patience = std::chrono::seconds(10);
};

/// How a request reaches its handler.
struct RequestOptions {
  std::chrono::nanoseconds deadline = kDefaultDeadline;  ///< From now; 0 or less: it has passed.
  bool redelivered = false;  ///< As after the death of an instance that may have done it already.
  /// The caller cancels: before the handler is entered (0), or so that the n-th time, from 1, that the plugin asks
  /// cancelled() is the first to say so. None: not by itself; see Runner::cancel().
  std::optional<unsigned> cancelled_at_look{};
  std::chrono::nanoseconds origin{0};  ///< When what it asks about came about; 0: nobody said.
  std::string_view hints{};            ///< As Context::hints() gives them.
};

/// How a publication reaches its handler.
struct PublicationOptions {
  bool redelivered = false;
  bool latched = false;                ///< From before the plugin was there, kept by the topic.
  bool last_will = false;              ///< Its publisher has vanished, and left it with the host.
  std::chrono::nanoseconds origin{0};  ///< When what it tells of came about; 0: nobody said.
  std::string_view hints{};            ///< As Context::hints() gives them.
};

/// How an answer to a call of the plugin comes.
struct AnswerOptions {
  std::chrono::nanoseconds takes{0};  ///< The clock goes on by this much; past the call's deadline there is no answer.
};

}  // namespace shunt::test
