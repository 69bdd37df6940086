// Answers, and says which version did; the second one fails where it is asked to. Both come from this source.
#include "bench_server_contract.hpp"

namespace {

class Server final : public bench_server::Contract {
  shunt::Status guarded(const shunt::Context&, const bench::Ask& ask, shunt::Reply<bench::Told>& reply) override {
    return answer(ask, reply);
  }
  shunt::Status plain(const shunt::Context&, const bench::Ask& ask, shunt::Reply<bench::Told>& reply) override {
    return answer(ask, reply);
  }

  static shunt::Status answer(const bench::Ask& ask, shunt::Reply<bench::Told>& reply) {
    if (ask.fails() && BENCH_SERVER_VERSION == 2)
      return shunt::error(shunt::ErrorCode::PluginFailed, "as it was asked");
    return reply.send([&](auto& build) { return bench::CreateTold(build, ask.sequence(), BENCH_SERVER_VERSION); });
  }
};

}  // namespace

SHUNT_PLUGIN(Server)
