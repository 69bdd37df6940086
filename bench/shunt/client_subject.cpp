/// The subject `client`: a call as users write it.

#include "host_subject.hpp"

#include <shunt/bench/clock.hpp>

namespace shunt::bench {
namespace {

class ClientSubject final : public HostSubject {
 public:
  using HostSubject::HostSubject;

  [[nodiscard]] Status supports(const Setup& setup) const override {
    if (setup.bench != Bench::Roundtrip)
      return error(ErrorCode::BadInput, "a call is a round trip: measure `publisher`");
    return HostSubject::supports(setup);
  }

  Result<Measured> roundtrip(const Plan& plan, Samples& samples) override {
    SHUNT_TRY(client, host_->client<bench_a::Client>());
    const Running running{plugins_};
    Measured measured;
    SHUNT_CHECK(exchange(client, plan.warmup, measured.errors, nullptr));
    const std::uint64_t start = ticks();
    SHUNT_CHECK(exchange(client, plan.messages, measured.errors, &samples));
    measured.elapsed_ticks = ticks() - start;
    return measured;
  }

  Result<Measured> stream(const Plan&, Samples&) override {
    return error(ErrorCode::BadInput, "a call is a round trip");
  }

 private:
  Status exchange(bench_a::Client& client, std::uint64_t messages, std::uint64_t& errors, Samples* samples) {
    std::uint64_t before = ticks();
    for (const std::uint64_t end = next_ + messages; next_ < end; ++next_) {
      const auto reply = client.echo([&](auto& builder) { return build(builder, next_); });
      if (!reply && reply.error().code != ErrorCode::BadPayload) return tl::make_unexpected(reply.error());
      errors += reply && checks(**reply, next_ | Pattern::kReply) ? 0 : 1;
      const std::uint64_t now = ticks();
      if (samples != nullptr) samples->add(now - before);
      before = now;
    }
    return {};
  }
};

}  // namespace

std::unique_ptr<Subject> make_client(Payload payload, std::filesystem::path launcher) {
  return std::make_unique<ClientSubject>(payload, std::move(launcher));
}

}  // namespace shunt::bench
