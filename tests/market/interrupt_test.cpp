/// Ctrl-C in the middle: the demo dies of it, and everything it started with it.
#include "market_demo.hpp"
#include "terminal.hpp"

#include <csignal>

namespace shunt::test {
namespace {

class Interrupt : public MarketTest, public testing::WithParamInterface<int> {};

/// TearDown() sees that nothing is left.
TEST_P(Interrupt, in_the_middle_of_the_stream_leaves_no_process) {
  Terminal terminal;
  ASSERT_GE(terminal.end(), 0);
  const pid_t demo = begin({"--json", "--messages", "2000000", "--switches", "200"}, terminal.end());
  terminal.close_end();
  EXPECT_TRUE(terminal.shows("]   1 %")) << terminal.all();

  ::kill(demo, GetParam());

  const Ran ran = end(demo);
  EXPECT_EQ(ran.signal, GetParam());
  EXPECT_EQ(ran.output, "") << "it was through already";
}

INSTANTIATE_TEST_SUITE_P(, Interrupt, testing::Values(SIGINT, SIGTERM, SIGKILL),
                         [](const auto& given) { return "by_signal_" + std::to_string(given.param); });

}  // namespace
}  // namespace shunt::test
