// What a plugin is told under a runner is what it is told under the launcher, to the word.
#include "../kit-runtime/test_host.hpp"
#include "misuser_contract.hpp"

#include <shunt/test.hpp>

#include <gtest/gtest.h>

namespace shunt::test {
namespace {

using Names = Named<misuser::Contract::ShuntTypes>;

constexpr std::uint32_t kFirstRoute = 100;

TestHostOptions misuser_in_a_process() {
  TestHostOptions options;
  options.plugin = MISUSER;
  for (std::uint32_t i = 0; i < misuser::kFunctions.size(); ++i) options.functions.push_back(kFirstRoute + i);
  options.calls = {200};
  options.topics_out = {300};
  return options;
}

std::string outcome(const Result<Outgoing>& result, std::span<const std::uint8_t> request) {
  if (!result) return to_string(result.error());
  return std::ranges::equal(result->bytes.span(), request) ? "the request" : "something else";
}

std::string outcome(const Answer& answer, std::span<const std::uint8_t> request) {
  if (answer.header.status != 0)
    return to_string(Error{static_cast<ErrorCode>(answer.header.status - 1), answer.failure()});
  return std::ranges::equal(answer.payload, std::as_bytes(request)) ? "the request" : "something else";
}

TEST(RunnerParity, a_plugin_that_breaks_every_rule_hears_the_same_from_both) {
  TestHost host(misuser_in_a_process());
  ASSERT_EQ(host.start().code, 0);
  host.activate();
  StandIn stand_in(shunt_plugin_descriptor, Names::contract(), std::vector<Setting>{},
                   {.outbound = TestHostOptions{}.outbound});
  ASSERT_TRUE(stand_in.init() && stand_in.validate() && stand_in.activate());
  const auto build = [](auto& builder) { return misuser::CreateAttempt(builder, 7); };
  const SharedBytes request = built<misuser::Attempt>(build);
  const std::string_view bytes{reinterpret_cast<const char*>(request.span().data()), request.span().size()};

  for (std::uint32_t function = 0; function < misuser::kFunctions.size(); ++function) {
    const auto from_launcher = outcome(host.call(kFirstRoute + function, bytes), request.span());
    const auto from_runner = outcome(stand_in.request(function, request.span(), {}), request.span());

    EXPECT_EQ(from_runner, from_launcher) << misuser::kFunctions[function].name;
  }
  EXPECT_EQ(stand_in.chunks_held(), 0u);
}

TEST(RunnerParity, a_plugin_is_refused_for_what_it_tried_and_not_for_something_else) {
  StandIn stand_in(shunt_plugin_descriptor, Names::contract(), std::vector<Setting>{}, {});
  ASSERT_TRUE(stand_in.init() && stand_in.validate() && stand_in.activate());
  const auto build = [](auto& builder) { return misuser::CreateAttempt(builder, 7); };
  const SharedBytes request = built<misuser::Attempt>(build);
  const auto heard = [&]<Name kFunction>() {
    return outcome(stand_in.request(Names::function<kFunction>(), request.span(), {}), request.span());
  };

  EXPECT_EQ(heard.operator()<"call-undeclared">(), "Undeclared: the manifest declares 1 calls; there is no number 7");
  EXPECT_EQ(heard.operator()<"publish-undeclared">(),
            "Undeclared: the manifest declares 1 topics out; there is no number 7");
  EXPECT_EQ(heard.operator()<"sent-in-init">(),
            "Undeclared: nothing can be sent before activate: init and validate have no effects");
  EXPECT_EQ(heard.operator()<"owe-for-another">(), "BadInput: only the request whose handler runs can be answered");
  EXPECT_EQ(heard.operator()<"owe-twice">(), "BadInput: this answer was deferred: give it for what defer gave");
  EXPECT_EQ(heard.operator()<"owe-reply-in-hand">(), "BadInput: this answer was deferred: give it for what defer gave");
  EXPECT_EQ(heard.operator()<"owe-reply-twice">(), "the request");
  EXPECT_EQ(heard.operator()<"silent">(), "PluginFailed: the handler returned without an answer");
}

}  // namespace
}  // namespace shunt::test
