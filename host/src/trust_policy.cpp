#include "trust_policy.hpp"

#include "dates.hpp"
#include "digest.hpp"
#include "small_file.hpp"

#include <algorithm>

namespace shunt {
namespace {

constexpr std::size_t kListBytesMax = 4u << 20;

Error bad_configuration(std::string_view key, const Error& why) {
  return {ErrorCode::BadConfiguration, fmt::format("[trust] {}: {}", key, why.message)};
}

/// A list as `sha256sum` prints it: 64 hex digits, then anything; empty lines and those that start with '#' say
/// nothing.
Status read_list(const std::filesystem::path& path, std::set<std::string>& sums) {
  SHUNT_TRY(file, read_small_file(path, kListBytesMax));
  if (!file) return error(ErrorCode::System, "{} is not there", path.string());
  std::string_view text = file->text;
  for (int number = 1; !text.empty(); ++number) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.empty() || line.front() == '#') continue;
    const auto sum = line.substr(0, line.find(' '));
    if (!is_sum(sum))
      return error(ErrorCode::BadInput, "{}:{}: 64 hex digits are meant, as sha256sum prints them", path.string(),
                   number);
    sums.insert(lower_case(sum));
  }
  return {};
}

Result<std::set<std::string>> read_sums(std::string_view key, const std::vector<std::string>& sums,
                                        const std::vector<std::filesystem::path>& files) {
  std::set<std::string> all;
  for (const std::string& sum : sums) all.insert(lower_case(sum));
  for (const auto& file : files)
    if (const auto read = read_list(file, all); !read)
      return tl::make_unexpected(bad_configuration(fmt::format("{}_in", key), read.error()));
  return all;
}

/// What a signature comes to under this policy.
struct Vouching {
  const PublicKey* key = nullptr;  ///< That vouches for the bytes.
  bool is_broken = false;          ///< Nobody would have left it like that on purpose.
  std::string why;                 ///< It does not count; for people.
};

Vouching weigh(const Evidence& evidence, const TrustPolicy& policy) {
  if (!evidence.signature) return {nullptr, true, evidence.signature.error().message};
  if (!*evidence.signature) return {};
  const Signature& signature = **evidence.signature;
  const auto key = std::ranges::find(policy.keys, signature.key, &PublicKey::key);
  if (signature.sha256 != evidence.sha256)
    return {nullptr, true,
            fmt::format("its signature is for other bytes (sha256 {}); sign it again, or remove it", signature.sha256)};
  if (!signature.holds()) return {nullptr, true, "its signature does not hold: it was changed; sign it again"};
  if (policy.revoked.contains(signature.key))
    return {nullptr, true,
            fmt::format("it is signed with the key {}, which is revoked; sign it with another", signature.key)};
  if (key == policy.keys.end())
    return {nullptr, false, fmt::format("it is signed with the key {}, which [trust] does not name", signature.key)};
  if (key->is_expired(policy.now))
    return {nullptr, true,
            fmt::format("it is signed with the key \"{}\", which expired at the end of {}; sign it with another",
                        key->name, to_string(*key->not_after))};
  return {&*key, false, {}};
}

tl::unexpected<Error> not_trusted(const Evidence& evidence, std::string_view why) {
  return error(ErrorCode::NotTrusted,
               "{}; list sha256 = \"{}\" in its [[plugin]], sign it with a key that [trust] names, or set "
               "allow_unsigned = true in [trust] on a machine for development",
               why.empty() ? "nothing says that it may run" : why, evidence.sha256);
}

}  // namespace

std::string describe(const Verdict& verdict) {
  switch (verdict.trust) {
    case Trust::Signed: return fmt::format("signed by \"{}\"", verdict.signer);
    case Trust::Listed: return "listed";
    case Trust::Unsigned: break;
  }
  return "neither signed nor listed: nothing vouches for it but allow_unsigned";
}

Result<TrustPolicy> read_trust_policy(const TrustConfiguration& trust, std::chrono::system_clock::time_point now) {
  TrustPolicy policy;
  for (const auto& path : trust.keys) {
    auto key = read_public_key(path);
    if (!key) return tl::make_unexpected(bad_configuration("keys", key.error()));
    policy.keys.push_back(std::move(*key));
  }
  SHUNT_TRY(revoked, read_sums("revoked", trust.revoked, trust.revoked_in));
  SHUNT_TRY(listed, read_sums("listed", trust.listed, trust.listed_in));
  policy.revoked = std::move(revoked);
  policy.listed = std::move(listed);
  policy.allow_unsigned = trust.allow_unsigned;
  policy.system_libraries = trust.system_libraries;
  policy.now = now;
  return policy;
}

Result<Verdict> judge(const Evidence& evidence, const TrustPolicy& policy) {
  if (policy.revoked.contains(evidence.sha256))
    return error(ErrorCode::NotTrusted, "its sha256 {} is revoked; build it anew without what was wrong with it",
                 evidence.sha256);
  const bool is_pinned = evidence.pinned && lower_case(*evidence.pinned) == evidence.sha256;
  if (evidence.pinned && !is_pinned)
    return error(ErrorCode::NotTrusted,
                 "its sha256 is {}, listed is {}; if the new bytes are meant, list sha256 = \"{}\"", evidence.sha256,
                 *evidence.pinned, evidence.sha256);
  const Vouching vouching = weigh(evidence, policy);
  if (vouching.key != nullptr) return Verdict{Trust::Signed, vouching.key->name};
  if (is_pinned || policy.listed.contains(evidence.sha256)) return Verdict{Trust::Listed};
  if (vouching.is_broken) return error(ErrorCode::NotTrusted, "{}", vouching.why);
  if (policy.allow_unsigned) return Verdict{Trust::Unsigned};
  return not_trusted(evidence, vouching.why);
}

}  // namespace shunt
