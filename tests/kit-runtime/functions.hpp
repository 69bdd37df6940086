#pragma once
/// The functions of abi_plugin.c as routes: the order is the plugin's.

#include "test_host.hpp"

namespace shunt::test {

// NOLINTBEGIN(readability-identifier-naming): constants, as abi_plugin.c has them
enum Route : std::uint32_t {
  kEcho = 100,
  kEchoChunk,
  kCall,
  kPublish,
  kCrash,
  kExit,
  kSilent,
  kFail,
  kWaitForCancel,
  kAnswerTwice,
  kHandled,
  kPlaceOfCrash,
  kSurroundings,
  kAbort,
  kLoanAll,
  kFork,
  kWaitOnAnotherThread,
  kAllocations,
  kAllocate,
  kPublishKeyed,
  kEndOfRoutes,
  kCalled = 200,
  kTopicIn = 300,
  kTopicOut = 400
};
// NOLINTEND(readability-identifier-naming)

inline TestHostOptions abi_plugin() {
  TestHostOptions options;
  options.plugin = ABI_PLUGIN;
  for (std::uint32_t route = kEcho; route < kEndOfRoutes; ++route) options.functions.push_back(route);
  options.calls = {kCalled};
  options.topics_in = {kTopicIn};
  options.topics_out = {kTopicOut};
  return options;
}

constexpr std::uint16_t status(ErrorCode code) {
  return static_cast<std::uint16_t>(static_cast<std::uint16_t>(code) + 1);
}

}  // namespace shunt::test
