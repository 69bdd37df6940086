#pragma once
/// The measuring loops that all peers share, over a transport: one client process, and one or more at the other end.
///
/// A Transport is made before the fork, then attached on each side of it:
///
///     static Status supports(const Setup&);
///     static Result<std::unique_ptr<Transport>> create(const Setup&, const Waiting&);
///     Status attach_client();                     // in the client, after the fork
///     Status attach_consumer(unsigned consumer);  // in that consumer, after the fork
///     bool send(fill);      // to every consumer; a consumer sends to the client
///     bool receive(check);  // the next payload at this end; false: the connection is broken

#include <shunt/bench/child.hpp>
#include <shunt/bench/clock.hpp>
#include <shunt/bench/pattern.hpp>
#include <shunt/bench/subject.hpp>
#include <shunt/bench/waiting.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <sys/mman.h>

namespace shunt::bench {

/// From the client to a consumer: take so many messages, `first` the sequence number of the first; 0 messages: exit.
struct Order {
  std::uint64_t first = 0;
  std::uint64_t messages = 0;
};

/// From a consumer to the client: it is connected, or it has served an order.
struct Served {
  bool whole = false;  ///< Everything ordered was received.
  std::uint64_t errors = 0;
  std::uint64_t end_ticks = 0;
};

/// What is fixed about a peer.
struct PeerTraits {
  std::string name;
  Payload payload = Payload::Inline;
  std::string_view mode = "in_place";
};

template <typename Transport>
class PairedSubject final : public Subject {
 public:
  explicit PairedSubject(PeerTraits traits) : traits_(std::move(traits)) {}
  ~PairedSubject() override { stop(); }

  [[nodiscard]] Payload payload() const override { return traits_.payload; }
  [[nodiscard]] std::string_view mode() const override { return traits_.mode; }
  [[nodiscard]] Status supports(const Setup& setup) const override { return Transport::supports(setup); }

  Status start(const Setup& setup) override {
    setup_ = setup;
    pattern_ = Pattern{setup.bytes, setup.corrupt_every};
    SHUNT_TRY(transport, Transport::create(setup, waiting_for(setup, measure_ns_per_tick())));
    transport_ = std::move(transport);
    for (unsigned consumer = 0; consumer < setup.consumers; ++consumer) {
      SHUNT_TRY(child, Child::start(traits_.name, setup.placement.consumer_cpu(consumer),
                                    [&](Channel& client) { return serve(consumer, client); }));
      consumers_.push_back(std::move(child));
    }
    SHUNT_CHECK(transport_->attach_client());
    SHUNT_TRY(connected, all_served(kConnectLimit));
    (void)connected;
    return {};
  }

  Result<Measured> roundtrip(const Plan& plan, Samples& samples) override {
    SHUNT_CHECK(order(plan));
    std::uint64_t errors = 0;
    if (!exchange(plan.warmup, errors, nullptr)) return broken();
    const std::uint64_t start = ticks();
    if (!exchange(plan.messages, errors, &samples)) return broken();
    const std::uint64_t end = ticks();

    SHUNT_TRY(served, all_served(kServedLimit));
    return Measured{.elapsed_ticks = end - start, .errors = errors + served.errors};
  }

  Result<Measured> stream(const Plan& plan, Samples& samples) override {
    SHUNT_CHECK(order(plan));
    if (!send_batch(plan.warmup)) return broken();
    const std::uint64_t start = ticks();
    std::uint64_t before = start;
    for (std::uint64_t left = plan.messages; left > 0;) {
      const std::uint64_t batch = std::min(left, kStreamBatch);
      if (!send_batch(batch)) return broken();
      const std::uint64_t now = ticks();
      if (batch == kStreamBatch) samples.add(now - before);
      before = now;
      left -= batch;
    }

    SHUNT_TRY(served, all_served(std::nullopt));
    return Measured{.elapsed_ticks = served.end_ticks - start, .errors = served.errors};
  }

  void stop() noexcept override {
    for (Child& consumer : consumers_) (void)consumer.channel().send(Order{});
    for (Child& consumer : consumers_) consumer.finish(kStopLimit);
    consumers_.clear();
    transport_.reset();
  }

 private:
  static constexpr std::chrono::milliseconds kConnectLimit{15'000};
  static constexpr std::chrono::milliseconds kServedLimit{10'000};
  static constexpr std::chrono::milliseconds kStopLimit{2'000};

  // --- in the client

  Status order(const Plan& plan) {
    for (Child& consumer : consumers_)
      SHUNT_CHECK(consumer.channel().send(Order{.first = next_, .messages = plan.warmup + plan.messages}));
    return {};
  }

  /// `messages` round trips; a sample of each is the time from one reply to the next.
  bool exchange(std::uint64_t messages, std::uint64_t& errors, Samples* samples) {
    std::uint64_t before = ticks();
    for (const std::uint64_t end = next_ + messages; next_ < end; ++next_) {
      if (!transport_->send([&](std::byte* payload) { pattern_.write(payload, next_); })) return false;
      const bool received = transport_->receive(
          [&](const std::byte* payload) { errors += pattern_.check(payload, next_ | Pattern::kReply) ? 0 : 1; });
      if (!received) return false;
      const std::uint64_t now = ticks();
      if (samples != nullptr) samples->add(now - before);
      before = now;
    }
    return true;
  }

  bool send_batch(std::uint64_t messages) {
    for (const std::uint64_t end = next_ + messages; next_ < end; ++next_)
      if (!transport_->send([&](std::byte* payload) { pattern_.write(payload, next_); })) return false;
    return true;
  }

  /// Every consumer's answer in one: errors summed, the latest end. Until the coordinator gives up without a `limit`.
  Result<Served> all_served(std::optional<std::chrono::milliseconds> limit) {
    Served all{.whole = true};
    for (Child& consumer : consumers_) {
      SHUNT_TRY(served, consumer.channel().template receive<Served>(limit));
      if (!served.whole) return broken();
      all.errors += served.errors;
      all.end_ticks = std::max(all.end_ticks, served.end_ticks);
    }
    return all;
  }

  tl::unexpected<Error> broken() const {
    return error(ErrorCode::System, "{} lost the connection between its two processes", traits_.name);
  }

  // --- in a consumer

  int serve(unsigned consumer, Channel& client) {
    if (!transport_->attach_consumer(consumer) || !client.send(Served{.whole = true})) return 1;
    while (auto order = client.receive<Order>()) {
      if (order->messages == 0) return 0;
      if (!client.send(setup_.bench == Bench::Roundtrip ? echo(*order) : consume(*order))) return 1;
    }
    return 1;
  }

  Served consume(const Order& order) {
    Served served;
    for (std::uint64_t sequence = order.first; sequence < order.first + order.messages; ++sequence)
      if (!take(sequence, served.errors)) return served;
    served.end_ticks = ticks();
    served.whole = true;
    return served;
  }

  Served echo(const Order& order) {
    Served served;
    for (std::uint64_t sequence = order.first; sequence < order.first + order.messages; ++sequence) {
      if (!take(sequence, served.errors)) return served;
      const auto reply = [&](std::byte* payload) { pattern_.write(payload, sequence | Pattern::kReply); };
      if (!transport_->send(reply)) return served;
    }
    served.end_ticks = ticks();
    served.whole = true;
    return served;
  }

  bool take(std::uint64_t sequence, std::uint64_t& errors) {
    return transport_->receive([&](const std::byte* payload) { errors += pattern_.check(payload, sequence) ? 0 : 1; });
  }

  PeerTraits traits_;
  Setup setup_;
  Pattern pattern_{0};
  std::unique_ptr<Transport> transport_;
  std::vector<Child> consumers_;
  std::uint64_t next_ = 0;
};

}  // namespace shunt::bench
