// Says of itself what it is told to say, and counts how often it is asked.
#include "patient_contract.hpp"

#include <stdexcept>
#include <string>

#include <unistd.h>

namespace {

class Patient final : public patient::Contract {
  shunt::Status init(const patient::Config& config) override {
    health_ = config.health;
    return {};
  }

  shunt::Health health() const override {
    ++asked_;
    if (within_handler_) return {shunt::Health::NotServing, "asked within a handler"};
    if (health_ == "throw") throw std::runtime_error("thrown on purpose");
    while (health_ == "hang") ::pause();
    if (health_ == "alternate")
      return asked_ % 2 == 0 ? shunt::Health::Degraded : shunt::Health(shunt::Health::NotServing, "odd");
    if (health_.starts_with("not serving")) return {shunt::Health::NotServing, reason("not serving")};
    if (health_.starts_with("degraded")) return {shunt::Health::Degraded, reason("degraded")};
    return shunt::Health::Serving;
  }

  /// Answers with how often it was asked by then; `patience_ns` later.
  shunt::Status act(const shunt::Context&, const stage::Order& order, shunt::Reply<stage::Outcome>& reply) override {
    within_handler_ = true;
    if (order.patience_ns() > 0) ::usleep(static_cast<useconds_t>(order.patience_ns() / 1000));
    within_handler_ = false;
    return reply.send([&](auto& build) { return stage::CreateOutcome(build, asked_); });
  }

  /// Is what the order says from now on, and publishes its number.
  shunt::Status on_stage_orders(const shunt::Context&, const shunt::Received<stage::Order>& order) override {
    health_ = order->text() == nullptr ? "" : order->text()->str();
    return publish_patient_news([&](auto& build) { return stage::CreateNews(build, order->number()); });
  }

  [[nodiscard]] std::string_view reason(std::string_view state) const {
    return health_.size() > state.size() + 2 ? std::string_view{health_}.substr(state.size() + 2) : std::string_view{};
  }

  std::string health_;
  bool within_handler_ = false;
  mutable std::uint64_t asked_ = 0;
};

}  // namespace

SHUNT_PLUGIN(Patient)
