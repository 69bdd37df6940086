#pragma once
/// The text of the last service that failed on a thread, in memory of its own: failing allocates nothing.

#include <shunt/schemas/error.hpp>

#include <array>
#include <string_view>

#include <fmt/format.h>

namespace shunt::kit {

class LastError {
 public:
  /// Remembers the text and gives the code as the C ABI spells it. Cut after 1,023 bytes.
  template <typename... Arguments>
  int set(ErrorCode code, fmt::format_string<Arguments...> text, Arguments&&... arguments) noexcept {
    auto& into = text_of_thread();
    const auto end = fmt::format_to_n(into.data(), into.size() - 1, text, std::forward<Arguments>(arguments)...);
    *end.out = '\0';
    return static_cast<int>(code);
  }

  /// Of the calling thread.
  [[nodiscard]] const char* text() const noexcept { return text_of_thread().data(); }

 private:
  static std::array<char, 1024>& text_of_thread() noexcept {
    static constinit thread_local std::array<char, 1024> text{};
    return text;
  }
};

}  // namespace shunt::kit
