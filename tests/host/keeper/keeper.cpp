// Keeps answers, as it is told, and gives them later.
#include "keeper_contract.hpp"

#include <cstdlib>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace {

using keeping::Deed;

class Keeper final : public keeper::Contract {
  /// An answer that is owed, and what of its request it needs.
  struct Kept {
    shunt::Deferred<keeping::Outcome> answer;
    std::uint64_t number = 0;
    bool redelivered = false;
  };

  shunt::Status init(const keeper::Config&) override { return {}; }
  void cleanup() noexcept override {
    threads_.clear();
    const std::lock_guard lock{mutex_};
    kept_.clear();
  }

  shunt::Status act(const shunt::Context& context, const keeping::Order& order,
                    shunt::Reply<keeping::Outcome>& reply) override {
    switch (order.deed()) {
      case Deed::Keep: return keep(context, order, reply);
      case Deed::KeepAndThrow: SHUNT_CHECK(keep(context, order, reply)); throw std::runtime_error("thrown on purpose");
      case Deed::LoseAndThrow: {
        const auto lost = reply.defer();
        throw std::runtime_error("thrown on purpose");
      }
      case Deed::KeepAndReturn: return answer_on_a_thread(context, order, reply);
      case Deed::Settle: SHUNT_CHECK(settle(order.number())); break;
      case Deed::SettleOnThread: SHUNT_CHECK(settle_on_a_thread(order.number())); break;
      case Deed::Drop: drop(order.number()); break;
      case Deed::IsCancelled: return say(reply, is_cancelled(order.number()) ? 1 : 0, context.redelivered());
      case Deed::UntilCancelled:
        while (!context.cancelled()) std::this_thread::sleep_for(std::chrono::microseconds{100});
        return shunt::error(shunt::ErrorCode::Cancelled, "nobody waits for it");
      case Deed::Fall: std::abort();
      case Deed::Echo: break;
    }
    return say(reply, order.number(), context.redelivered());
  }
  shunt::Status repeat(const shunt::Context& context, const keeping::Order& order,
                       shunt::Reply<keeping::Outcome>& reply) override {
    return act(context, order, reply);
  }
  shunt::Status on_keeper_orders(const shunt::Context&, const shunt::Received<keeping::Order>& order) override {
    if (order->deed() == Deed::Fall) std::abort();
    return order->deed() == Deed::Settle ? settle(order->number()) : shunt::Status{};
  }

  template <typename To>
  static shunt::Status say(To& to, std::uint64_t number, bool redelivered) {
    return to.send(
        [&](auto& build) { return keeping::CreateOutcome(build, number, keeper::kVersionMajor, redelivered); });
  }
  static shunt::Status give(Kept& kept) { return say(kept.answer, kept.number, kept.redelivered); }

  shunt::Status keep(const shunt::Context& context, const keeping::Order& order,
                     shunt::Reply<keeping::Outcome>& reply) {
    SHUNT_TRY(later, reply.defer());
    const std::lock_guard lock{mutex_};
    kept_.insert_or_assign(order.number(), Kept{std::move(later), order.number(), context.redelivered()});
    return {};
  }
  shunt::Status answer_on_a_thread(const shunt::Context& context, const keeping::Order& order,
                                   shunt::Reply<keeping::Outcome>& reply) {
    SHUNT_TRY(later, reply.defer());
    const std::lock_guard lock{mutex_};
    threads_.emplace_back([kept = Kept{std::move(later), order.number(), context.redelivered()},
                           pause = std::chrono::nanoseconds{order.pause_ns()}, log = this->log()]() mutable {
      std::this_thread::sleep_for(pause);
      if (const auto given = give(kept); !given) log.error("{}", given.error().message);
    });
    return {};
  }

  std::optional<Kept> take(std::uint64_t number) {
    const std::lock_guard lock{mutex_};
    auto found = kept_.extract(number);
    return found.empty() ? std::nullopt : std::optional(std::move(found.mapped()));
  }
  shunt::Status settle(std::uint64_t number) {
    auto kept = take(number);
    if (!kept) return shunt::error(shunt::ErrorCode::BadInput, "nothing is kept under {}", number);
    auto given = give(*kept);
    if (!given && kept->answer.owed()) {
      const std::lock_guard lock{mutex_};
      kept_.insert_or_assign(number, *std::move(kept));
    }
    return given;
  }
  shunt::Status settle_on_a_thread(std::uint64_t number) {
    shunt::Status status;
    std::thread{[&] { status = settle(number); }}.join();
    return status;
  }
  void drop(std::uint64_t number) { static_cast<void>(take(number)); }
  bool is_cancelled(std::uint64_t number) {
    const std::lock_guard lock{mutex_};
    return kept_.at(number).answer.cancelled();
  }

  std::mutex mutex_;
  std::map<std::uint64_t, Kept> kept_;
  std::vector<std::jthread> threads_;
};

}  // namespace

SHUNT_PLUGIN(Keeper)
