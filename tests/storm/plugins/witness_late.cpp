// Answers by a thread of its own, the latest first, and leaves evidence of it; confirms in its handlers.
#include "item.hpp"
#include "recorder.hpp"
#include "witness_contract.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace {

using storm::Item;
using storm::Sheet;

Sheet sheet_of(const Item& item) { return static_cast<Sheet>(item.sheet()); }

class LateWitness final : public witness::Contract {
  struct Owed {
    shunt::Deferred<Item> answer;
    Sheet sheet;
    std::uint32_t id;
  };

  shunt::Status init(const witness::Config&) override { return {}; }
  shunt::Status activate() override {
    thread_ = std::jthread{[this](const std::stop_token& stop) { answer_all(stop); }};
    return {};
  }
  void cleanup() noexcept override { thread_ = {}; }

  shunt::Status ask(const shunt::Context& context, const Item& item, shunt::Reply<Item>& reply) override {
    return answer_later(context, item, reply);
  }
  shunt::Status order(const shunt::Context& context, const Item& item, shunt::Reply<Item>& reply) override {
    return answer_later(context, item, reply);
  }
  shunt::Status on_storm_told(const shunt::Context& context, const shunt::Received<Item>& item) override {
    return confirm(context, *item);
  }
  shunt::Status on_storm_repeated(const shunt::Context& context, const shunt::Received<Item>& item) override {
    return confirm(context, *item);
  }

  shunt::Status answer_later(const shunt::Context& context, const Item& item, shunt::Reply<Item>& reply) {
    recorder_.begin(sheet_of(item), context, item);
    SHUNT_TRY(later, reply.defer());
    {
      const std::lock_guard lock{mutex_};
      owed_.push_back({std::move(later), sheet_of(item), item.id()});
    }
    more_.notify_one();
    return {};
  }

  void answer_all(const std::stop_token& stop) {
    while (true) {
      std::unique_lock lock{mutex_};
      if (!more_.wait(lock, stop, [&] { return !owed_.empty(); })) return;
      Owed owed = std::move(owed_.back());
      owed_.pop_back();
      lock.unlock();
      recorder_.done(owed.sheet, owed.id);
      const auto sent = storm::insist([&] { return owed.answer.send(storm::item(owed.sheet, owed.id)); });
      if (!sent && sent.error().code != shunt::ErrorCode::Cancelled)  // which a call of a relay is that was killed
        log().error("{}", sent.error().message);
    }
  }

  shunt::Status confirm(const shunt::Context& context, const Item& item) {
    recorder_.begin(sheet_of(item), context, item);
    SHUNT_CHECK(storm::insist(
        [&] { return publish_storm_receipts([&](auto& build) { return copy_of(build, item, sheet_of(item)); }); }));
    recorder_.done(sheet_of(item), item);
    return {};
  }

  storm::Recorder recorder_{storm::Actor::Witness};
  std::mutex mutex_;
  std::condition_variable_any more_;
  std::vector<Owed> owed_;
  std::jthread thread_;
};

}  // namespace

SHUNT_PLUGIN(LateWitness)
