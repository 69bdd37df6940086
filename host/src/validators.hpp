#pragma once
/// The validators that the host's user has registered, by type.

#include <shunt/host/validation.hpp>
#include <shunt/schemas/result.hpp>

#include <atomic>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <typeinfo>
#include <vector>

namespace shunt::host {

/// Asked by any number of threads at once.
class Validator {
 public:
  using Accepts = std::function<Status(const void* root)>;

  Validator(std::string type, Accepts accepts) : type_(std::move(type)), accepts_(std::move(accepts)) {}

  [[nodiscard]] const std::string& type() const noexcept { return type_; }
  [[nodiscard]] std::optional<std::string> ask(const void* root);
  [[nodiscard]] ValidatorSnapshot snapshot() const;

 private:
  const std::string type_;
  const Accepts accepts_;
  // Relaxed: counts for people.
  std::atomic<std::uint64_t> checked_{0};
  std::atomic<std::uint64_t> refused_{0};
  std::atomic<std::uint64_t> sampled_{0};
  std::atomic<std::uint64_t> sampled_ns_{0};
};

/// Grows, and nothing of it goes while the host lives. Thread-safe.
class Validators {
 public:
  /// Errors: BadInput (there is one for this type).
  [[nodiscard]] Result<Validator*> add(std::string type, Validator::Accepts accepts);
  /// Null: nobody validates it.
  [[nodiscard]] Validator* find(std::string_view type);
  [[nodiscard]] std::vector<ValidatorSnapshot> snapshot();

 private:
  std::mutex mutex_;
  std::deque<Validator> validators_;  // under mutex_; their addresses stay
};

/// "market.Bar" of market::Bar: the name that its schema has.
[[nodiscard]] std::string schema_name_of(const std::type_info& type);

}  // namespace shunt::host
