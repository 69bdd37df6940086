/// Keys and the files they are kept in.
#include "key_file.hpp"

#include "dates.hpp"

#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <temporary_directory.hpp>

namespace shunt {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::MatchesRegex;

std::string content(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

class Keys : public testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path file(const char* name) const { return directory_.path() / name; }
  static unsigned mode(const std::filesystem::path& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
    return status.st_mode & 07777u;
  }
  static void expect_refused(const Error& why, ErrorCode code, const std::string& sentence) {
    EXPECT_EQ(why.code, code) << to_string(why);
    EXPECT_THAT(why.message, HasSubstr(sentence));
  }

  test::TemporaryDirectory directory_;
};

TEST_F(Keys, a_new_key_has_a_private_half_that_only_its_owner_reads_and_a_public_one) {
  const auto made = make_key(file("release"), "2027-12-31");

  ASSERT_TRUE(made) << to_string(made.error());
  EXPECT_EQ(mode(file("release.key")), 0600u);
  EXPECT_THAT(content(file("release.key")), MatchesRegex("shunt private key 1\nname release\nseed [0-9a-f]{64}\n"));
  EXPECT_EQ(content(file("release.pub")),
            "shunt public key 1\nname release\nkey " + made->key + "\nnot_after 2027-12-31\n");
  const auto read = read_public_key(file("release.pub"));
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_EQ(*read, *made);
  const auto private_key = PrivateKey::read(file("release.key"));
  ASSERT_TRUE(private_key) << to_string(private_key.error());
  EXPECT_EQ(private_key->public_hex(), made->key);
}

TEST_F(Keys, two_keys_are_never_the_same) {
  EXPECT_NE(make_key(file("one"), {})->key, make_key(file("other"), {})->key);
}

TEST_F(Keys, a_key_that_is_there_is_not_overwritten_and_half_of_one_is_not_left) {
  ASSERT_TRUE(make_key(file("release"), {}));
  const auto before = content(file("release.key"));

  expect_refused(make_key(file("release"), {}).error(), ErrorCode::System, "is not overwritten");

  EXPECT_EQ(content(file("release.key")), before);
  std::filesystem::remove(file("release.key"));
  expect_refused(make_key(file("release"), {}).error(), ErrorCode::System, "release.pub is there already");
  EXPECT_FALSE(std::filesystem::exists(file("release.key")));
}

TEST_F(Keys, a_name_that_is_none_and_a_day_that_is_none_are_refused_and_make_nothing) {
  expect_refused(make_key(file("two words"), {}).error(), ErrorCode::BadInput, "cannot be a key's name");
  for (const char* day : {"tomorrow", "2027-13-01", "2027-02-29", "2027-2-3", "2027-12-31 ", "-027-12-31"})
    expect_refused(make_key(file("release"), day).error(), ErrorCode::BadInput, "2027-12-31 is meant");

  EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
}

TEST_F(Keys, a_private_key_that_others_can_read_is_not_used) {
  ASSERT_TRUE(make_key(file("release"), {}));

  for (const mode_t mode : {0640u, 0604u, 0620u, 0602u, 0610u}) {
    ASSERT_EQ(::chmod(file("release.key").c_str(), mode), 0);
    expect_refused(PrivateKey::read(file("release.key")).error(), ErrorCode::NotTrusted, "others can read it");
  }

  ASSERT_EQ(::chmod(file("release.key").c_str(), 0400), 0);
  EXPECT_TRUE(PrivateKey::read(file("release.key")));
}

TEST_F(Keys, a_private_key_of_another_user_is_not_used) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  ASSERT_TRUE(make_key(file("release"), {}));
  ASSERT_EQ(::chown(file("release.key").c_str(), 65534, 65534), 0);

  expect_refused(PrivateKey::read(file("release.key")).error(), ErrorCode::NotTrusted, "belongs to user 65534");
}

TEST_F(Keys, the_halves_are_not_taken_for_one_another) {
  ASSERT_TRUE(make_key(file("release"), {}));

  expect_refused(PrivateKey::read(file("release.pub")).error(), ErrorCode::BadInput, "is no private key");
  expect_refused(read_public_key(file("release.key")).error(), ErrorCode::BadInput, "is no public key");
}

TEST_F(Keys, a_public_key_in_another_form_is_refused) {
  const std::string title = "shunt public key 1\n";
  const std::string good = title + "name release\nkey " + std::string(64, 'a') + "\n";
  ASSERT_TRUE(read_public_key(directory_.write("good.pub", good)));

  for (const std::string& text :
       {std::string(), std::string("ssh-ed25519 AAAA release\n"),
        std::string("shunt public key 2\n") + good.substr(title.size()), good.substr(0, good.size() - 1),
        good.substr(0, good.size() - 2) + "\n", good + "not_after never\n", good + "colour red\n", good + "\n",
        title + "key " + std::string(64, 'a') + "\nname release\n",
        title + "name release \nkey " + std::string(64, 'a') + "\n",
        title + "name ../x\nkey " + std::string(64, 'a') + "\n",
        title + "name release\nkey " + std::string(64, 'g') + "\n", std::string(4097, 'x')}) {
    const auto key = read_public_key(directory_.write("bad.pub", text));
    ASSERT_FALSE(key) << text;
    EXPECT_THAT(key.error().message, HasSubstr("bad.pub")) << text;
  }
}

TEST_F(Keys, a_key_that_is_no_file_is_refused_without_waiting_for_it) {
  ASSERT_EQ(::mkfifo(file("fifo.pub").c_str(), 0600), 0);

  expect_refused(read_public_key(file("fifo.pub")).error(), ErrorCode::System, "is not a regular file");
  expect_refused(read_public_key(directory_.path()).error(), ErrorCode::System, "is not a regular file");
  expect_refused(read_public_key(file("missing.pub")).error(), ErrorCode::System, "`shunt keygen` makes one");
}

TEST(ExpiryOfKeys, is_at_the_end_of_the_day_in_utc) {
  const auto day = parse_day("2027-12-31");
  ASSERT_TRUE(day);
  const PublicKey key{"release", {}, *day};

  EXPECT_EQ(to_string(*day), "2027-12-31");
  EXPECT_FALSE(key.is_expired(*day));
  EXPECT_FALSE(key.is_expired(*day + 24h - 1ns));
  EXPECT_TRUE(key.is_expired(*day + 24h));
  EXPECT_FALSE((PublicKey{"release", {}, std::nullopt}).is_expired(*day + 365 * 24h));
}

}  // namespace
}  // namespace shunt
