// Does things at their time, and passes on when what it was told came about.
#include "pacer_contract.hpp"

#include <array>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

namespace {

using namespace std::chrono_literals;

class Pacer final : public pacer::Contract {
  shunt::Status init(const pacer::Config& config) override {
    config_ = config;
    if (config_.start != "init") return {};
    const auto started = every(1ms, [] {});
    code_ = started ? 0 : static_cast<std::uint64_t>(started.error().code);
    return {};
  }
  shunt::Status activate() override {
    if (config_.start != "activate" && config_.start != "fail") return {};
    SHUNT_CHECK(start(std::chrono::microseconds{config_.period_us}, 0));
    ::usleep(20'000);  // many periods pass while it is activated
    if (runs_ != 0) return shunt::error(shunt::ErrorCode::PluginFailed, "a timer ran before activate had ended");
    return config_.start == "fail" ? shunt::error(shunt::ErrorCode::BadInput, "told to fail") : shunt::Status{};
  }
  void cleanup() noexcept override {
    cleaning_ = true;
    ::usleep(20'000);
    if (every(1ms, [] {})) ::_exit(4);  // refused by now
  }

  shunt::Status act(const shunt::Context& context, const stage::Order& order,
                    shunt::Reply<stage::Outcome>& reply) override {
    const std::string what = order.text() == nullptr ? "" : order.text()->str();
    const std::chrono::nanoseconds time{order.patience_ns()};
    std::uint64_t number = runs_;
    if (what == "every") SHUNT_CHECK(start(time, order.count()));
    if (what == "after") {
      SHUNT_TRY(timer, context.after(time, [this](const shunt::Context& at) { return tell(at, {}); }));
      std::move(timer).detach();
    }
    if (what == "many") number = start_many(context);
    if (what == "in order") SHUNT_CHECK(start_in_order(context));
    if (what == "throw")
      SHUNT_CHECK(keep(context.every(time, [this] { ++runs_, throw std::runtime_error("on purpose"); })));
    if (what == "hang")
      SHUNT_CHECK(keep(context.after(time, [] {
        while (true) ::pause();
      })));
    if (what == "ask") SHUNT_CHECK(keep(context.after(time, [this](const auto& at) { return ask_later(at); })));
    if (what == "stop") timer_.cancel();
    if (what == "sleep") ::usleep(static_cast<useconds_t>(time.count() / 1000));
    if (what == "now") number = static_cast<std::uint64_t>(context.now().time_since_epoch().count());
    if (what == "code") number = code_;
    if (what == "chain") return chain(context, order, reply);
    if (what == "hints")
      return reply.send([&](auto& build) {
        const auto hints = build.CreateString(context.hints().data(), context.hints().size());
        return stage::CreateOutcome(build, 0, hints);
      });
    return reply.send([&](auto& build) { return stage::CreateOutcome(build, number); });
  }

  /// Publishes with the origin that it was given, or, told so, with another.
  shunt::Status on_stage_orders(const shunt::Context&, const shunt::Received<stage::Order>& order) override {
    const std::string what = order->text() == nullptr ? "" : order->text()->str();
    shunt::PublishOptions options;
    if (what == "none") options.origin = shunt::Origin::none();
    if (what == "now") options.origin = shunt::Origin::now();
    if (what == "at") options.origin = shunt::Origin::at(std::chrono::nanoseconds{order->patience_ns()});
    return publish_pacer_news([&](auto& build) { return stage::CreateNews(build, order->number()); }, options);
  }

  shunt::Status keep(shunt::Result<shunt::Timer> timer) {
    if (!timer) return tl::make_unexpected(timer.error());
    timer_ = std::move(*timer);
    return {};
  }

  /// Counts, and publishes each of the first `most` times; 0: all of them.
  shunt::Status start(std::chrono::nanoseconds period, std::uint32_t most) {
    return keep(every(period, [this, most](const shunt::Context& context, const shunt::Tick& tick) {
      if (cleaning_) ::_exit(5);
      if (most != 0 && runs_ + 1 == most) timer_.cancel();
      return tell(context, tick);
    }));
  }

  shunt::Status tell(const shunt::Context& context, const shunt::Tick& tick) {
    ++runs_;
    const auto text = fmt::format("{} {} {} {}", tick.due.time_since_epoch().count(), tick.missed,
                                  context.now().time_since_epoch().count(), context.origin().has_value());
    return publish_pacer_news([&](auto& build) { return stage::CreateNews(build, runs_, build.CreateString(text)); });
  }

  /// As many as there may be; how many those were.
  std::uint64_t start_many(const shunt::Context& context) {
    std::vector<shunt::Timer> timers;
    while (auto timer = context.every(1h, [] {})) timers.push_back(std::move(*timer));
    return timers.size();
  }

  /// Three that are due at other times than they are started at.
  shunt::Status start_in_order(const shunt::Context& context) {
    static constexpr std::array<std::pair<int, unsigned>, 4> kTimers{{{3, 3}, {1, 1}, {2, 2}, {1, 11}}};
    for (const auto& [delay_ms, number] : kTimers) {
      SHUNT_TRY(timer,
                context.after(std::chrono::milliseconds{delay_ms}, [this, number = number](const shunt::Context& at) {
                  return publish_pacer_news([&](auto& build) {
                    return stage::CreateNews(build, number,
                                             build.CreateString(std::to_string(at.now().time_since_epoch().count())));
                  });
                }));
      std::move(timer).detach();
    }
    return {};
  }

  shunt::Status ask_later(const shunt::Context& context) {
    const auto answered = calls().tail_act(context, [](auto& build) { return stage::CreateOrder(build); });
    if (!answered) return tl::make_unexpected(answered.error());
    return tell(context, {});
  }

  /// What the end of the chain heard, and in `text` what was heard here and of its answer.
  shunt::Status chain(const shunt::Context& context, const stage::Order& order, shunt::Reply<stage::Outcome>& reply) {
    const auto answered =
        calls().tail_act(context, [&](auto& build) { return stage::CreateOrder(build, order.then(), order.number()); });
    if (!answered) return tl::make_unexpected(answered.error());
    const auto text =
        fmt::format("{} {}", context.origin().value_or(0ns).count(), answered->origin().value_or(0ns).count());
    return reply.send(
        [&](auto& build) { return stage::CreateOutcome(build, (*answered)->number(), build.CreateString(text)); });
  }

  pacer::Config config_;
  shunt::Timer timer_;
  std::uint64_t runs_ = 0;
  std::uint64_t code_ = 0;
  bool cleaning_ = false;
};

}  // namespace

SHUNT_PLUGIN(Pacer)
