#pragma once
/// The text of the last service that failed on a thread, in memory of its own: failing allocates nothing.

#include <shunt/schemas/error.hpp>

#include <fmt/format.h>

namespace shunt::kit {

class LastError {
 public:
  /// Remembers the text and gives the code as the C ABI spells it. Cut after 1,023 bytes.
  template <typename... Arguments>
  int set(ErrorCode code, fmt::format_string<Arguments...> text, Arguments&&... arguments) noexcept {
    remember(text, fmt::make_format_args(arguments...));
    return static_cast<int>(code);
  }

  /// Of the calling thread.
  [[nodiscard]] const char* text() const noexcept;

 private:
  // Not in the header: fmt's machinery for other outputs than strings is compiled anew wherever it is used.
  static void remember(fmt::string_view text, fmt::format_args arguments) noexcept;
};

}  // namespace shunt::kit
