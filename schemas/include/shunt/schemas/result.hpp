#pragma once
/// `Result<T>`: a value, or the Error that says why there is none.
///
///     SHUNT_TRY(region, map_region(fd));      // the error goes to our caller, unchanged
///     if (region.size() < kHeaderBytes) return error(ErrorCode::BadInput, "region of {} bytes is too short", ...);

#include <shunt/schemas/error.hpp>

#include <cerrno>
#include <system_error>

#include <fmt/format.h>
#include <tl/expected.hpp>

namespace shunt {

template <typename T>
using Result = tl::expected<T, Error>;

/// Success without a value, or an Error.
using Status = Result<void>;

namespace detail {
// Not in the header: where fmt is in headers alone, as in plugins, all of it would be compiled with every source.
[[nodiscard]] Error format_error(ErrorCode code, fmt::string_view text, fmt::format_args arguments);
}  // namespace detail

/// Builds the failing side of any Result. Allocates: not for the data path's success.
template <typename... Arguments>
[[nodiscard]] tl::unexpected<Error> error(ErrorCode code, fmt::format_string<Arguments...> text,
                                          Arguments&&... arguments) {
  return tl::unexpected<Error>(detail::format_error(code, text, fmt::make_format_args(arguments...)));
}

/// The failing side for a system call that has just set errno.
[[nodiscard]] inline tl::unexpected<Error> system_error(std::string_view what) {
  const int number = errno;
  return error(ErrorCode::System, "{}: {}", what, std::generic_category().message(number));
}

}  // namespace shunt

#define SHUNT_CONCAT_(a, b) a##b
#define SHUNT_CONCAT(a, b) SHUNT_CONCAT_(a, b)

/// Names the value of a Result, or returns its error to our caller.
#define SHUNT_TRY(name, ...) SHUNT_TRY_IMPL_(SHUNT_CONCAT(shunt_try_, __LINE__), name, __VA_ARGS__)
#define SHUNT_TRY_IMPL_(result, name, ...)                            \
  auto result = (__VA_ARGS__);                                        \
  if (!result) return tl::make_unexpected(std::move(result).error()); \
  auto name = std::move(*result)

/// The same for a Status.
#define SHUNT_CHECK(...)                                                                                               \
  do {                                                                                                                 \
    if (auto shunt_status = (__VA_ARGS__); !shunt_status) return tl::make_unexpected(std::move(shunt_status).error()); \
  } while (false)
