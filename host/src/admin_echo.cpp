#include "admin_echo.hpp"

#include "admin_json.hpp"
#include "by_name.hpp"

#include <shunt/host/base64.hpp>

namespace shunt::host {
namespace {

constexpr std::size_t kUnreadBytesMax = 1u << 20;

Result<Json> follow(AdminServer& server, std::uint64_t client, const std::string& topic) {
  SHUNT_TRY(about, route_json(server.core(), topic));
  auto queue = std::make_shared<EchoQueue>();
  // Dropping, whatever the topic's policy: a plugin must not wait for somebody who only watches.
  SHUNT_TRY(subscription, subscribe(server.core().shared_from_this(), topic, {}, SlowConsumer::DropOldest,
                                    [queue, &server, client](ReceivedBytes& bytes, bool redelivered) {
                                      if (queue->put(bytes.bytes(), redelivered))
                                        server.loop().post([&server, client] { server.pump_echo(client); });
                                      return true;
                                    }));
  AdminSession& session = *server.session(client);
  session.subscription.emplace(std::move(subscription));
  session.echo = std::move(queue);
  return about;
}

}  // namespace

bool EchoQueue::put(std::span<const std::uint8_t> payload, bool redelivered) {
  const std::lock_guard lock{mutex_};
  if (items_.size() >= kItemsMax || bytes_ + payload.size() > kBytesMax) {
    ++dropped_;
    return false;
  }
  bytes_ += payload.size();
  items_.push_back({{payload.begin(), payload.end()}, redelivered});
  return !std::exchange(told_, true);
}

std::optional<EchoQueue::Item> EchoQueue::take() {
  const std::lock_guard lock{mutex_};
  told_ = !items_.empty();
  if (items_.empty()) return std::nullopt;
  Item item = std::move(items_.front());
  items_.pop_front();
  bytes_ -= item.payload.size();
  return item;
}

std::uint64_t EchoQueue::dropped() {
  const std::lock_guard lock{mutex_};
  return dropped_;
}

void start_echo(AdminServer& server, std::uint64_t client, const std::string& topic) {
  server.send(client, to_text(answer_json(follow(server, client, topic))));
}

void AdminServer::pump_echo(std::uint64_t client) {
  for (;;) {
    AdminSession* const to = session(client);
    if (to == nullptr || to->echo == nullptr || to->pending_bytes() >= kUnreadBytesMax) return;
    const auto item = to->echo->take();
    // Dropped here, or in front of the thread that polls.
    const std::uint64_t dropped = to->echo->dropped() + to->subscription->dropped();
    const bool any_more = dropped > std::exchange(to->echo->told_dropped, dropped);
    if (!item && !any_more) return;
    Json news{{"dropped", dropped}};
    if (item)
      news.update(Json{
          {"payload", to_base64(item->payload)}, {"bytes", item->payload.size()}, {"redelivered", item->redelivered}});
    send(client, to_text(answer_json(std::move(news))));
  }
}

}  // namespace shunt::host
