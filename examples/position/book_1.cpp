// Version 1: one list of lots for each account.
#include "position_contract.hpp"

#include <array>
#include <vector>

namespace {

constexpr std::size_t kAccounts = 64, kLots = 1100;  // 1 MiB and more, written down

struct Lot {
  std::int64_t quantity = 0;
  std::uint64_t orders = 0;

  static Lot of(const position::Lot& lot) { return {lot.quantity(), lot.orders()}; }
  [[nodiscard]] position::Lot written() const { return {quantity, orders}; }
};

class Position final : public position::Contract {
  shunt::Status init(const position::Config& config) override {
    fail_each_ = static_cast<std::uint64_t>(config.fail_each);
    accounts_.assign(kAccounts, std::vector<Lot>(kLots));
    return {};
  }

  shunt::Status on_orders(const shunt::Context&, const shunt::Received<position::Order>& order) override {
    Lot& lot = accounts_[order->account() % kAccounts][orders_ % kLots];
    lot.quantity += order->quantity();
    ++lot.orders;
    total_ += order->quantity();
    ++orders_;
    return {};
  }

  shunt::Status holding(const shunt::Context&, const position::Ask&, shunt::Reply<position::Holding>& reply) override {
    return reply.send([&](auto& build) {
      return position::CreateHolding(build, total_, orders_, handed_over_, position::kVersionMajor);
    });
  }

  shunt::Status snapshot(shunt::Snapshot<position::State1>& snapshot) override {
    ++tries_;
    return snapshot.write([&](auto& build) {
      std::vector<flatbuffers::Offset<position::Account>> accounts;
      for (std::size_t i = 0; i < accounts_.size(); ++i) {
        std::vector<position::Lot> lots;
        lots.reserve(kLots);
        for (const Lot& each : accounts_[i]) lots.push_back(each.written());
        accounts.push_back(position::CreateAccountDirect(build, fmt::format("account {}", i).c_str(), &lots));
      }
      return position::CreateState1Direct(build, total_, orders_, tries_, handed_over_, &accounts);
    });
  }

  shunt::Status restore(const position::State1& state) override {
    if (fail_each_ != 0 && state.tries() % fail_each_ == 0)
      return shunt::error(shunt::ErrorCode::PluginFailed, "restore {} fails, as its configuration wants",
                          state.tries());
    if (state.accounts() == nullptr || state.accounts()->size() != kAccounts)
      return shunt::error(shunt::ErrorCode::BadPayload, "a position has {} accounts", kAccounts);
    std::int64_t total = 0;
    for (std::size_t i = 0; i < kAccounts; ++i) {
      const auto* const lots = state.accounts()->Get(static_cast<flatbuffers::uoffset_t>(i))->lots();
      if (lots == nullptr || lots->size() != kLots)
        return shunt::error(shunt::ErrorCode::BadPayload, "an account has {} lots", kLots);
      for (std::size_t k = 0; k < kLots; ++k) {
        accounts_[i][k] = Lot::of(*lots->Get(static_cast<flatbuffers::uoffset_t>(k)));
        total += accounts_[i][k].quantity;
      }
    }
    if (total != state.total())
      return shunt::error(shunt::ErrorCode::BadPayload, "its lots come to {}, and its total is {}", total,
                          state.total());
    total_ = total;
    orders_ = state.orders();
    tries_ = state.tries();
    handed_over_ = state.handed_over() + 1;
    return {};
  }

  std::vector<std::vector<Lot>> accounts_;
  std::int64_t total_ = 0;
  std::uint64_t orders_ = 0;
  std::uint64_t tries_ = 0;
  std::uint64_t handed_over_ = 0;
  std::uint64_t fail_each_ = 0;
};

}  // namespace

SHUNT_PLUGIN(Position)
