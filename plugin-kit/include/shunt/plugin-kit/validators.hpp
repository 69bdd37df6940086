#pragma once
/// What a plugin asks of payloads beyond what FlatBuffers verifies, before any handler sees them.
///
///     shunt::Status init(const momentum::Config& config) override {
///       validators().add<market::Bar>([](const market::Bar& bar) -> shunt::Status {
///         if (bar.close() <= 0) return shunt::error(shunt::ErrorCode::BadInput, "a close of {}", bar.close());
///         return {};
///       });

#include <shunt/plugin-kit/link.hpp>
#include <shunt/plugin-kit/route.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace shunt::kit {

/// Filled in init; asked on whichever thread runs the handler, of several workers on some at once.
class Validators {
 public:
  /// From now on `validate(const T&)` is asked about every payload of this type that was verified: requests,
  /// publications and answers to calls. What it refuses with an error or an exception never gets to a handler: the
  /// caller gets ValidationFailed with its text, a publication is dropped and counted, as a failure of the plugin's.
  /// One of a type; a second takes the place of the first. Allocates here only, as far as `validate` does not.
  template <typename T, typename Validate>
  void add(Validate validate) {
    const auto found = std::ranges::find(entries_, tag<T>(), &Entry::tag);
    Entry& entry = found == entries_.end() ? entries_.emplace_back() : *found;
    entry = {tag<T>(),
             [validate = std::move(validate)](const void* root) { return validate(*static_cast<const T*>(root)); }};
  }

  /// For generated code: why `root` is refused; none: it is accepted, or nobody asks.
  template <typename T>
  [[nodiscard]] std::optional<std::string> refusal(const Link& link, const TypeName& type, const T& root) const {
    const auto found = std::ranges::find(entries_, tag<T>(), &Entry::tag);
    return found == entries_.end() ? std::nullopt : ask(link, type, *found, &root);
  }

 private:
  struct Entry {
    const void* tag = nullptr;
    std::function<Status(const void*)> accepts{};
    mutable std::uint64_t asked = 0;
  };

  template <typename T>
  static const void* tag() {
    static constexpr char kTag = 0;
    return &kTag;
  }
  static std::optional<std::string> ask(const Link& link, const TypeName& type, const Entry& entry, const void* root);

  std::vector<Entry> entries_;
};

}  // namespace shunt::kit
