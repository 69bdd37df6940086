#include <shunt/schemas/pattern.hpp>

#include <algorithm>
#include <charconv>
#include <regex>
#include <vector>

namespace shunt {
namespace {

constexpr std::size_t kFarTooMany = std::size_t{1} << 40;

/// How often `{n}`, `{n,}` or `{n,m}` repeats, at most; `text` begins behind the brace.
std::size_t repetitions(std::string_view text) {
  std::size_t least = 1, most = 0;
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, least);
  if (first.ec == std::errc::result_out_of_range) return kFarTooMany;
  if (first.ptr != end && *first.ptr == ',' &&
      std::from_chars(first.ptr + 1, end, most).ec == std::errc::result_out_of_range)
    return kFarTooMany;
  return std::max({least, most, std::size_t{1}});
}

/// At least as many characters as the pattern has with its repetitions written out. It need not be an expression.
std::size_t steps_of(std::string_view pattern) {
  std::vector<std::size_t> outer;  // of the groups that are open: what stands before them
  std::size_t all = 0, last = 0;   // in this group: everything but the last item, and that
  const auto begin = [&](std::size_t steps) {
    all = std::min(all + last, kFarTooMany);
    last = steps;
  };
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    switch (pattern[at]) {
      case '\\':
        ++at;
        begin(1);
        break;
      case '[':
        for (++at; at < pattern.size() && pattern[at] != ']'; ++at) at += pattern[at] == '\\' ? 1 : 0;
        begin(1);
        break;
      case '(':
        begin(0);
        outer.push_back(all);
        all = 0;
        break;
      case ')':
        if (outer.empty()) return kFarTooMany;  // no expression
        last = std::min(all + last + 2, kFarTooMany);
        all = outer.back();
        outer.pop_back();
        break;
      case '{':
        last = std::min(last * std::min(repetitions(pattern.substr(at + 1)), kPatternStepsMax + 1), kFarTooMany);
        break;
      case '*':
      case '+':
      case '?': ++last; break;
      default: begin(1);
    }
  }
  return all + last;
}

}  // namespace

Result<bool> matches_pattern(std::string_view text, std::string_view pattern) {
  if (pattern.size() > kPatternBytesMax) return error(ErrorCode::BadInput, "is above {} bytes", kPatternBytesMax);
  // Of expressions that are none the library says why.
  if (steps_of(pattern) > kPatternStepsMax && std::ranges::count(pattern, '(') == std::ranges::count(pattern, ')'))
    return error(ErrorCode::BadInput, "{:?} has more than {} characters when its repetitions are written out", pattern,
                 kPatternStepsMax);
  try {
    // libstdc++'s default search takes exponential time on patterns such as (a+)+$, and a stack as deep as the text is
    // long; this one does neither.
    const std::regex expression(pattern.begin(), pattern.end(),
                                std::regex::ECMAScript | std::regex_constants::__polynomial);
    return std::regex_match(text.begin(), text.end(), expression);
  } catch (const std::regex_error& problem) {
    return error(ErrorCode::BadInput, "{:?} is no expression ({})", pattern, problem.what());
  }
}

}  // namespace shunt
