#pragma once
/// Which plugins a host lets run, and how far it trusts each: `[trust]` of host.toml with the files that it names.
///
///     SHUNT_TRY(policy, read_trust_policy(configuration.trust, std::chrono::system_clock::now()));
///     SHUNT_TRY(verdict, judge({sha256, pinned, read_signature(path)}, policy));

#include "signature.hpp"

#include <shunt/host/configuration.hpp>
#include <shunt/host/trust.hpp>

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace shunt {

struct TrustPolicy {
  std::vector<PublicKey> keys{};
  std::set<std::string> revoked{};  ///< Public keys, and sha256 sums of plugins; lower case, as those listed.
  std::set<std::string> listed{};   ///< sha256 sums of plugins.
  bool allow_unsigned = false;
  bool system_libraries = false;
  std::chrono::system_clock::time_point now{};  ///< What keys expire by.
};

/// Reads the files that `[trust]` names, as they are now. Errors: BadConfiguration, naming the file.
Result<TrustPolicy> read_trust_policy(const TrustConfiguration& trust, std::chrono::system_clock::time_point now);

/// All that is known of a plugin's bytes before anything in them is looked at.
struct Evidence {
  std::string sha256;
  std::optional<std::string> pinned{};           ///< The sha256 of its own [[plugin]]: these bytes and no others.
  Result<std::optional<Signature>> signature{};  ///< None: it has none. An error: what lies there is no signature.
};

struct Verdict {
  Trust trust = Trust::Unsigned;
  std::string signer{};  ///< The name of the key, when signed.
};

/// "signed by \"release\"", "listed", or that it is neither and why it runs: for people who read events.
std::string describe(const Verdict& verdict);

/// In this order: a revoked sum and another sum than the pinned one are refused; then a good signature; then a sum that
/// is pinned or listed; then a signature that is there and does not hold is refused, even where unsigned plugins run;
/// then allow_unsigned. Errors: NotTrusted, with the reason and what to do.
Result<Verdict> judge(const Evidence& evidence, const TrustPolicy& policy);

}  // namespace shunt
