/// Hosts that use what was stopped, taken, moved away or destroyed.
#include "mistakes.hpp"
#include "offender_config.hpp"

#include <optional>

namespace shunt::test {
namespace {

std::string call_after_the_host() {
  std::optional<Host> host = start(with_offender());
  auto client = host->client<offender::Client>().value();
  host.reset();
  return said(client.commit(deed("anything")));
}

std::string call_after_a_stop() {
  Host host = start(with_offender());
  auto client = host.client<offender::Client>().value();
  EXPECT_TRUE(host.stop("offender"));
  return said(client.commit(deed("anything")));
}

std::string take_a_reply_twice() {
  Host host = start(with_offender());
  auto client = host.client<offender::Client>().value();
  auto pending = client.commit_async(deed("anything"), {.deadline = 30s}).value();
  EXPECT_TRUE(pending.get());
  return said(pending.get());
}

std::string take_what_was_moved_away() {
  Host host = start(with_offender());
  auto client = host.client<offender::Client>().value();
  auto pending = client.commit_async(deed("anything"), {.deadline = 30s}).value();
  auto other = std::move(pending);
  EXPECT_TRUE(pending.ready());    // NOLINT(bugprone-use-after-move): that is the mistake
  EXPECT_FALSE(pending.cancel());  // NOLINT(bugprone-use-after-move)
  EXPECT_TRUE(other.get()) << "which takes nothing from the other";
  return said(pending.get());
}

}  // namespace

Mistakes mistakes_with_what_is_gone() {
  return {
      {"A call after the host has gone", call_after_the_host},
      {"A call of a plugin that was stopped", call_after_a_stop},
      {"Taking the reply of a `Pending` twice", take_a_reply_twice},
      {"Using a `Pending` that was moved away", take_what_was_moved_away},
  };
}

}  // namespace shunt::test
