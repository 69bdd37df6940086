/// Each way to break the lane's contract ends the instance, with that reason, and nobody else.
#include "cast.hpp"

#include <shunt/bus/breach.hpp>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using bus::Breach;
using ::testing::AllOf;
using ::testing::HasSubstr;

struct Act {
  const char* name;
  Breach breach;
};

/// "a_mark_ahead"
std::string test_name(const testing::TestParamInfo<Act>& info) {
  std::string name = info.param.name;
  std::ranges::replace(name, ' ', '_');
  return name;
}

class EveryBreach : public HostTest, public testing::WithParamInterface<Act> {};

TEST_P(EveryBreach, ends_the_instance_with_its_reason_and_nobody_else) {
  auto hostile = trusted(actor());
  hostile.config["breach"] = {std::string{GetParam().name}};
  hostile.slots = 16;
  hostile.restart.crashes_max = 1;
  hostile.grace = hostile.handler_max = hostile.hold_max = 1h;
  auto configuration = with({hostile, partner()});
  configuration.launcher = HOSTILE_LAUNCHER;
  route(configuration, "actor.news").read = ReadMode::InPlace;
  route(configuration, "stage.orders").slow_consumer = SlowConsumer::DropOldest;
  Host host = start(std::move(configuration));
  const auto news = host.subscribe_bytes("actor.news", {}, [](ReceivedBytes&, bool) { return true; });
  auto client = host.client<actor::Client>().value();
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  const auto has_ended = [&] {
    return std::ranges::any_of(host.events(), [](const auto& each) { return each.kind == HostEventKind::Ended; });
  };

  // Whatever an act waits for comes by: requests, publications, chunks, laps, looks at the marks.
  EXPECT_TRUE(await([&] {
    static_cast<void>(orders.publish(order({})));
    static_cast<void>(client.act(order({}), {.deadline = 1ms}));
    static_cast<void>(host.snapshot());
    static_cast<void>(orders.publish(order({.text = std::string(100, 't')})));
    static_cast<void>(orders.publish(order({.text = std::string(1000, 't')})));
    static_cast<void>(host.poll());
    static_cast<void>(host.snapshot());
    return has_ended();
  })) << "nobody noticed";

  EXPECT_THAT(await_event(host, HostEventKind::Ended, "actor").text,
              AllOf(HasSubstr("was ended by the host: PeerBreach"), HasSubstr(describe(GetParam().breach))));
  EXPECT_EQ(snapshot_of(host, "actor").state, "Quarantined");
  EXPECT_EQ(client.act(order({})).error().code, ErrorCode::NotServing);
  EXPECT_TRUE(host.client<partner::Client>().value().act(order({.text = "still here"}), {.deadline = 30s}));
  EXPECT_EQ(snapshot_of(host, "partner").state, "Active");
}

INSTANTIATE_TEST_SUITE_P(
    , EveryBreach,
    testing::Values(
        Act{"a read position ahead", Breach::PositionAhead},
        Act{"a read position that goes back", Breach::PositionBackwards},
        Act{"a mark ahead", Breach::PositionAhead},                 //
        Act{"a mark of done before begun", Breach::PositionAhead},  //
        Act{"a mark that goes back", Breach::PositionBackwards}, Act{"a commit word of no lap", Breach::CommitWord},
        Act{"a commit word of no lap for replies", Breach::CommitWord},
        Act{"a returned item of no lap", Breach::ReturnTag},
        Act{"a returned chunk out of range", Breach::ReturnOutOfRange},
        Act{"a returned index out of range", Breach::ReturnOutOfRange},
        Act{"a returned chunk that was never had", Breach::ReturnNotHeld},
        Act{"a returned chunk of generation 0", Breach::ReturnNotHeld},
        Act{"a returned chunk of another generation", Breach::ReturnNotHeld},
        Act{"a chunk that is returned twice", Breach::ReturnNotHeld}, Act{"a payload nowhere", Breach::PayloadPlace},
        Act{"a payload in a class that is not there", Breach::PayloadOutOfRange},
        Act{"a payload in a chunk that is not there", Breach::PayloadOutOfRange},
        Act{"a payload of generation 0", Breach::PayloadOutOfRange},
        Act{"a payload larger than its class", Breach::PayloadSize},
        Act{"a payload that ends beyond its chunk", Breach::PayloadSize},
        Act{"a payload whose end wraps around", Breach::PayloadSize},
        Act{"a payload off every boundary", Breach::PayloadSize},
        Act{"a payload larger than its message", Breach::PayloadSize},
        Act{"bytes without a place", Breach::PayloadSize}, Act{"a chunk that is sent twice", Breach::PayloadStillHeld},
        Act{"a kind that is not known", Breach::Kind},  //
        Act{"a reply among the data", Breach::Kind},    //
        Act{"data among the replies", Breach::Kind}, Act{"a publication on a route that is not its own", Breach::Route},
        Act{"a publication on a route that nobody has", Breach::Route},
        Act{"a call that it did not declare", Breach::Route}, Act{"a reply for another route", Breach::Route},  //
        Act{"a reply to nothing", Breach::Correlation}, Act{"two replies to one request", Breach::Correlation},
        Act{"a call for a request that it was not sent", Breach::Parent},
        Act{"a call for a publication that it was not sent", Breach::Parent},
        Act{"a phase out of turn", Breach::Control},              //
        Act{"a phase that is over", Breach::Control},             //
        Act{"a failure that nobody asked for", Breach::Control},  //
        Act{"a snapshot that nobody asked for", Breach::Control},
        Act{"a restore that nobody asked for", Breach::Control}, Act{"a word that is none", Breach::Control},
        Act{"a descriptor nobody asked for", Breach::Control}),
    test_name);

}  // namespace
}  // namespace shunt::test
