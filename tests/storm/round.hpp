#pragma once
/// One round of a storm: traffic, whatever the storm does meanwhile, rest, and the account of every message.
///
///     ASSERT_NO_FATAL_FAILURE(run_round(storm, total, [&](Traffic& traffic) { ... }));

#include "accounts.hpp"

#include <gmock/gmock.h>

namespace storm {

/// `act(traffic)` runs beside the traffic, which it allows.
template <typename Act>
void run_round(HostUnderStorm& storm, Account& total, Act&& act) {
  storm.wipe();
  Ledger ledger;
  const auto before = storm.host().snapshot();
  Traffic traffic{storm, ledger};
  act(traffic);
  if (testing::Test::HasFatalFailure()) return;
  traffic.finish();

  ASSERT_EQ(storm.settle(), "");
  const Account account = settle_account(storm.evidence(), ledger, before, storm.host().snapshot());
  ASSERT_THAT(account.complaints, testing::IsEmpty());
  total += account;
}

}  // namespace storm
