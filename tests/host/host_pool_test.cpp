/// Whose memory a payload lies in: every receiver reads its own compartment's, whatever changed since it was built.
#include "by_hand.hpp"
#include "cast.hpp"

#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <temporary_directory.hpp>

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// A host that knows a function whose plugin is not there yet.
class Pools : public HostTest {
 protected:
  Host& begin() {
    auto configuration = with({actor()});
    configuration.admin_socket = folder_.path() / "admin";
    return host_.emplace(start(std::move(configuration)));
  }
  /// A call whose server joins after its payload has got a chunk.
  Result<Reply<stage::Outcome>> call_while_the_partner_joins(const std::string& text) {
    auto client = host_->client<partner::Client>().value();
    return client.act(
        [&](flatbuffers::FlatBufferBuilder& build) {
          const auto built = build.CreateString(text);
          partner_.emplace(*host_, folder_.path() / "admin", "libhost_partner.so", "partner");
          return stage::CreateOrder(build, Deed::Echo, 1, built);
        },
        {.deadline = 30s});
  }
  bool all_chunks_are_back() {
    return poll_until(*host_, [&] { return chunks_in_use(*host_) == 0; });
  }
  void TearDown() override {
    host_.reset();
    partner_.reset();
    HostTest::TearDown();
  }

 private:
  TemporaryDirectory folder_;
  std::optional<Host> host_;
  std::optional<ByHand> partner_;
};

TEST_F(Pools, a_request_that_was_built_before_its_server_joined_is_copied_to_where_that_reads) {
  Host& host = begin();
  const std::string text(1000, 't');

  const auto reply = call_while_the_partner_joins(text);

  ASSERT_TRUE(reply) << to_string(reply.error());
  EXPECT_EQ((*reply)->text()->str(), text);
  const auto again = host.client<partner::Client>().value().act(order({.text = text}), {.deadline = 30s});
  ASSERT_TRUE(again) << to_string(again.error());
  EXPECT_EQ((*again)->text()->str(), text);
  EXPECT_TRUE(all_chunks_are_back());
}

TEST_F(Pools, a_request_that_was_built_before_its_server_joined_and_fits_none_of_its_chunks_is_too_large) {
  begin();

  const auto reply = call_while_the_partner_joins(std::string(100'000, 't'));

  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::TooLarge);
  EXPECT_THAT(reply.error().message, AllOf(HasSubstr("65536"), HasSubstr("`inbound`")));
  EXPECT_TRUE(all_chunks_are_back());
}

TEST_F(Pools, two_versions_of_a_plugin_in_two_compartments_are_refused) {
  auto second = actor_2();
  second.compartment = "other";

  const auto host = Host::start(with({actor(), second}));

  ASSERT_FALSE(host);
  EXPECT_EQ(host.error().code, ErrorCode::BadConfiguration);
  EXPECT_THAT(host.error().message, AllOf(HasSubstr("actor 2.0.0"), HasSubstr("\"other\""), HasSubstr("\"actor\""),
                                          HasSubstr("`compartment`")));
  auto first = actor();
  first.compartment = "other";
  EXPECT_TRUE(Host::start(with({first, second})));
}

}  // namespace
}  // namespace shunt::test
