/// Which paths name one place, and which name it once more or in another way.
#include <shunt/schemas/plain_path.hpp>

#include <gtest/gtest.h>

namespace shunt {
namespace {

TEST(PlainPath, is_absolute_and_below_the_root) {
  for (const char* path : {"/etc", "/etc/hosts", "/a/b/c", "/.hidden", "/a/..b", "/a/b.", "/..."})
    EXPECT_TRUE(is_plain_path(path)) << path;

  for (const char* path : {"", "etc", "etc/hosts", "./etc", "/"}) EXPECT_FALSE(is_plain_path(path)) << path;
}

TEST(PlainPath, is_the_only_text_for_its_place) {
  for (const char* path : {"/etc/", "/etc//hosts", "//etc", "//", "/.", "/..", "/etc/.", "/etc/..", "/etc/../etc/hosts",
                           "/./etc", "/etc/./hosts"})
    EXPECT_FALSE(is_plain_path(path)) << path;
}

}  // namespace
}  // namespace shunt
