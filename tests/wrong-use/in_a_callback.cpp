/// Hosts that do in a callback what would wait for itself, and hosts whose code throws.
#include "../kit-contract/note.hpp"
#include "mistakes.hpp"
#include "offender_config.hpp"

namespace shunt::test {
namespace {

/// What this host says to `ask` inside the callback of a call.
template <typename Ask>
auto inside(Ask ask) {
  return [ask] {
    Host host = start(with_offender());
    auto client = host.client<offender::Client>().value();
    std::string heard;
    const auto started = client.commit_async(deed("anything"), {.deadline = 30s},
                                             [&](const Result<Reply<offender::Outcome>>&) { heard = said(ask(host)); });
    EXPECT_TRUE(started);
    EXPECT_TRUE(poll_until(host, [&] { return !heard.empty(); }));
    return heard;
  };
}

Status stop_and_the_like(Host& host) {
  for (const auto& each : {host.restart("offender"), host.drain("offender"), host.disable("offender"),
                           host.enable("offender"), host.end_now(), host.stop()}) {
    EXPECT_EQ(said(each).substr(0, 13), "WouldDeadlock");
  }
  return host.stop("offender");
}

std::string throw_in_a_builder() {
  Host host = start(with_offender());
  auto client = host.client<offender::Client>().value();
  const auto before = chunks_in_use(host);
  std::string heard;
  try {
    static_cast<void>(client.commit([](flatbuffers::FlatBufferBuilder& build) -> flatbuffers::Offset<offender::Deed> {
      build.CreateString(std::string(10'000, 'x'));
      throw std::runtime_error("half built");
    }));
  } catch (const std::runtime_error& thrown) {
    heard = thrown.what();
  }
  EXPECT_EQ(chunks_in_use(host), before) << "its loan is given back";
  return heard;
}

std::string throw_in_a_callback() {
  Host host = start(with_offender());
  auto client = host.client<offender::Client>().value();
  const auto started = client.commit_async(
      deed("anything"), {.deadline = 30s},
      [](const Result<Reply<offender::Outcome>>&) { throw std::runtime_error("no room in the book"); });
  EXPECT_TRUE(started);
  std::string heard;
  EXPECT_TRUE(await([&] {
    try {
      static_cast<void>(host.poll());
    } catch (const std::runtime_error& thrown) {
      heard = thrown.what();
    }
    return !heard.empty();
  }));
  return heard;
}

std::string destroy_the_host() {
  const auto ran = run(ENDS_ITSELF);
  EXPECT_NE(ran.exit, 0);
  while (::waitpid(-1, nullptr, 0) > 0) {  // its wardens are ours now, and end without it
  }
  return ran.output;
}

}  // namespace

Mistakes mistakes_in_a_callback() {
  return {
      {"`poll()` in a callback", inside([](Host& host) { return host.poll(); })},
      {"`run_dispatcher()` in a callback", inside([](Host& host) { return host.run_dispatcher({}); })},
      {"`switch_to()` in a callback", inside([](Host& host) { return host.switch_to("offender", "1.0.0"); })},
      {"`stop()`, `restart()`, `drain()`, `disable()`, `enable()` or `end_now()` in a callback",
       inside(stop_and_the_like)},
      {"Destroying a host in its own callback", destroy_the_host},
      {"Throwing in a callback", throw_in_a_callback},
      {"Throwing while a request or a publication is built", throw_in_a_builder},
  };
}

}  // namespace shunt::test
