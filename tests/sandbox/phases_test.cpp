/// Each phase has its own rules: what a plugin may do in one is denied in another.
#include "tidy_host.hpp"

#include <cerrno>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using tidy::Deed;

const std::string kFile = READABLE "/file";

class PhaseRules : public TidyHost {};

TEST_F(PhaseRules, a_declared_file_is_read_in_validate_and_activate_and_not_in_init) {
  Host host = start(configuration(
      {{"in_init", "read " + kFile}, {"in_validate", "read " + kFile}, {"in_activate", "read " + kFile}}));

  EXPECT_EQ(act(host, Deed::Tell).text, fmt::format("init {};validate 0;activate 0;", ENOSYS));
  const AuditRecord record = await_record(host, "Init", "openat");
  EXPECT_EQ(record.plugin, "tidy");
  EXPECT_EQ(record.answer, ENOSYS);
  EXPECT_EQ(record.count, 1u);
  EXPECT_LE(record.first, record.last);
}

TEST_F(PhaseRules, threads_begin_with_activate) {
  Host host = start(configuration({{"in_init", "thread"}, {"in_validate", "thread"}, {"in_activate", "thread"}}));

  EXPECT_EQ(act(host, Deed::Tell).text, fmt::format("init {};validate {};activate 0;", ENOSYS, ENOSYS));
  EXPECT_EQ(act(host, Deed::Thread).stopped_by, 0);
  EXPECT_EQ(await_record(host, "Init", "clone").answer, ENOSYS);
  EXPECT_EQ(await_record(host, "Validate", "clone").answer, ENOSYS);
}

TEST_F(PhaseRules, a_file_that_is_not_declared_is_read_in_none) {
  const std::string other = "read " READABLE "/other";
  Host host = start(configuration({{"in_validate", other}, {"in_activate", other}}));

  EXPECT_EQ(act(host, Deed::Tell).text, fmt::format("validate {};activate {};", ENOSYS, ENOSYS));
  EXPECT_EQ(act(host, Deed::Read, READABLE "/other").stopped_by, ENOSYS);
}

TEST_F(PhaseRules, cleanup_opens_nothing) {
  Host host = start(configuration({{"in_cleanup", "read " + kFile}}));

  ASSERT_TRUE(host.stop("tidy"));

  EXPECT_EQ(await_record(host, "Cleanup", "openat").answer, ENOSYS);
}

class DeclaredReads : public TidyHost {};

TEST_F(DeclaredReads, give_the_file_to_streams_and_its_size_to_whoever_asks) {
  Host host = start(configuration());

  EXPECT_EQ(act(host, Deed::Read, kFile).text, "declared");
  EXPECT_EQ(act(host, Deed::Ask, kFile).text, "9");
  EXPECT_EQ(act(host, Deed::Read, READABLE "/folder/inner/file").text, "below");
  EXPECT_EQ(act(host, Deed::Read, READABLE "/folder/missing").stopped_by, ENOENT) << "as without a sandbox";
}

TEST_F(DeclaredReads, lead_nowhere_else) {
  Host host = start(configuration());

  for (const char* path : {READABLE "/folder/../other", READABLE "/./file", READABLE "//file", "/proc/self/maps",
                           READABLE "/folder2/file", READABLE, "file", ""})
    EXPECT_EQ(act(host, Deed::Read, path).stopped_by, ENOSYS) << path;
  EXPECT_NE(act(host, Deed::Read, READABLE "/folder/way_out").stopped_by, 0) << "a link that leaves the folder";
  EXPECT_EQ(act(host, Deed::Read, READABLE "/folder").stopped_by, EACCES) << "a folder is no file";
}

}  // namespace
}  // namespace shunt::test
