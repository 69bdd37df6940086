/// A plugin that takes hold of its control socket: whatever it does with it, the host stays up and ends that plugin,
/// with the reason, and its neighbour serves on.
#include "forgeries.hpp"
#include "spoofer_client.hpp"
#include "tidy_host.hpp"

#include <cerrno>
#include <filesystem>
#include <iterator>
#include <thread>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using tidy::Deed;

/// False: it never came to pass.
template <typename Condition>
bool eventually(Condition&& condition) {
  for (const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{30}; !condition();) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  return true;
}

std::size_t open_descriptors() {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator{"/proc/self/fd"}, {}));
}

class ControlSocket : public TidyHost {
 protected:
  static HostConfiguration with_spoofer(const std::string& in_init = {}) {
    HostConfiguration both = configuration();
    PluginConfiguration spoofer;
    spoofer.path = SPOOFER_PLUGIN;
    spoofer.wait = bus::Wait::Sleep;
    spoofer.inbound = {{256, 64}, {4u << 10, 16}};
    if (!in_init.empty()) spoofer.config["in_init"] = {in_init};
    spoofer.restart.crashes_max = 1;
    both.plugins.push_back(std::move(spoofer));
    return both;
  }

  static Result<Reply<spoofer::Outcome>> act(Host& host, spoofer::Deed deed, const Forgery& forgery = {}) {
    return host.client<spoofer::Client>().value().act(
        [&](auto& build) {
          const auto packet = build.CreateVector(forgery.packet);
          return spoofer::CreateOrder(build, deed, packet, forgery.bytes, forgery.descriptors, forgery.times);
        },
        {.deadline = kPatience});
  }

  static void expect_neighbour_serves(Host& host) { EXPECT_EQ(TidyHost::act(host, Deed::Tell).stopped_by, 0); }
};

class Forged : public ControlSocket, public testing::WithParamInterface<Forgery> {};
INSTANTIATE_TEST_SUITE_P(ControlSocket, Forged, testing::ValuesIn(forgeries()),
                         [](const auto& forgery) { return forgery.param.name; });

TEST_P(Forged, packets_end_the_plugin_and_nobody_else) {
  Host host = start(with_spoofer());
  const std::size_t descriptors = open_descriptors();

  static_cast<void>(act(host, spoofer::Deed::Send, GetParam()));  // it may be ended before it can answer

  const HostEvent ended = await_event(host, HostEventKind::Ended);
  EXPECT_EQ(ended.plugin, "spoofer");
  EXPECT_THAT(ended.text, AllOf(HasSubstr("PeerBreach"), HasSubstr("a control packet is malformed or out of turn")));
  expect_neighbour_serves(host);
  EXPECT_TRUE(eventually([&] { return open_descriptors() < descriptors; })) << "what it sent along was kept";
}

TEST_F(ControlSocket, does_not_carry_a_mebibyte_and_the_plugin_that_tried_lives) {
  Host host = start(with_spoofer());

  const auto outcome = act(host, spoofer::Deed::Send, {.name = {}, .packet = {}, .bytes = 1u << 20});

  ASSERT_TRUE(outcome) << to_string(outcome.error());
  EXPECT_EQ((*outcome)->stopped_by(), EMSGSIZE);
  const auto next = act(host, spoofer::Deed::Send, {.name = {}, .packet = {}, .times = 0});
  ASSERT_TRUE(next) << to_string(next.error());
  EXPECT_EQ((*next)->sent(), 0u);
  expect_neighbour_serves(host);
  EXPECT_TRUE(host.stop("spoofer")) << "of which nothing arrived, it still hears the host";
  EXPECT_EQ(await_event(host, HostEventKind::Ended).crash, nullptr);
}

TEST_F(ControlSocket, an_answer_given_in_the_kits_place_makes_the_kits_own_one_too_many) {
  const auto host = Host::start(with_spoofer(init_done_as_hex()));

  ASSERT_FALSE(host);
  EXPECT_EQ(host.error().code, ErrorCode::PeerBreach);
  EXPECT_THAT(host.error().message, HasSubstr("a control packet is malformed or out of turn"));
}

TEST_F(ControlSocket, closed_by_a_plugin_that_lives_on_ends_it) {
  Host host = start(with_spoofer());

  static_cast<void>(act(host, spoofer::Deed::Leave));

  const HostEvent ended = await_event(host, HostEventKind::Ended);
  EXPECT_EQ(ended.plugin, "spoofer");
  EXPECT_THAT(ended.text, AllOf(HasSubstr("PeerBreach"), HasSubstr("closed its control socket")));
  expect_neighbour_serves(host);
}

TEST_F(ControlSocket, closed_while_the_kit_listens_to_it_still_brings_the_order_to_stop) {
  Host host = start(with_spoofer());
  ASSERT_TRUE(act(host, spoofer::Deed::Close));

  EXPECT_TRUE(host.stop("spoofer"));

  EXPECT_EQ(await_event(host, HostEventKind::Ended).plugin, "spoofer");
  expect_neighbour_serves(host);
}

}  // namespace
}  // namespace shunt::test
