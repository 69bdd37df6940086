/// Does whatever it is told to, and at load all of it unasked.
#include "acts/act.hpp"
#include "early_stage.hpp"
#include "hostile_contract.hpp"

#include <cstring>
#include <string>
#include <vector>

namespace {

using shunt::hostile::Act;
using shunt::hostile::Stage;
using shunt::hostile::Stop;

constexpr int kThreads = 64;
constexpr std::size_t kBytes = std::size_t{1} << 30;

struct Tried {
  std::string_view act;
  int stopped_by;
};

/// Filled in by the tester, in the file: so it must neither be folded away nor moved.
[[gnu::used]] volatile shunt::test::EarlyStage early_stage{{"shunt: stage of hostile acts"}, {}, {}, 0, 0};

template <std::size_t kSize>
std::string text_of(const volatile std::array<char, kSize>& text) {
  const auto& plain = const_cast<const std::array<char, kSize>&>(text);
  return std::string{plain.data(), ::strnlen(plain.data(), plain.size())};
}

/// An end, or a page that is nobody's but ours: where the lane lies no constructor is told.
bool can_be_early(const Act& act) { return act.stop != Stop::Killed && act.stop != Stop::Sealed; }

/// Runs before anything else of this object, as the dynamic linker loads it.
std::vector<Tried> try_everything() {
  std::vector<Tried> tried;
  Stage stage{.folder = text_of(early_stage.folder),
              .stranger = early_stage.stranger,
              .strangers_descriptor = early_stage.strangers_descriptor,
              .threads_max = kThreads,
              .bytes_max = kBytes};
  static char own[2 * 4096];
  stage.shared = own + 4096;
  const std::string only = text_of(early_stage.only);
  if (stage.folder.empty()) return tried;
  shunt::hostile::for_each_act([&](const Act& act) {
    if (only.empty() ? can_be_early(act) : act.name == only) tried.push_back({act.name, act.run(stage)});
  });
  return tried;
}

const std::vector<Tried> kEarly = try_everything();

class Hostile final : public hostile::Contract {
  shunt::Status init(const hostile::Config&) override { return {}; }
  shunt::Status validate() override { return {}; }
  shunt::Status activate() override { return {}; }
  void cleanup() noexcept override {}

  shunt::Status act(const shunt::Context&, const hostile::Order& order,
                    shunt::Reply<hostile::Outcome>& reply) override {
    const Act* const act = shunt::hostile::find_act(order.act()->string_view());
    if (act == nullptr) return shunt::error(shunt::ErrorCode::BadInput, "there is no act {}", order.act()->c_str());
    const Stage stage{.folder = order.folder()->str(),
                      .stranger = order.stranger(),
                      .strangers_descriptor = order.strangers_descriptor(),
                      .shared = const_cast<hostile::Order*>(&order),  // the message lies in the lane
                      .threads_max = kThreads,
                      .bytes_max = kBytes};
    const int stopped_by = act->run(stage);
    return reply.send([&](auto& build) { return hostile::CreateOutcome(build, stopped_by); });
  }

  shunt::Status tried_early(const shunt::Context&, const hostile::Nothing&,
                            shunt::Reply<hostile::Early>& reply) override {
    return reply.send([&](auto& build) {
      std::vector<flatbuffers::Offset<flatbuffers::String>> acts;
      std::vector<std::int32_t> stopped_by;
      for (const Tried& each : kEarly) {
        acts.push_back(build.CreateString(each.act.data(), each.act.size()));
        stopped_by.push_back(each.stopped_by);
      }
      const auto names = build.CreateVector(acts);
      const auto errors = build.CreateVector(stopped_by);
      return hostile::CreateEarly(build, names, errors);
    });
  }
};

}  // namespace

SHUNT_PLUGIN(Hostile)
