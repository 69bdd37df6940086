/// The subject `publisher`: a topic as users write it, to one plugin or to two of one compartment.

#include "host_subject.hpp"

#include <shunt/bench/clock.hpp>

#include <algorithm>

#include <sched.h>

namespace shunt::bench {
namespace {

class PublisherSubject final : public HostSubject {
 public:
  using HostSubject::HostSubject;

  [[nodiscard]] Status supports(const Setup& setup) const override {
    if (setup.bench == Bench::Roundtrip) return error(ErrorCode::BadInput, "a topic is one-way: measure `client`");
    return HostSubject::supports(setup);
  }

  Result<Measured> roundtrip(const Plan&, Samples&) override {
    return error(ErrorCode::BadInput, "a topic is one-way");
  }

  Result<Measured> stream(const Plan& plan, Samples& samples) override {
    SHUNT_TRY(publisher, host_->publisher<::bench::Blob>("bench.stream"));
    const Running running{plugins_};
    SHUNT_CHECK(served());  // so that they count from here
    SHUNT_CHECK(send_batch(publisher, plan.warmup));
    const std::uint64_t start = ticks();
    std::uint64_t before = start;
    for (std::uint64_t left = plan.messages; left > 0;) {
      const std::uint64_t batch = std::min(left, kStreamBatch);
      SHUNT_CHECK(send_batch(publisher, batch));
      const std::uint64_t now = ticks();
      if (batch == kStreamBatch) samples.add(now - before);
      before = now;
      left -= batch;
    }
    SHUNT_TRY(after_all, served());  // calls stand behind the last publication in the same ring
    const std::uint64_t lost = (plan.warmup + plan.messages) * setup_.consumers - after_all.messages;
    return Measured{.elapsed_ticks = after_all.end_ticks - start, .errors = after_all.errors + lost};
  }

 private:
  struct Totals {
    std::uint64_t messages = 0;
    std::uint64_t errors = 0;
    std::uint64_t end_ticks = 0;
  };

  Status send_batch(const Publisher<::bench::Blob>& publisher, std::uint64_t messages) {
    const bool crowded = setup_.placement.crowded(setup_.consumers);
    for (const std::uint64_t end = next_ + messages; next_ < end;) {
      const auto sent = publisher.publish([&](auto& builder) { return build(builder, next_); });
      if (sent) ++next_;
      else if (sent.error().code != ErrorCode::RingFull && sent.error().code != ErrorCode::QuotaExceeded)
        return tl::make_unexpected(sent.error());
      else if (crowded) ::sched_yield();
      else relax();
    }
    return {};
  }

  /// Of all consumers together, which start to count anew.
  Result<Totals> served() {
    Totals totals;
    for (unsigned consumer = 0; consumer < setup_.consumers; ++consumer) {
      SHUNT_TRY(function, (host_->function<::bench::Question, ::bench::Served>(consumer == 0 ? "bench-a/served"
                                                                                             : "bench-b/served")));
      const auto ask = [&] { return function([](auto& builder) { return ::bench::CreateQuestion(builder, true); }); };
      auto answer = ask();
      while (!answer && answer.error().code == ErrorCode::RingFull) {  // its chunks are still full of publications
        ::sched_yield();
        answer = ask();
      }
      if (!answer) return tl::make_unexpected(answer.error());
      totals.messages += (*answer)->messages();
      totals.errors += (*answer)->errors();
      totals.end_ticks = std::max(totals.end_ticks, (*answer)->end_ticks());
    }
    return totals;
  }
};

}  // namespace

std::unique_ptr<Subject> make_publisher(Payload payload) { return std::make_unique<PublisherSubject>(payload); }

}  // namespace shunt::bench
