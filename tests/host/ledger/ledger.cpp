// Keeps a sum, and hands it over as it is told, well or badly.
#include "ledger_contract.hpp"

#include <chrono>
#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

namespace {

using namespace std::chrono_literals;

class Ledger final : public ledger::Contract {
  shunt::Status init(const ledger::Config& config) override {
    config_ = config;
    return {};
  }
  shunt::Status activate() override {
    if (config_.beat_us == 0) return {};
    SHUNT_TRY(timer, every(std::chrono::microseconds{config_.beat_us}, [this] { return beat(); }));
    std::move(timer).detach();
    return {};
  }

  shunt::Status on_ledger_entries(const shunt::Context&, const shunt::Received<ledgers::Entry>& entry) override {
    const std::lock_guard lock{mutex_};
    amount_ += entry->amount();
    ++entries_;
    return {};
  }
  shunt::Status sum(const shunt::Context&, const ledgers::Ask&, shunt::Reply<ledgers::Sum>& reply) override {
    const std::lock_guard lock{mutex_};
    return reply.send(
        [&](auto& build) { return ledgers::CreateSum(build, amount_, entries_, restores_, ledger::kVersionMajor); });
  }

  shunt::Status beat() {
    return publish_ledger_beats(
        [&](auto& build) { return ledgers::CreateBeat(build, ++beats_, ledger::kVersionMajor); });
  }

  /// What is to go wrong in "snapshot" or "restore"; nothing: `then`.
  template <typename Then>
  shunt::Status unless_in_trouble(const std::string& step, const Then& then) {
    if (config_.trouble == step + " fail") return shunt::error(shunt::ErrorCode::PluginFailed, "told to fail");
    if (config_.trouble == step + " throw") throw std::runtime_error("thrown on purpose");
    if (config_.trouble == step + " die") std::abort();
    if (config_.trouble == step + " slow") std::this_thread::sleep_for(500ms);
    if (config_.trouble == step + " hang")
      while (true) ::pause();
    if (config_.trouble == step + " nothing") return {};
    return then();
  }

#ifdef HAS_STATE_1
  shunt::Status snapshot(shunt::Snapshot<ledgers::State1>& snapshot) override {
    return unless_in_trouble("snapshot", [&]() -> shunt::Status {
      const std::vector<std::uint8_t> padding(static_cast<std::size_t>(config_.padding));
      const auto built = [&](auto& build) { return ledgers::CreateState1Direct(build, amount_, entries_, &padding); };
      SHUNT_CHECK(snapshot.write(built));
      return config_.trouble == "snapshot twice" ? snapshot.write(built) : shunt::Status{};
    });
  }
  shunt::Status restore(const ledgers::State1& state) override {
    return unless_in_trouble("restore", [&] { return take(state.amount(), state.entries()); });
  }
#endif
#ifdef HAS_STATE_2
  shunt::Status snapshot(shunt::Snapshot<ledgers::State2>& snapshot) override {
    return unless_in_trouble("snapshot", [&] {
      return snapshot.write(
          [&](auto& build) { return ledgers::CreateState2(build, entries_, amount_, ledger::kVersionMajor); });
    });
  }
  shunt::Status restore(const ledgers::State2& state) override {
    return unless_in_trouble("restore", [&] { return take(state.amount(), state.entries()); });
  }
#endif

  [[maybe_unused]] shunt::Status take(std::int64_t amount, std::uint64_t entries) {
    amount_ = amount;
    entries_ = entries;
    ++restores_;
    return {};
  }

  ledger::Config config_;
  std::mutex mutex_;  // of several workers
  std::int64_t amount_ = 0;
  std::uint64_t entries_ = 0;
  std::uint64_t restores_ = 0;
  std::uint64_t beats_ = 0;
};

}  // namespace

SHUNT_PLUGIN(Ledger)
