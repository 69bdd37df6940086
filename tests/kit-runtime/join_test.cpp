#include "functions.hpp"

#include <csignal>

#include <gtest/gtest.h>
#include <sys/wait.h>

namespace shunt::test {
namespace {

TEST(Join, a_plugin_started_by_hand_serves_and_leaves_nothing) {
  const std::size_t before = open_descriptors();
  {
    TestHost host{abi_plugin()};
    host.spawn_by_hand();
    EXPECT_EQ(host.await_loaded().code, 0);
    host.activate();
    EXPECT_EQ(host.call(kEcho, "by hand").text(), "by hand");
    EXPECT_EQ(host.enter(control::Phase::Cleanup).code, 0);
    EXPECT_EQ(host.await_all_gone(), 0);
  }
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

TEST(Join, a_plugin_started_by_hand_dies_with_its_launcher_and_with_its_host) {
  {
    TestHost host{abi_plugin()};
    host.spawn_by_hand();
    host.await_loaded();
    host.activate();
    ::kill(host.warden_pid(), SIGTERM);
    host.await_all_gone();
  }
  TestHost host{abi_plugin()};
  host.spawn_by_hand();
  host.await_loaded();
  host.activate();

  host.close_warden_socket();

  EXPECT_EQ(WEXITSTATUS(host.await_all_gone()), 1);
}

}  // namespace
}  // namespace shunt::test
