// Passes on what the actor publishes, and answers it.
#include "partner_contract.hpp"

#include <cstring>
#include <stdexcept>
#include <string_view>

#include <unistd.h>

namespace {

using stage::Deed;

class Partner final : public partner::Contract {
  shunt::Status init(const partner::Config& config) override {
    pass_on_ = config.pass_on;
    return {};
  }

  shunt::Status act(const shunt::Context& context, const stage::Order& order,
                    shunt::Reply<stage::Outcome>& reply) override {
    std::uint64_t number = order.number();
    switch (order.deed()) {
      case Deed::Fail: return shunt::error(shunt::ErrorCode::BadInput, "{} was told to fail", order.number());
      case Deed::Throw: throw std::runtime_error("thrown on purpose");
      case Deed::Exit: ::_exit(static_cast<int>(order.number()));
      case Deed::UntilCancelled:
        while (!context.cancelled()) ::usleep(100);
        return shunt::error(shunt::ErrorCode::Cancelled, "nobody waits for it");
      case Deed::TellCancelled:
        SHUNT_CHECK(publish(0, 0));
        while (!context.cancelled()) ::usleep(100);
        SHUNT_CHECK(publish(order.number(), 0));
        return shunt::error(shunt::ErrorCode::Cancelled, "nobody waits for it");
      case Deed::Remaining: number = static_cast<std::uint64_t>(context.remaining().count()); break;
      case Deed::Publish:
        for (std::uint32_t i = 0; i < order.count(); ++i) SHUNT_CHECK(publish(order.number() + i, order.bytes()));
        break;
      case Deed::Ask: {
        SHUNT_TRY(answered,
                  calls().actor_act(
                      context, [&](auto& build) { return stage::CreateOrder(build, order.then(), order.number()); },
                      {.deadline = std::chrono::nanoseconds{order.patience_ns()}}));
        number = answered->number();
        break;
      }
      default: break;
    }
    return reply.send([&](auto& build) {
      const std::string_view said = order.text() == nullptr ? "" : order.text()->string_view();
      const std::string_view told = order.deed() == Deed::TellHints ? context.hints() : said;
      const auto text = build.CreateString(told.data(), told.size());
      const auto padding = pad(build, order.bytes());
      return stage::CreateOutcome(build, number, text, padding, partner::kVersionMajor);
    });
  }

  shunt::Status on_actor_news(const shunt::Context&, const shunt::Received<stage::News>& news) override {
    for (std::int64_t i = 0; i < pass_on_; ++i) SHUNT_CHECK(publish(news->number(), news->padding()->size()));
    return {};
  }

  shunt::Status on_stage_orders(const shunt::Context&, const shunt::Received<stage::Order>& order) override {
    return order->deed() == Deed::Publish ? publish(order->number(), order->bytes()) : shunt::Status{};
  }

  shunt::Status publish(std::uint64_t number, std::uint32_t bytes) {
    return publish_partner_news([&](auto& build) {
      const auto padding = pad(build, bytes);
      return stage::CreateNews(build, number, 0, padding, partner::kVersionMajor);
    });
  }

  template <typename Builder>
  static flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>> pad(Builder& build, std::uint32_t bytes) {
    std::uint8_t* data = nullptr;
    const auto padding = build.CreateUninitializedVector(bytes, &data);
    std::memset(data, 'x', bytes);
    return padding;
  }

  std::int64_t pass_on_ = 1;
};

}  // namespace

SHUNT_PLUGIN(Partner)
