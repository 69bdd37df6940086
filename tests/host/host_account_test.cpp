/// What a plugin says of its failure is cut before it costs the host anything.
#include "cast.hpp"

#include <string>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Accounts : public HostTest {
 protected:
  /// The error of a call to a plugin that does `act`.
  static Error error_of(const std::string& act) {
    auto hostile = actor();
    hostile.config["breach"] = {act};
    hostile.outbound = {{256, 16}, {16u << 20, 2}};
    auto configuration = with({hostile});
    configuration.launcher = HOSTILE_LAUNCHER;
    Host host = start(std::move(configuration));
    const auto reply = host.client<actor::Client>().value().act(order({}), {.deadline = 30s});
    return reply ? Error{} : reply.error();
  }
  static std::size_t frames_in(const std::string& text) {
    std::size_t count = 0;
    for (std::size_t at = text.find("\n  at "); at != std::string::npos; at = text.find("\n  at ", at + 1)) ++count;
    return count;
  }
};

TEST_F(Accounts, of_a_failure_have_as_many_frames_as_the_kit_sends_and_no_more) {
  const Error error = error_of("a failure of 900 frames");

  EXPECT_EQ(error.code, ErrorCode::PluginFailed);
  EXPECT_THAT(error.message, HasSubstr("it failed"));
  EXPECT_EQ(frames_in(error.message), 64u);
}

TEST_F(Accounts, of_a_failure_that_no_kit_sends_are_not_read) {
  const Error error = error_of("a failure of a million frames");

  EXPECT_EQ(error.code, ErrorCode::PluginFailed);
  EXPECT_THAT(error.message, HasSubstr("no reason that can be read"));
  EXPECT_THAT(error.message, Not(HasSubstr("it failed")));
  EXPECT_EQ(frames_in(error.message), 0u);
}

}  // namespace
}  // namespace shunt::test
