/// A confined plugin that spins in its handler for ever and writes whatever marks of life it can: it is found out by
/// the call that it does not answer, and host and neighbour go on.
#include "spinner_client.hpp"
#include "tidy_host.hpp"

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using spinner::Manner;
using ::testing::HasSubstr;
using tidy::Deed;
using namespace std::chrono_literals;

class Spinning : public TidyHost, public testing::WithParamInterface<Manner> {
 protected:
  static HostConfiguration with_spinner() {
    HostConfiguration both = configuration();
    PluginConfiguration spinner;
    spinner.path = SPINNER_PLUGIN;
    spinner.wait = bus::Wait::Sleep;
    spinner.grace = 100ms;
    spinner.handler_max = 1h;
    spinner.restart.crashes_max = 1;
    both.plugins.push_back(std::move(spinner));
    return both;
  }
};

INSTANTIATE_TEST_SUITE_P(, Spinning, testing::Values(Manner::Quiet, Manner::Lively, Manner::Done),
                         [](const auto& manner) { return std::string{EnumNameManner(manner.param)}; });

TEST_P(Spinning, for_ever_in_a_handler_is_found_out_whatever_it_writes_and_nobody_else_notices) {
  Host host = start(with_spinner());

  const auto reply = host.client<spinner::Client>().value().spin(
      [](auto& build) { return spinner::CreateOrder(build, GetParam()); }, {.deadline = 20ms});

  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::DeadlineExceeded);
  const HostEvent ended = await_event(host, HostEventKind::Ended);
  EXPECT_EQ(ended.plugin, "spinner");
  EXPECT_THAT(ended.text, HasSubstr("PluginStuck"));
  EXPECT_EQ(act(host, Deed::Tell).stopped_by, 0) << "its neighbour serves on";
}

}  // namespace
}  // namespace shunt::test
