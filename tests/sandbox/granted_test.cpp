/// System calls that a manifest declares: in which phases they are granted, and which never.
#include "tidy_host.hpp"

#include <cerrno>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using tidy::Deed;

class DeclaredCalls : public TidyHost {
 protected:
  static HostConfiguration of(const char* plugin, const Settings& settings = {}) {
    HostConfiguration result = configuration(settings);
    result.plugins[0].path = plugin;
    return result;
  }
};

TEST_F(DeclaredCalls, go_through_and_show_a_machine_without_a_name) {
  Host host = start(configuration());

  const Outcome outcome = act(host, Deed::Call);

  EXPECT_EQ(outcome.stopped_by, 0);
  if (host.snapshot().plugins.at(0).sandbox == "full") {
    EXPECT_EQ(outcome.text, "plugin");
  }
}

TEST_F(DeclaredCalls, are_denied_in_load_init_and_validate_and_granted_from_activate_on) {
  Host host = start(of(TIDY_PLUGIN_CALLING, {{"in_init", "call"}, {"in_validate", "call"}, {"in_activate", "call"}}));

  EXPECT_EQ(act(host, Deed::Tell).text, fmt::format("init {};validate {};activate 0;", ENOSYS, ENOSYS));
  EXPECT_EQ(act(host, Deed::Call).stopped_by, 0);
  for (const char* phase : {"Load", "Init", "Validate"}) {
    const AuditRecord record = await_record(host, phase, "uname");
    EXPECT_EQ(record.answer, ENOSYS) << phase;
    EXPECT_EQ(record.count, 1u) << phase;
  }
  for (const AuditRecord& each : host.audit()) EXPECT_NE(each.phase, "Activate") << each.call;
}

TEST_F(DeclaredCalls, that_a_constructor_makes_fail_there_and_nowhere_else) {
  Host host = start(of(TIDY_PLUGIN_CALLING, {{"in_activate", "call at load"}}));

  EXPECT_EQ(act(host, Deed::Tell).text, fmt::format("activate {};", ENOSYS));
}

TEST_F(DeclaredCalls, are_denied_in_cleanup) {
  Host host = start(configuration({{"in_cleanup", "call"}}));

  ASSERT_TRUE(host.stop("tidy"));

  EXPECT_EQ(await_record(host, "Cleanup", "uname").answer, ENOSYS);
}

TEST_F(DeclaredCalls, that_lead_out_of_the_sandbox_start_nothing_and_are_named) {
  const std::pair<const char*, const char*> asking[] = {{TIDY_PLUGIN_EXECVE, "execve"},
                                                        {TIDY_PLUGIN_PTRACE, "ptrace"},
                                                        {TIDY_PLUGIN_TGKILL, "tgkill"},
                                                        {TIDY_PLUGIN_MKNOD, "mknod"}};
  for (const auto& [plugin, call] : asking) {
    const auto host = Host::start(of(plugin));

    ASSERT_FALSE(host) << call;
    EXPECT_EQ(host.error().code, ErrorCode::BadManifest);
    EXPECT_THAT(host.error().message,
                AllOf(HasSubstr("tidy 1.0.0"), HasSubstr(std::string{"the system call "} + call + ","),
                      HasSubstr("no plugin gets it")));
  }
}

}  // namespace
}  // namespace shunt::test
