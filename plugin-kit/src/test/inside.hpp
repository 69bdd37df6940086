#pragma once
/// How a stand-in enters code of the plugin, and what it looks at when it comes back.

#include "state.hpp"

#include <exception>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace shunt::test {

/// For as long as code of the plugin runs: whose thread is the serving one.
class Inside {
 public:
  explicit Inside(StandInState& state) : state_(state) {
    state_.inside = true;
    state_.serving.store(std::this_thread::get_id(), std::memory_order_relaxed);
  }
  ~Inside() {
    state_.inside = false;
    state_.serving.store(std::thread::id{}, std::memory_order_relaxed);
  }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

 private:
  StandInState& state_;
};

/// Nothing that the plugin throws gets out of it. Null, or the text of what it threw.
template <typename Code>
std::optional<std::string> catch_all(const Code& code) {
  try {
    code();
    return std::nullopt;
  } catch (const std::exception& thrown) {
    return thrown.what();
  } catch (...) {
    return "an exception that is not a std::exception";
  }
}

inline Status refuse_inside(const StandInState& state) {
  if (!state.inside) return {};
  return error(ErrorCode::WouldDeadlock, "a handler or phase of {} runs: a plugin runs one at a time",
               state.contract.plugin);
}

/// What the step did that its result does not say.
inline Status aftermath(StandInState& state) {
  if (const auto threw = std::exchange(state.test_threw, nullptr)) std::rethrow_exception(threw);
  if (auto breach = std::exchange(state.breach, std::nullopt)) return tl::make_unexpected(*std::move(breach));
  return {};
}

}  // namespace shunt::test
