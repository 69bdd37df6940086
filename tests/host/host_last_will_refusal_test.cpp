/// Last wills that are none: too large, of another type, undeclared, declared and not left.
#include "legacy.hpp"

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RefusedLastWill : public HostTest {
 protected:
  static bool hears_wills(Host& host, const Ear& ear, std::size_t count) {
    return poll_until(host, [&] { return ear.wills() >= count; });
  }
  static std::string start_error(PluginConfiguration plugin) {
    const auto host = Host::start(with({std::move(plugin)}));
    return host ? "it started" : to_string(host.error());
  }
};

TEST_F(RefusedLastWill, that_is_too_large_ends_the_start_with_the_names_and_sizes) {
  const auto why = start_error(testator(1, {}, 5000));

  EXPECT_THAT(why, HasSubstr("TooLarge"));
  EXPECT_THAT(why, HasSubstr("testator"));
  EXPECT_THAT(why, HasSubstr("\"herald.quotes\" has 50"));
  EXPECT_THAT(why, HasSubstr("at most 4096"));
}

TEST_F(RefusedLastWill, that_is_larger_than_what_its_topic_keeps_ends_the_start) {
  auto plugin = testator(1, {}, 2000);
  plugin.outbound = {{256, 16}};
  auto configuration = with({plugin});
  route(configuration, "herald.quotes").latched = 1;
  route(configuration, "herald.quotes").latched_bytes = 256;

  const auto host = Host::start(std::move(configuration));

  ASSERT_FALSE(host);
  EXPECT_EQ(host.error().code, ErrorCode::TooLarge);
  EXPECT_THAT(host.error().message, HasSubstr("latched_bytes"));
}

TEST_F(RefusedLastWill, that_is_declared_and_not_written_ends_the_start) {
  EXPECT_THAT(start_error(testator(1, "unwritten")), HasSubstr("farewell() returned without a last will"));
  EXPECT_THAT(start_error(testator(1, "refused")), HasSubstr("it leaves nothing"));
}

// ---- Over the C ABI, where nobody checks before the host does

PluginConfiguration heir(std::string trouble = {}) {
  auto heir = plugin("libhost_heir.so");
  heir.config["trouble"] = {std::move(trouble)};
  return heir;
}

TEST_F(RefusedLastWill, of_a_plugin_in_c_is_refused_when_it_is_none_or_none_of_its_type) {
  EXPECT_THAT(start_error(heir("unset")), HasSubstr("has left none when validate returned"));
  EXPECT_THAT(start_error(heir("garbage")), HasSubstr("BadPayload"));
  EXPECT_THAT(start_error(heir("undeclared")), HasSubstr("declares no last_will"));
  EXPECT_THAT(start_error(heir("large")), HasSubstr("has 5000 bytes, and at most 4096"));
  EXPECT_THAT(start_error(heir("early")), HasSubstr("set in validate"));
}

TEST_F(RefusedLastWill, that_a_serving_plugin_replaces_with_bytes_that_are_none_ends_it_and_goes_out_itself) {
  auto configuration = with({heir()});
  configuration.plugins[0].restart.crashes_max = 1;
  Host host = start(std::move(configuration));
  Ear ear{host};

  static_cast<void>(host.call_bytes("heir/act", {}));

  ASSERT_TRUE(hears_wills(host, ear, 1));
  EXPECT_THAT(ear.heard, ElementsAre(kLastWill)) << "the one before, whose number is 0";
  EXPECT_THAT(await_event(host, HostEventKind::Ended, "heir").text, HasSubstr("is not a stage.News"));
}

TEST_F(RefusedLastWill, that_is_renewed_without_end_ends_the_plugin) {
  auto plugin = testator();
  plugin.restart.crashes_max = 1;
  Host host = start(with({plugin}));

  EXPECT_FALSE(tell(host, {.deed = Deed::Renew, .number = 1, .count = 100'000'000}));

  EXPECT_THAT(await_event(host, HostEventKind::Ended, "testator").text, HasSubstr("more than 1000 last wills"));
}

}  // namespace
}  // namespace shunt::test
