#include "last_error.hpp"

#include <array>

namespace shunt::kit {
namespace {

constinit thread_local std::array<char, 1024> text_of_thread{};

}  // namespace

const char* LastError::text() const noexcept { return text_of_thread.data(); }

void LastError::remember(fmt::string_view text, fmt::format_args arguments) noexcept {
  auto& into = text_of_thread;
  *fmt::vformat_to_n(into.data(), into.size() - 1, text, arguments).out = '\0';
}

}  // namespace shunt::kit
