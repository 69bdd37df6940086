#pragma once
/// Sets what senders were told beside what plugins saw: each message must be where its outcome says, and nowhere twice.
///
///     const Account account = settle_account(storm.evidence(), ledger, before, storm.host().snapshot());
///     EXPECT_THAT(account.complaints, IsEmpty());

#include "traffic.hpp"

#include <string>
#include <vector>

namespace storm {

struct Account {
  std::uint64_t replied = 0;      ///< Calls that were answered.
  std::uint64_t unknown = 0;      ///< Calls that ended with OutcomeUnknown.
  std::uint64_t refused = 0;      ///< Calls of which nothing was done, and publications that nobody took.
  std::uint64_t delivered = 0;    ///< Publications that were done.
  std::uint64_t unreported = 0;   ///< Publications that were not done; the host counts each as unknown.
  std::uint64_t redelivered = 0;  ///< Messages that handlers were entered with again, all of them marked.
  std::vector<std::string> complaints;

  Account& operator+=(const Account& other);
};

std::string describe(const Account& account);

/// The snapshots are from before the first message and after the last, both at rest.
Account settle_account(const Evidence& evidence, Ledger& ledger, const shunt::HostSnapshot& before,
                       const shunt::HostSnapshot& after);

}  // namespace storm
