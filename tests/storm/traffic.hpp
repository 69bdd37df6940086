#pragma once
/// Threads that call and publish numbered messages on every way there is, and note what became of each.
///
///     Ledger ledger;
///     Traffic traffic{storm, ledger};
///     traffic.allow(1000);                        // on each sheet
///     traffic.finish();

#include "host_under_storm.hpp"

#include <array>
#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace storm {

/// What the sender was told.
enum class Outcome : std::uint8_t {
  None,     ///< It was never sent.
  Sent,     ///< A publication that was accepted.
  Replied,  ///< A call that was answered.
  Unknown,  ///< A call that ended with OutcomeUnknown.
  Refused,  ///< A call that ended with an error which says that nothing was done.
};

struct Receipts {
  std::uint8_t fresh = 0;
  std::uint8_t flagged = 0;
};

struct Ledger {
  Ledger() {
    for (auto& sheet : outcomes) sheet.resize(kIdsMax);
    for (auto& sheet : receipts) sheet.resize(kIdsMax);
  }
  Outcome& outcome(Sheet sheet, std::uint32_t id) { return outcomes[static_cast<std::size_t>(sheet)][id]; }
  [[nodiscard]] Outcome outcome(Sheet sheet, std::uint32_t id) const {
    return outcomes[static_cast<std::size_t>(sheet)][id];
  }
  /// For the test to fail with: what no storm explains.
  void complain(std::string text) {
    const std::lock_guard lock{mutex};
    complaints.push_back(std::move(text));
  }

  std::array<std::vector<Outcome>, kSheets> outcomes;   // each written by one thread
  std::array<std::vector<Receipts>, kSheets> receipts;  // written by whoever polls
  std::mutex mutex;
  std::vector<std::string> complaints;  // under mutex
};

class Traffic {
 public:
  Traffic(HostUnderStorm& storm, Ledger& ledger);

  /// As many more messages on every sheet. False: the evidence has no room for them.
  bool allow(std::uint32_t more) {
    if (allowed_.load(std::memory_order_relaxed) + more > kIdsMax) return false;
    allowed_.fetch_add(more, std::memory_order_relaxed);
    return true;
  }
  /// Sends no more and waits for the calls that are under way. Publications may still be on their way.
  void finish();
  /// What was sent, over all sheets.
  [[nodiscard]] std::uint64_t sent() const { return sent_.load(std::memory_order_relaxed); }

 private:
  template <typename Send>
  void send_each(const std::stop_token& stop, std::initializer_list<Sheet> sheets, Send&& send);
  template <typename Client>
  void call(Client&& function, Sheet sheet, std::uint32_t id);

  shunt::Host& host_;
  Ledger& ledger_;
  std::atomic<std::uint32_t> allowed_{0};
  std::atomic<std::uint64_t> sent_{0};
  std::vector<shunt::Subscription> subscriptions_;
  std::vector<std::jthread> threads_;  // last: they use the others
};

}  // namespace storm
