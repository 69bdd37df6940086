#include "traffic.hpp"

#include "item.hpp"
#include "relay_client.hpp"
#include "witness_client.hpp"

#include <algorithm>
#include <span>

#include <fmt/format.h>

namespace storm {
namespace {

using shunt::ErrorCode;

/// Errors that say: not now, and nothing was done.
bool is_refusal(ErrorCode code) { return code == ErrorCode::RingFull || code == ErrorCode::QuotaExceeded; }

/// For the others' sake: six threads and two plugins may share two cores.
void nap() { std::this_thread::sleep_for(std::chrono::microseconds(200)); }

template <typename T>
T must(shunt::Result<T> result) {
  if (!result) throw std::runtime_error(to_string(result.error()));
  return std::move(*result);
}

}  // namespace

Traffic::Traffic(HostUnderStorm& storm, Ledger& ledger) : host_(storm.host()), ledger_(ledger) {
  subscriptions_.push_back(must(host_.subscribe<Item>("storm.receipts", [&ledger](shunt::Received<Item>& receipt) {
    const auto sheet = static_cast<Sheet>(receipt->sheet());
    if (receipt->sheet() >= kSheets || receipt->id() >= kIdsMax || !is_item(*receipt, sheet, receipt->id()))
      return ledger.complain("a receipt for nothing that was sent");
    Receipts& receipts = ledger.receipts[receipt->sheet()][receipt->id()];
    ++(receipt.redelivered() ? receipts.flagged : receipts.fresh);
  })));
  threads_.emplace_back([this](const std::stop_token& stop) {
    auto client = must(host_.client<witness::Client>());
    send_each(stop, {Sheet::Asked, Sheet::Ordered}, [&](Sheet sheet, std::uint32_t id) {
      if (sheet == Sheet::Asked) call([&](const auto& build) { return client.ask(build); }, sheet, id);
      else call([&](const auto& build) { return client.order(build); }, sheet, id);
    });
  });
  threads_.emplace_back([this](const std::stop_token& stop) {
    auto client = must(host_.client<relay::Client>());
    send_each(stop, {Sheet::Passed}, [&](Sheet sheet, std::uint32_t id) {
      call([&](const auto& build) { return client.pass(build); }, sheet, id);
    });
  });
  threads_.emplace_back([this](const std::stop_token& stop) {
    const std::array publishers{must(host_.publisher<Item>("storm.told")),
                                must(host_.publisher<Item>("storm.repeated")),
                                must(host_.publisher<Item>("storm.forwarded"))};
    send_each(stop, {Sheet::Told, Sheet::Repeated, Sheet::Forwarded}, [&](Sheet sheet, std::uint32_t id) {
      const auto& publisher = publishers[static_cast<std::size_t>(sheet) - static_cast<std::size_t>(Sheet::Told)];
      auto sent = publisher.publish(item(sheet, id));
      while (!sent && is_refusal(sent.error().code) && !stop.stop_requested()) {
        nap();
        sent = publisher.publish(item(sheet, id));
      }
      if (!sent && is_refusal(sent.error().code)) return;
      if (!sent) return ledger_.complain(to_string(sent.error()) + "; " + describe(host_));
      const std::uint32_t receivers = sheet == Sheet::Told ? 2 : 1;
      if (sent->delivered + sent->waiting != receivers || sent->dropped != 0)
        ledger_.complain("a publication was dropped");
      ledger_.outcome(sheet, id) = Outcome::Sent;
    });
  });
  threads_.emplace_back([this](const std::stop_token& stop) {  // the last one: see finish()
    while (!stop.stop_requested())
      if (host_.poll().value_or(0) == 0) nap();
  });
}

/// Calls wait behind publications, which the witness insists on confirming: who polls ends last, since nobody else
/// makes room for receipts.
void Traffic::finish() {
  const auto end = [](std::span<std::jthread> threads) {
    for (std::jthread& thread : threads) thread.request_stop();
    for (std::jthread& thread : threads) thread.join();
  };
  const std::span all{threads_};
  end(all.first(all.size() - 1));
  end(all.last(1));
}

template <typename Send>
void Traffic::send_each(const std::stop_token& stop, std::initializer_list<Sheet> sheets, Send&& send) {
  for (std::uint32_t id = 0; !stop.stop_requested(); ++id) {
    while (id >= allowed_.load(std::memory_order_relaxed)) {
      if (stop.stop_requested()) return;
      nap();
    }
    for (const Sheet sheet : sheets) {
      send(sheet, id);
      sent_.fetch_add(1, std::memory_order_relaxed);
    }
  }
}

template <typename Client>
void Traffic::call(Client&& function, Sheet sheet, std::uint32_t id) {
  const auto reply = function(item(sheet, id));
  Outcome& outcome = ledger_.outcome(sheet, id);
  if (reply) {
    outcome = Outcome::Replied;
    if (!is_item(**reply, sheet, id)) ledger_.complain("a reply that is not the request's");
  } else if (reply.error().code == ErrorCode::OutcomeUnknown) {
    outcome = Outcome::Unknown;
  } else {
    outcome = Outcome::Refused;
    nap();
    if (!is_refusal(reply.error().code)) ledger_.complain(to_string(reply.error()) + "; " + describe(host_));
  }
}

}  // namespace storm
