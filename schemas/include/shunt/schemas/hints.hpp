#pragma once
/// What a message wants of the version that handles it: versions, the preferred one first, a tag, and labels.
///
///     SHUNT_TRY(hints, Hints::parse("v2+feature-x;region=bj"));       // version 2, feature=feature-x, region=bj
///     SHUNT_TRY(hints, Hints::parse("^1.5,1.4;required=version"));    // else the call fails with NoSuchVersion
///     SHUNT_TRY(hints, Hints::from_headers(request.headers));         // of HTTP, or gRPC metadata
///
///     hints    = [entry *(";" entry)]
///     entry    = version *("," version)
///              | key "=" value                  one of each key; "version" takes versions as well
///              | "required" ["=" key *("," key)]   without keys: all that are here
///     version  = ["v"] range ["+" feature]      a range as VersionRange has it: "1.4" is every 1.4.x
///
/// The key "tag" means the tag of a version, or all of its number: "tag=nightly", "tag=1.5.0-rc.1". Every other key
/// means a label of an instance.

#include <shunt/schemas/key.hpp>
#include <shunt/schemas/result.hpp>
#include <shunt/schemas/version_range.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <string>
#include <string_view>
#include <vector>

namespace shunt {

struct VersionHint {
  std::string text;  ///< As it was written, without a leading "v".
  VersionRange range;
};

struct LabelHint {
  std::string key;  ///< "tag" for the tag.
  std::string value;
  friend bool operator==(const LabelHint&, const LabelHint&) = default;
};

/// A value without a pointer in it, as it travels with a message: its text, in one form for all texts that say the
/// same.
class Hints {
 public:
  static constexpr std::size_t kBytesMax = 119;               ///< Of the text.
  static constexpr std::string_view kHeader = "shunt-hints";  ///< Of HTTP, where case does not count, and gRPC.
  static constexpr std::string_view kVersionKey = "version";
  static constexpr std::string_view kTagKey = "tag";
  static constexpr std::string_view kRequiredKey = "required";

  /// None. Writes two members and not the text: options of a call have hints, and most calls have none.
  constexpr Hints() noexcept : hash_(0), size_(0) {}  // NOLINT(*-member-init)

  /// Blanks around entries, keys and values do not count; an empty text is no hints. Allocates. Errors: BadInput, with
  /// the entry.
  static Result<Hints> parse(std::string_view text);

  /// Of pairs of text: what stands in the headers named "shunt-hints", joined by ";"; no hints where there is none.
  /// Nothing else is taken from them, because they come from outside. Errors: those of parse().
  template <std::ranges::input_range Headers>
  static Result<Hints> from_headers(const Headers& headers) {
    std::string text;
    for (const auto& [name, value] : headers) {
      if (!is_header(std::string_view{name.data(), name.size()})) continue;
      text.append(text.empty() ? "" : ";").append(value.data(), value.size());
    }
    return parse(text);
  }

  /// Of a text() that has come back from where no plugin can write: it is not parsed again. At most kBytesMax.
  [[nodiscard]] static Hints of_text(std::string_view text) noexcept;

  /// What was written, taken apart. Allocates.
  struct Parts {
    std::vector<VersionHint> versions;  ///< The preferred one first.
    std::vector<LabelHint> labels;      ///< By key, each once.
    std::vector<std::string> required;  ///< Keys without which nobody will do, sorted.
    /// Whether no version will do that does not fit what was said of `key`: "version", or a label's.
    [[nodiscard]] bool is_required(std::string_view key) const noexcept;
  };
  [[nodiscard]] Parts parts() const;

  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  /// What parse() reads back to an equal value.
  [[nodiscard]] std::string_view text() const noexcept { return {text_.data(), size_}; }
  /// The same for equal ones, on every machine. Anybody can make texts of one hash.
  [[nodiscard]] std::uint64_t hash() const noexcept { return hash_; }
  friend bool operator==(const Hints& one, const Hints& other) noexcept {
    return one.hash_ == other.hash_ && one.text() == other.text();
  }

 private:
  static bool is_header(std::string_view name) noexcept;

  std::uint64_t hash_;
  std::uint8_t size_;
  std::array<char, kBytesMax> text_;  // not more of it than size_ is ever read
};
static_assert(sizeof(Hints) == 128);

/// Whether a label, or a tag, can have this value: letters, digits, '.', '_', '+' and '-', 1 to 64 of them.
[[nodiscard]] bool is_label_value(std::string_view text) noexcept;

}  // namespace shunt
