/// Which bytes a host trusts, and how far: every rule with its refusal beside it, on real files and a clock of the
/// test's.
#include "plugin_image.hpp"

#include <shunt/host/inspect.hpp>

#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <temporary_directory.hpp>
#include <unistd.h>

namespace shunt {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using Clock = std::chrono::system_clock;

const auto kNow = std::chrono::sys_days{2026y / 6 / 15} + 12h;

std::string content(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// A plugin in a folder of its own, signed with the key "release".
class SignedPluginFile : public testing::Test {
 protected:
  void SetUp() override {
    directory_.write("plugin.so", content(PLUGINS "good.so"));
    const auto made = make_key(file("release"), {});
    ASSERT_TRUE(made) << to_string(made.error());
    key_ = made->key;
    ASSERT_TRUE(sign_plugin(plugin(), file("release.key")));
    trust_.keys = {file("release.pub")};
  }

  [[nodiscard]] std::filesystem::path file(const std::string& name) const { return directory_.path() / name; }
  [[nodiscard]] std::filesystem::path plugin() const { return file("plugin.so"); }
  [[nodiscard]] std::filesystem::path signature() const { return file("plugin.so.sig"); }
  [[nodiscard]] std::string sha256() const { return inspect_plugin(plugin()).value().sha256; }

  [[nodiscard]] Result<PluginImage> load(Clock::time_point now = kNow) const {
    SHUNT_TRY(policy, read_trust_policy(trust_, now));
    return load_plugin_image({.path = plugin()}, policy);
  }
  void expect_trusted(Trust trust, Clock::time_point now = kNow) const {
    const auto image = load(now);
    ASSERT_TRUE(image) << to_string(image.error());
    EXPECT_EQ(image->verdict.trust, trust) << name(image->verdict.trust);
  }
  void expect_refused(const std::string& sentence, Clock::time_point now = kNow) const {
    const auto image = load(now);
    ASSERT_FALSE(image) << "it is taken as " << name(image->verdict.trust);
    EXPECT_EQ(image.error().code, ErrorCode::NotTrusted) << to_string(image.error());
    EXPECT_THAT(image.error().message, HasSubstr("plugin.so: "));
    EXPECT_THAT(image.error().message, HasSubstr(sentence));
  }
  /// Also where unsigned plugins run: somebody meant it to be signed, and it is not what he signed.
  void expect_refused_everywhere(const std::string& sentence) {
    for (const bool allow_unsigned : {false, true}) {
      trust_.allow_unsigned = allow_unsigned;
      expect_refused(sentence);
    }
  }

  test::TemporaryDirectory directory_;
  std::string key_;
  TrustConfiguration trust_;
};

TEST_F(SignedPluginFile, is_trusted_as_signed_by_the_name_of_its_key) {
  expect_trusted(Trust::Signed);

  EXPECT_EQ(load()->verdict.signer, "release");
}

TEST_F(SignedPluginFile, with_a_byte_changed_anywhere_is_refused) {
  const std::string good = content(plugin());
  const std::size_t step = std::max<std::size_t>(1, good.size() / 64);

  for (std::size_t place = 64; place < good.size(); place += step) {  // before, it would be no plugin at all
    std::string bytes = good;
    bytes[place] = static_cast<char>(bytes[place] ^ 1);
    directory_.write("plugin.so", bytes);
    expect_refused_everywhere("its signature is for other bytes");
  }
}

TEST_F(SignedPluginFile, with_any_character_of_its_signature_changed_is_refused) {
  const std::string good = content(signature());

  for (std::size_t place = 0; place < good.size(); ++place) {
    std::string text = good;
    text[place] = text[place] == '0' ? '1' : '0';
    directory_.write("plugin.so.sig", text);
    trust_.allow_unsigned = false;
    expect_refused("");
  }
}

TEST_F(SignedPluginFile, with_a_signature_cut_short_anywhere_is_refused) {
  const std::string good = content(signature());

  for (std::size_t size = 0; size < good.size(); ++size) {
    directory_.write("plugin.so.sig", good.substr(0, size));
    expect_refused_everywhere("is no signature");
  }
}

TEST_F(SignedPluginFile, with_something_behind_its_signature_or_a_huge_one_is_refused) {
  const std::string good = content(signature());

  directory_.write("plugin.so.sig", good + "x");
  expect_refused_everywhere("is no signature");
  directory_.write("plugin.so.sig", good + std::string(64u << 20, '\n'));
  expect_refused_everywhere("is larger than 4096 bytes");
}

TEST_F(SignedPluginFile, whose_signature_is_a_folder_or_a_fifo_is_refused_without_waiting) {
  std::filesystem::remove(signature());
  std::filesystem::create_directory(signature());
  expect_refused_everywhere("is not a regular file");

  std::filesystem::remove(signature());
  ASSERT_EQ(::mkfifo(signature().c_str(), 0600), 0);
  expect_refused_everywhere("is not a regular file");
}

TEST_F(SignedPluginFile, with_the_signature_of_another_file_is_refused) {
  directory_.write("other.so", content(PLUGINS "good.so") + "one byte more");
  ASSERT_TRUE(sign_plugin(file("other.so"), file("release.key")));

  std::filesystem::copy_file(file("other.so.sig"), signature(), std::filesystem::copy_options::overwrite_existing);

  expect_refused_everywhere("its signature is for other bytes");
}

TEST_F(SignedPluginFile, whose_signature_names_another_manifest_is_refused) {
  const auto key = PrivateKey::read(file("release.key"));
  ASSERT_TRUE(key);

  directory_.write("plugin.so.sig", to_text(sign(*key, sha256(), std::string(64, 'a'))));

  expect_refused_everywhere("its signature is for the manifest aaaa");
}

TEST_F(SignedPluginFile, signed_by_a_key_that_the_host_does_not_name_counts_as_unsigned) {
  ASSERT_TRUE(make_key(file("stranger"), {}));
  ASSERT_TRUE(sign_plugin(plugin(), file("stranger.key")));

  expect_refused(", which [trust] does not name");
  trust_.allow_unsigned = true;
  expect_trusted(Trust::Unsigned);
  trust_.keys.push_back(file("stranger.pub"));
  expect_trusted(Trust::Signed);
}

TEST_F(SignedPluginFile, that_claims_a_trusted_key_and_was_signed_by_another_is_refused) {
  ASSERT_TRUE(make_key(file("stranger"), {}));
  const auto stranger = sign_plugin(plugin(), file("stranger.key"));
  ASSERT_TRUE(stranger);
  std::string text = content(signature());
  text.replace(text.find(stranger->key), stranger->key.size(), key_);

  directory_.write("plugin.so.sig", text);

  expect_refused_everywhere("its signature does not hold");
}

TEST_F(SignedPluginFile, is_refused_from_the_day_after_the_last_of_its_key) {
  const auto day = std::chrono::sys_days{2026y / 6 / 15};
  directory_.write("release.pub", "shunt public key 1\nname release\nkey " + key_ + "\nnot_after 2026-06-15\n");

  expect_trusted(Trust::Signed, day + 24h - 1s);
  expect_refused("the key \"release\", which expired at the end of 2026-06-15", day + 24h);
  trust_.allow_unsigned = true;
  expect_refused("expired", day + 24h);
}

TEST_F(SignedPluginFile, is_refused_once_its_key_is_revoked) {
  trust_.revoked = {key_};

  expect_refused_everywhere("which is revoked");
}

TEST_F(SignedPluginFile, is_refused_once_a_list_revokes_its_key_though_the_configuration_is_the_same) {
  directory_.write("revoked.txt", "# keys that were lost\n");
  trust_.revoked_in = {file("revoked.txt")};
  expect_trusted(Trust::Signed);

  directory_.write("revoked.txt", "# keys that were lost\n\n" + key_ + "  release, on a laptop\n");

  expect_refused_everywhere("which is revoked");
}

TEST_F(SignedPluginFile, is_refused_once_its_bytes_are_revoked_whoever_signed_or_listed_them) {
  trust_.revoked = {sha256()};
  trust_.listed = {sha256()};

  expect_refused_everywhere("is revoked; build it anew");
}

TEST_F(SignedPluginFile, may_be_listed_when_its_key_does_not_count_any_more) {
  trust_.revoked = {key_};
  trust_.listed = {sha256()};

  expect_trusted(Trust::Listed);
}

TEST_F(SignedPluginFile, with_another_sum_than_its_entry_names_is_refused_all_the_same) {
  const auto policy = read_trust_policy(trust_, kNow);
  ASSERT_TRUE(policy);

  const auto image = load_plugin_image({.path = plugin(), .sha256 = std::string(64, '0')}, *policy);

  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().code, ErrorCode::NotTrusted);
}

TEST_F(SignedPluginFile, that_is_swapped_after_the_check_runs_as_the_bytes_that_were_checked) {
  const std::string good = content(plugin());
  const auto image = load();
  ASSERT_TRUE(image);

  directory_.write("swapped.so", std::string(good.size(), 'x'));
  std::filesystem::rename(file("swapped.so"), plugin());

  std::string sealed(good.size(), '\0');
  ASSERT_EQ(::pread(image->descriptor.get(), sealed.data(), sealed.size(), 0), static_cast<ssize_t>(good.size()));
  EXPECT_EQ(sealed, good);
}

TEST_F(SignedPluginFile, is_verified_with_the_keys_given_and_with_no_other) {
  ASSERT_TRUE(make_key(file("stranger"), {}));
  const std::vector<std::filesystem::path> both{file("stranger.pub"), file("release.pub")}, wrong{file("stranger.pub")};

  const auto held = verify_plugin(plugin(), both, kNow);
  ASSERT_TRUE(held) << to_string(held.error());
  EXPECT_EQ(held->signer, "release");
  EXPECT_EQ(held->sha256, sha256());
  EXPECT_THAT(verify_plugin(plugin(), wrong, kNow).error().message, HasSubstr("which is none of those given"));
  std::filesystem::remove(signature());
  EXPECT_THAT(verify_plugin(plugin(), both, kNow).error().message, HasSubstr("it has no signature"));
}

TEST_F(SignedPluginFile, is_shown_with_its_signature_by_whoever_made_it) {
  EXPECT_EQ(inspect_plugin(plugin())->signature.kind, SignatureState::Kind::Holds);
  EXPECT_EQ(inspect_plugin(plugin())->signature.key, key_);

  directory_.write("plugin.so", content(plugin()) + "x");
  EXPECT_EQ(inspect_plugin(plugin())->signature.kind, SignatureState::Kind::Broken);

  std::filesystem::remove(signature());
  EXPECT_EQ(inspect_plugin(plugin())->signature.kind, SignatureState::Kind::None);
}

/// The same plugin, which nobody has signed.
class UnsignedPluginFile : public SignedPluginFile {
 protected:
  void SetUp() override {
    SignedPluginFile::SetUp();
    std::filesystem::remove(signature());
  }
};

TEST_F(UnsignedPluginFile, runs_only_where_the_configuration_says_so) {
  expect_refused("nothing says that it may run; list sha256 = \"" + sha256() + "\"");

  trust_.allow_unsigned = true;
  expect_trusted(Trust::Unsigned);
}

TEST_F(UnsignedPluginFile, is_trusted_as_listed_in_either_case_of_letters) {
  std::string upper = sha256();
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));

  for (const std::string& sum : {sha256(), upper}) {
    trust_.listed = {sum};
    expect_trusted(Trust::Listed);
  }
  trust_.listed = {std::string(64, '0')};
  expect_refused("nothing says that it may run");
}

TEST_F(UnsignedPluginFile, is_trusted_as_listed_in_a_file_as_sha256sum_prints_it) {
  directory_.write("plugins.sha256", std::string(64, '0') + "  other.so\n" + sha256() + "  plugin.so\n");
  trust_.listed_in = {file("plugins.sha256")};

  expect_trusted(Trust::Listed);
}

TEST_F(UnsignedPluginFile, is_judged_by_no_list_that_is_missing_or_says_something_else) {
  directory_.write("plugins.sha256", "plugin.so " + sha256() + "\n");

  for (const char* name : {"plugins.sha256", "missing.sha256", "."}) {
    trust_.listed_in = {file(name)};
    const auto policy = read_trust_policy(trust_, kNow);
    ASSERT_FALSE(policy) << name;
    EXPECT_EQ(policy.error().code, ErrorCode::BadConfiguration);
    EXPECT_THAT(policy.error().message, HasSubstr("[trust] listed_in: " + directory_.path().string()));
  }
  trust_.listed_in.clear();
  trust_.keys.push_back(file("missing.pub"));
  EXPECT_THAT(read_trust_policy(trust_, kNow).error().message, HasSubstr("[trust] keys: "));
}

}  // namespace
}  // namespace shunt
