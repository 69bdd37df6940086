// Publishes what it is told, and leaves with its host what goes out when it vanishes: the number kFarewell, or what it
// was told last.
#include "testator_contract.hpp"

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>

#include <unistd.h>

namespace {

using stage::Deed;

class Testator final : public testator::Contract {
  shunt::Status init(const testator::Config& config) override {
    trouble_ = config.trouble;
    bytes_ = static_cast<std::uint32_t>(config.bytes);
    return {};
  }
  shunt::Status activate() override {
    if (trouble_ == "activate") return shunt::error(shunt::ErrorCode::BadInput, "activate was told to fail");
    return {};
  }
  void cleanup() noexcept override {
    if (trouble_ == "cleanup") std::abort();
  }

  shunt::Status farewell(shunt::LastWill<stage::News>& will) override {
    if (trouble_ == "unwritten") return {};
    if (trouble_ == "refused") return shunt::error(shunt::ErrorCode::BadInput, "it leaves nothing");
    return will.write([&](auto& build) { return news(build, number_, bytes_); }, {.key = key_});
  }

  shunt::Status act(const shunt::Context&, const stage::Order& order, shunt::Reply<stage::Outcome>& reply) override {
    switch (order.deed()) {
      case Deed::Publish:
        for (std::uint64_t i = 0; i < order.count(); ++i)
          SHUNT_CHECK(publish_herald_quotes([&](auto& build) { return news(build, order.number() + i, order.bytes()); },
                                            {.key = order.keys(), .urgent = order.urgent()}));
        break;
      case Deed::Renew:
        number_ = order.number();
        bytes_ = order.bytes();
        key_ = order.keys();
        for (std::uint32_t i = 0; i < order.count(); ++i) SHUNT_CHECK(renew_farewell());
        break;
      default: break;
    }
    end(order.deed());
    end(order.then());
    return reply.send([&](auto& build) { return stage::CreateOutcome(build, order.number()); });
  }

  static void end(Deed deed) {
    if (deed == Deed::Crash) std::raise(SIGSEGV);
    if (deed == Deed::Abort) std::abort();
    if (deed == Deed::Exit) ::_exit(0);
    if (deed == Deed::Hang)
      for (;;) ::pause();
  }

  template <typename Builder>
  static flatbuffers::Offset<stage::News> news(Builder& build, std::uint64_t number, std::uint32_t bytes) {
    std::uint8_t* data = nullptr;
    const auto padding = build.CreateUninitializedVector(bytes, &data);
    if (bytes > 0) std::memset(data, 'x', bytes);
    return stage::CreateNews(build, number, 0, padding, testator::kVersionMajor);
  }

  static constexpr std::uint64_t kFarewell = 4'000'000;

  std::string trouble_;
  std::uint32_t bytes_ = 0;
  std::uint64_t number_ = kFarewell;
  std::uint64_t key_ = 0;
};

}  // namespace

SHUNT_PLUGIN(Testator)
