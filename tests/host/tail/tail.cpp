// The end of a chain: says when what reaches it came about.
#include "tail_contract.hpp"

#include <stdexcept>

namespace {

std::uint64_t origin_of(const shunt::Context& context) {
  return static_cast<std::uint64_t>(context.origin().value_or(std::chrono::nanoseconds{0}).count());
}

class Tail final : public tail::Contract {
  shunt::Status init(const tail::Config& config) override {
    if (config.refuse == 0) return {};
    const auto accepts = [refuse = config.refuse](const auto& message) -> shunt::Status {
      if (refuse < 0) throw std::runtime_error("thrown on purpose");
      if (message.number() == static_cast<std::uint64_t>(refuse))
        return shunt::error(shunt::ErrorCode::BadInput, "the number is {}", message.number());
      return {};
    };
    validators().add<stage::Order>(accepts);
    validators().add<stage::News>(accepts);
    return {};
  }

  shunt::Status act(const shunt::Context& context, const stage::Order& order,
                    shunt::Reply<stage::Outcome>& reply) override {
    SHUNT_CHECK(publish_tail_news(
        [&](auto& build) { return stage::CreateNews(build, origin_of(context), build.CreateString("call")); }));
    if (order.deed() == stage::Deed::Fail) return shunt::error(shunt::ErrorCode::BadInput, "told to fail");
    return reply.send([&](auto& build) { return stage::CreateOutcome(build, origin_of(context)); });
  }

  shunt::Status on_pacer_news(const shunt::Context& context, const shunt::Received<stage::News>& news) override {
    if (context.origin() != news.origin()) return shunt::error(shunt::ErrorCode::Unknown, "two origins");
    return publish_tail_news(
        [&](auto& build) { return stage::CreateNews(build, origin_of(context), build.CreateString("news")); });
  }
};

}  // namespace

SHUNT_PLUGIN(Tail)
