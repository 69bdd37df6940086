#include "accounts.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace storm {
namespace {

constexpr std::size_t kComplaintsMax = 20;  ///< More would hide the first.

/// What handlers did with one message, read once.
struct Seen {
  unsigned fresh = 0;
  unsigned flagged = 0;
  unsigned done = 0;
  unsigned spoiled = 0;

  explicit Seen(const Entry& entry)
      : fresh(entry.fresh), flagged(entry.flagged), done(entry.done), spoiled(entry.spoiled) {}
  [[nodiscard]] unsigned begun() const { return fresh + flagged; }
};

/// Outcomes that the host counted as unknown for one receiver of a route between two snapshots.
std::uint64_t unknown_between(const shunt::HostSnapshot& before, const shunt::HostSnapshot& after,
                              std::string_view route, std::string_view plugin) {
  const auto sum = [&](const shunt::HostSnapshot& snapshot) {
    std::uint64_t unknown = 0;
    for (const auto& each : snapshot.routes)
      for (const auto& receiver : each.receivers)
        unknown += each.name == route && receiver.plugin == plugin ? receiver.unknown : 0;
    return unknown;
  };
  return sum(after) - sum(before);
}

class Audit {
  /// `require(holds, complaint)` for one message.
  auto requirement(Sheet sheet, std::uint32_t id, const Seen& seen) {
    return [this, sheet, id, seen](bool holds, std::string_view complaint) {
      if (!holds)
        complain(fmt::format("message {} of sheet {} {} (entered {} fresh, {} marked; done {})", id,
                             static_cast<unsigned>(sheet), complaint, seen.fresh, seen.flagged, seen.done));
    };
  }

 public:
  Audit(const Evidence& evidence, const Ledger& ledger) : evidence_(evidence), ledger_(ledger) {}

  /// `marked_max` is how often a handler may be entered with the message marked as redelivered.
  void calls(Sheet sheet, unsigned marked_max) {
    for (std::uint32_t id = 0; id < kIdsMax; ++id) {
      const Seen seen{evidence_.entry(sheet, id)};
      const Outcome outcome = ledger_.outcome(sheet, id);
      const auto require = requirement(sheet, id, seen);
      entered_once(seen, marked_max, require);
      switch (outcome) {
        case Outcome::Replied:
          ++account.replied;
          require(seen.done >= 1, "was answered and is not done");
          require(marked_max > 0 || seen.done == 1, "was answered and is done twice");
          break;
        case Outcome::Unknown: ++account.unknown; break;
        case Outcome::Refused: ++account.refused; [[fallthrough]];
        default: require(seen.begun() == 0, "was refused or not sent, and is begun"); break;
      }
    }
  }

  /// What was sent on one sheet and recorded on another. `unknown` is what the host owns up to: as many may be undone.
  void publications(Sheet sent_on, Sheet sheet, unsigned marked_max, std::uint64_t unknown, bool receipts = true) {
    std::uint64_t undone = 0;
    for (std::uint32_t id = 0; id < kIdsMax; ++id) {
      const Seen seen{evidence_.entry(sheet, id)};
      const Outcome outcome = ledger_.outcome(sent_on, id);
      const auto require = requirement(sheet, id, seen);
      entered_once(seen, marked_max, require);
      if (receipts) confirmed(sheet, id, seen, require);
      if (outcome != Outcome::Sent) require(seen.begun() == 0, "was not sent, and is begun");
      else if (seen.done > 0) ++account.delivered;
      else ++undone;
    }
    account.unreported += undone;
    if (undone > unknown)
      complain(fmt::format("sheet {}: {} publications are not done, and the host counts {} as unknown",
                           static_cast<unsigned>(sheet), undone, unknown));
  }

  Account account;

 private:
  template <typename Require>
  void entered_once(const Seen& seen, unsigned marked_max, const Require& require) {
    require(seen.fresh <= 1, "was delivered twice without a mark");
    require(seen.flagged <= marked_max, "was delivered again too often");
    require(seen.spoiled == 0, "came with other bytes than were sent");
    account.redelivered += seen.flagged;
  }

  /// What is done was published, and each receipt beyond the first says that it may be one.
  template <typename Require>
  void confirmed(Sheet sheet, std::uint32_t id, const Seen& seen, const Require& require) {
    const Receipts& receipts = ledger_.receipts[static_cast<std::size_t>(sheet)][id];
    const unsigned all = receipts.fresh + receipts.flagged;
    require(all >= seen.done, "is done and its receipt is lost");
    require(all <= seen.begun(), "has more receipts than handlers were entered");
    require(receipts.fresh <= 1, "has two receipts without a mark");
  }

  void complain(std::string text) {
    if (account.complaints.size() < kComplaintsMax) account.complaints.push_back(std::move(text));
  }

  const Evidence& evidence_;
  const Ledger& ledger_;
};

}  // namespace

Account& Account::operator+=(const Account& other) {
  replied += other.replied;
  unknown += other.unknown;
  refused += other.refused;
  delivered += other.delivered;
  unreported += other.unreported;
  redelivered += other.redelivered;
  complaints.insert(complaints.end(), other.complaints.begin(), other.complaints.end());
  return *this;
}

std::string describe(const Account& account) {
  return fmt::format(
      "calls: {} answered, {} unknown, {} refused; publications: {} done, {} unknown; {} entered again, marked",
      account.replied, account.unknown, account.refused, account.delivered, account.unreported, account.redelivered);
}

Account settle_account(const Evidence& evidence, Ledger& ledger, const shunt::HostSnapshot& before,
                       const shunt::HostSnapshot& after) {
  const auto unknown = [&](std::string_view route, std::string_view plugin) {
    return unknown_between(before, after, route, plugin);
  };
  Audit audit{evidence, ledger};
  audit.calls(Sheet::Asked, 1);
  audit.calls(Sheet::Ordered, 0);
  audit.calls(Sheet::Passed, 0);
  audit.publications(Sheet::Told, Sheet::Told, 0, unknown("storm.told", "witness"));
  audit.publications(Sheet::Told, Sheet::ToldToo, 0, unknown("storm.told", "relay"), false);
  audit.publications(Sheet::Repeated, Sheet::Repeated, 1, unknown("storm.repeated", "witness"));
  // Each of two hops may be taken again once; relay's second publication is marked, and so never sent again.
  audit.publications(Sheet::Forwarded, Sheet::Forwarded, 2,
                     unknown("storm.repeated", "witness") + unknown("storm.forwarded", "relay"));
  const std::lock_guard lock{ledger.mutex};
  for (const std::string& complaint : ledger.complaints) audit.account.complaints.push_back(complaint);
  return audit.account;
}

}  // namespace storm
