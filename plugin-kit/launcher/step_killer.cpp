/// shunt-launch-steps: the launcher that kills its own plugin process at a step of a message, for tests.
///
/// SHUNT_KILL_AT=STEP:COUNT, e.g. Committed:17 or 3:17: SIGKILL at the 17th time of that step while serving.

#include "program_hooks.hpp"

#include <shunt/bus/steps.hpp>

#include <array>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <unistd.h>

namespace shunt {
namespace {

constexpr std::array<std::string_view, bus::kSteps> kNames{
    "Loaned", "Claimed", "HeaderWritten", "Committed", "Rung",          "Harvested", "Taken",
    "Begun",  "Handled", "Done",          "Freed",     "ReturnWritten", "Stood"};

// reached() is a free function that the bus calls; it has no other way to know what it waits for.
struct KillPlan {
  std::size_t step = kNames.size();
  std::uint64_t count = 0;
  bool serving = false;
};
constinit KillPlan plan;

bool parse_number(std::string_view text, std::uint64_t& number) {
  const auto end = text.data() + text.size();
  return !text.empty() && std::from_chars(text.data(), end, number).ptr == end;
}

bool parse_plan(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || !parse_number(text.substr(colon + 1), plan.count)) return false;
  const std::string_view step = text.substr(0, colon);
  std::uint64_t number = kNames.size();
  if (parse_number(step, number)) plan.step = number;
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i] == step) plan.step = i;
  return plan.step < kNames.size() && plan.count > 0;
}

}  // namespace

namespace bus {

void reached(Step step) noexcept {
  if (!plan.serving || static_cast<std::size_t>(step) != plan.step) return;
  if (--plan.count == 0) ::kill(::getpid(), SIGKILL);
}

}  // namespace bus

namespace launcher {

PluginHooks program_hooks() {
  const char* const text = std::getenv("SHUNT_KILL_AT");
  if (text == nullptr) return {};
  if (!parse_plan(text)) {
    std::fprintf(stderr, "shunt-launch-steps: SHUNT_KILL_AT is STEP:COUNT, not %s\n", text);
    std::exit(2);
  }
  return {.on_serving = [] { plan.serving = true; }};
}

}  // namespace launcher
}  // namespace shunt
