#include "validators.hpp"

#include <shunt/bus/clock.hpp>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include <cxxabi.h>

namespace shunt::host {
namespace {

constexpr std::uint64_t kSampledEvery = 64;

}  // namespace

std::optional<std::string> ask(Validator& validator, const void* root) { return validator.ask(root); }

std::optional<std::string> Validator::ask(const void* root) {
  const bool sampled = checked_.fetch_add(1, std::memory_order_relaxed) % kSampledEvery == 0;
  const std::int64_t began_ns = sampled ? bus::now_ns() : 0;
  std::optional<std::string> why;
  try {
    if (const Status status = accepts_(root); !status) why = status.error().message;
  } catch (const std::exception& thrown) {
    why = fmt::format("it threw: {}", thrown.what());
  } catch (...) {
    why = "it threw something that is not a std::exception";
  }
  if (sampled) {
    sampled_.fetch_add(1, std::memory_order_relaxed);
    sampled_ns_.fetch_add(static_cast<std::uint64_t>(bus::now_ns() - began_ns), std::memory_order_relaxed);
  }
  if (why) refused_.fetch_add(1, std::memory_order_relaxed);
  return why;
}

ValidatorSnapshot Validator::snapshot() const {
  const std::uint64_t sampled = sampled_.load(std::memory_order_relaxed);
  return {type_, checked_.load(std::memory_order_relaxed), refused_.load(std::memory_order_relaxed),
          sampled == 0 ? 0 : sampled_ns_.load(std::memory_order_relaxed) / sampled};
}

Result<Validator*> Validators::add(std::string type, Validator::Accepts accepts) {
  const std::lock_guard lock{mutex_};
  if (std::ranges::find(validators_, type, &Validator::type) != validators_.end())
    return error(ErrorCode::BadInput, "{} has a validator already: one of a type is meant", type);
  return &validators_.emplace_back(std::move(type), std::move(accepts));
}

Validator* Validators::find(std::string_view type) {
  const std::lock_guard lock{mutex_};
  const auto found = std::ranges::find(validators_, type, &Validator::type);
  return found == validators_.end() ? nullptr : &*found;
}

std::vector<ValidatorSnapshot> Validators::snapshot() {
  const std::lock_guard lock{mutex_};
  std::vector<ValidatorSnapshot> result;
  for (const Validator& each : validators_) result.push_back(each.snapshot());
  return result;
}

std::string schema_name_of(const std::type_info& type) {
  int failed = 0;
  const std::unique_ptr<char, void (*)(void*)> plain{abi::__cxa_demangle(type.name(), nullptr, nullptr, &failed),
                                                     std::free};
  std::string name = failed == 0 ? plain.get() : type.name();
  for (auto at = name.find("::"); at != std::string::npos; at = name.find("::", at)) name.replace(at, 2, ".");
  return name;
}

}  // namespace shunt::host
