// Does as it is told. What it is told wrongly is its own fault.
#include "actor_contract.hpp"

#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

namespace {

using stage::Deed;

class Actor final : public actor::Contract {
  shunt::Status init(const actor::Config& config) override {
    trouble_ = config.trouble;
    return enter("init");
  }
  shunt::Status validate() override { return enter("validate"); }
  shunt::Status activate() override { return enter("activate"); }
  void cleanup() noexcept override {
    if (trouble_ == "cleanup hang" || trouble_ == "validate fail, cleanup hang") hang();
    if (trouble_ == "cleanup exit") ::_exit(3);
    if (trouble_ == "cleanup crash") crash();
  }

  shunt::Status act(const shunt::Context& context, const stage::Order& order,
                    shunt::Reply<stage::Outcome>& reply) override {
    switch (order.deed()) {
      case Deed::Silence: return {};
      case Deed::UntilCancelled:
        while (!context.cancelled()) ::usleep(100);
        return shunt::error(shunt::ErrorCode::Cancelled, "nobody waits for it");
      case Deed::Publish:
        SHUNT_CHECK(publish(order));
        return reply.send([&](auto& build) {
          return stage::CreateOutcome(build, order.number(), build.CreateString(""), pad(build, 0));
        });
      case Deed::Ask: return ask(context, order, reply);
      case Deed::TellCancelled:
        SHUNT_CHECK(publish_news(0));
        while (!context.cancelled()) ::usleep(100);
        return tell(order.number());
      case Deed::AskAndTell: return ask_and_tell(context, order, reply);
      case Deed::Hoard: return hoard(context, order, reply);
      case Deed::LetGo: hoard_.clear(); break;
      case Deed::TellHints: return tell_hints(reply, context);
      case Deed::ThrowFirst:
        if (!context.redelivered()) throw std::runtime_error("thrown the first time");
        break;
      case Deed::Remaining:
        return answer(reply, order, context, static_cast<std::uint64_t>(context.remaining().count()));
      default: SHUNT_CHECK(misbehave(order));
    }
    return answer(reply, order, context, order.number());
  }
  shunt::Status repeat(const shunt::Context& context, const stage::Order& order,
                       shunt::Reply<stage::Outcome>& reply) override {
    return act(context, order, reply);
  }

  shunt::Status on_stage_orders(const shunt::Context& context, const shunt::Received<stage::Order>& order) override {
    if (order->deed() == Deed::Ask) return ask_and_publish(context, *order);
    return order->deed() == Deed::Publish ? publish(*order, true) : misbehave(*order);
  }
  shunt::Status on_partner_news(const shunt::Context&, const shunt::Received<stage::News>&) override { return {}; }

  shunt::Status enter(std::string_view phase) {
    if (!trouble_.starts_with(phase)) return {};
    const auto what = std::string_view{trouble_}.substr(phase.size());
    if (what == " fail twice" && ++failed_ > 2) return {};
    if (what.starts_with(" fail")) return shunt::error(shunt::ErrorCode::BadInput, "{} was told to fail", phase);
    if (what == " throw") throw std::runtime_error("thrown on purpose");
    if (what == " exit") ::_exit(3);
    if (what == " crash") crash();
    if (what == " hang") hang();
    if (what == " publish")
      return publish_actor_news([](auto& build) { return stage::CreateNews(build, 1, 0, pad(build, 0)); });
    return {};
  }

  shunt::Status misbehave(const stage::Order& order) {
    switch (order.deed()) {
      case Deed::Fail: return shunt::error(shunt::ErrorCode::BadInput, "{} was told to fail", order.number());
      case Deed::Throw: throw std::runtime_error("thrown on purpose");
      case Deed::ThrowNumber: throw 42;
      case Deed::Crash: crash();
      case Deed::Abort: std::abort();
      case Deed::Exit: ::_exit(static_cast<int>(order.number()));
      case Deed::Hang: hang();
      default: return {};
    }
  }

  shunt::Status answer(shunt::Reply<stage::Outcome>& reply, const stage::Order& order, const shunt::Context& context,
                       std::uint64_t number) {
    return reply.send([&](auto& build) {
      const auto text = build.CreateString(order.text() == nullptr ? "" : order.text()->c_str());
      const auto padding = pad(build, order.bytes());
      return stage::CreateOutcome(build, number, text, padding, actor::kVersionMajor, context.redelivered());
    });
  }

  /// Where nobody would hear that there was no room, it waits for it.
  shunt::Status publish(const stage::Order& order, bool waits = false) {
    for (std::uint32_t i = 0; i < order.count(); ++i) {
      const auto publish_one = [&] {
        return publish_actor_news([&](auto& build) {
          const auto padding = pad(build, order.bytes());
          return stage::CreateNews(build, order.number() + i, 0, padding, actor::kVersionMajor);
        });
      };
      auto published = publish_one();
      for (; waits && !published && published.error().code == shunt::ErrorCode::RingFull; published = publish_one())
        ::usleep(100);
      SHUNT_CHECK(published);
    }
    return {};
  }

  static shunt::Status tell_hints(shunt::Reply<stage::Outcome>& reply, const shunt::Context& context) {
    return reply.send([&](auto& build) {
      const auto text = build.CreateString(context.hints().data(), context.hints().size());
      return stage::CreateOutcome(build, 0, text, pad(build, 0), actor::kVersionMajor);
    });
  }

  shunt::Status publish_news(std::uint64_t number) {
    return publish_actor_news([&](auto& build) { return stage::CreateNews(build, number, 0, pad(build, 0)); });
  }

  shunt::Status tell(std::uint64_t number) {
    SHUNT_CHECK(publish_news(number));
    return shunt::error(shunt::ErrorCode::Cancelled, "nobody waits for it");
  }

  auto ask_partner(const shunt::Context& context, const stage::Order& order) {
    return calls().partner_act(context,
                               [&](auto& build) {
                                 const auto text =
                                     build.CreateString(order.text() == nullptr ? "" : order.text()->c_str());
                                 return stage::CreateOrder(build, order.then(), order.number(), text, order.bytes());
                               },
                               {.deadline = std::chrono::nanoseconds{order.patience_ns()}});
  }

  /// News with what the partner has said.
  shunt::Status ask_and_publish(const shunt::Context& context, const stage::Order& order) {
    const auto answered = ask_partner(context, order);
    if (!answered) return tl::make_unexpected(answered.error());
    return publish_actor_news([&](auto& build) {
      const auto text = build.CreateString((*answered)->text()->c_str());
      return stage::CreateNews(build, (*answered)->number(), text, pad(build, 0), (*answered)->version());
    });
  }

  shunt::Status ask_and_tell(const shunt::Context& context, const stage::Order& order,
                             shunt::Reply<stage::Outcome>& reply) {
    if (const auto answered = ask_partner(context, order); !answered)
      return tell(static_cast<std::uint64_t>(answered.error().code));
    return answer(reply, order, context, order.number());
  }

  shunt::Status hoard(const shunt::Context& context, const stage::Order& order, shunt::Reply<stage::Outcome>& reply) {
    auto answered = ask_partner(context, order);
    if (!answered) return tl::make_unexpected(answered.error());
    hoard_.push_back(std::move(*answered));
    return reply.send([&](auto& build) { return stage::CreateOutcome(build, hoard_.size()); });
  }

  shunt::Status ask(const shunt::Context& context, const stage::Order& order, shunt::Reply<stage::Outcome>& reply) {
    const auto answered = ask_partner(context, order);
    if (!answered) return tl::make_unexpected(answered.error());
    return reply.send([&](auto& build) {
      const auto text = build.CreateString((*answered)->text()->c_str());
      const auto padding = pad(build, (*answered)->padding()->size());
      return stage::CreateOutcome(build, (*answered)->number(), text, padding, actor::kVersionMajor);
    });
  }

  template <typename Builder>
  static flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>> pad(Builder& build, std::uint32_t bytes) {
    std::uint8_t* data = nullptr;
    const auto padding = build.CreateUninitializedVector(bytes, &data);
    std::memset(data, 'x', bytes);
    return padding;
  }

  [[noreturn]] static void crash() {
    volatile int* volatile nowhere = reinterpret_cast<volatile int*>(16);
    *nowhere = 1;
    ::_exit(9);
  }
  [[noreturn]] static void hang() {
    for (;;) ::pause();
  }

  std::string trouble_;
  int failed_ = 0;
  std::vector<shunt::Answer<stage::Outcome>> hoard_;
};

}  // namespace

SHUNT_PLUGIN(Actor)
