#include <shunt/plugin-kit/validators.hpp>

#include <atomic>
#include <exception>

#include <fmt/format.h>

namespace shunt::kit {
namespace {

constexpr std::uint64_t kTimedEvery = 64;

}  // namespace

/// What throws does not accept it.
std::optional<std::string> Validators::ask(const Link& link, const TypeName& type, const Entry& entry,
                                           const void* root) {
  // Relaxed, and not one step: several workers may count one less, and measure another.
  const std::atomic_ref count{entry.asked};
  const std::uint64_t asked = count.load(std::memory_order_relaxed);
  count.store(asked + 1, std::memory_order_relaxed);
  const bool timed = asked % kTimedEvery == 0;
  const std::int64_t began_ns = timed ? link.services->now_ns(link.runtime) : 0;
  std::optional<std::string> why;
  try {
    if (const Status status = entry.accepts(root); !status) why = status.error().message;
  } catch (const std::exception& thrown) {
    why = fmt::format("it threw: {}", thrown.what());
  } catch (...) {
    why = "it threw something that is not a std::exception";
  }
  const std::int64_t took_ns = timed ? link.services->now_ns(link.runtime) - began_ns : -1;
  link.services->note_validation(link.runtime, type.name, why ? 1 : 0, took_ns);
  return why;
}

}  // namespace shunt::kit
