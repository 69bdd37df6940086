// Writes down the numbers it hears, and says them when it is asked.
#include "scribe_contract.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

class Scribe final : public scribe::Contract {
  shunt::Status recall(const shunt::Context&, const stage::Order&, shunt::Reply<stage::Outcome>& reply) override {
    return reply.send([&](auto& build) {
      constexpr std::size_t kLast = 4000;
      const std::size_t count = std::min(heard_.size(), kLast);
      std::uint8_t* data = nullptr;
      const auto numbers = build.CreateUninitializedVector(count * sizeof(std::uint64_t), &data);
      if (count > 0) std::memcpy(data, heard_.data() + heard_.size() - count, count * sizeof(std::uint64_t));
      return stage::CreateOutcome(build, heard_.size(), 0, numbers, scribe::kVersionMajor);
    });
  }
  shunt::Status on_stage_quotes(const shunt::Context& context, const shunt::Received<stage::News>& news) override {
    return write(context, *news);
  }
  shunt::Status on_herald_quotes(const shunt::Context& context, const shunt::Received<stage::News>& news) override {
    return write(context, *news);
  }

  shunt::Status write(const shunt::Context& context, const stage::News& news) {
    if (news.number() == kDeadly) std::abort();
    heard_.push_back(news.number() + (context.latched() ? kLatched : 0) + (context.is_last_will() ? kLastWill : 0));
    return {};
  }

  static constexpr std::uint64_t kLatched = 1'000'000'000;   // added to the number of what was there before it
  static constexpr std::uint64_t kLastWill = 2'000'000'000;  // of somebody who has vanished
  static constexpr std::uint64_t kDeadly = 666'666;

  std::vector<std::uint64_t> heard_;
};

}  // namespace

SHUNT_PLUGIN(Scribe)
