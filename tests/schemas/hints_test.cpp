/// What a message wants of the version that handles it.
#include <shunt/schemas/hints.hpp>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

namespace shunt {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Hints parsed(std::string_view text) { return Hints::parse(text).value(); }

std::vector<std::string> versions_of(const Hints& hints) {
  std::vector<std::string> result;
  for (const VersionHint& each : hints.parts().versions) result.push_back(each.text);
  return result;
}

LabelHint label(std::string key, std::string value) { return {std::move(key), std::move(value)}; }

TEST(Hints, name_versions_in_the_order_of_preference) {
  const Hints hints = parsed("v2, ^1.4 ,>=1.2 <2,1.x");

  EXPECT_THAT(versions_of(hints), ElementsAre("2", "^1.4", ">=1.2 <2", "1.x"));
  EXPECT_TRUE(hints.parts().versions[0].range.contains(Version::parse("2.7.1").value()));
  EXPECT_FALSE(hints.parts().versions[2].range.contains(Version::parse("2.0.0").value()));
  EXPECT_TRUE(hints.parts().versions[3].range.contains(Version::parse("1.9.9").value()));
}

TEST(Hints, name_a_feature_behind_a_version) {
  const Hints hints = parsed("v2+feature-x;region=bj");

  EXPECT_THAT(versions_of(hints), ElementsAre("2"));
  EXPECT_THAT(hints.parts().labels, ElementsAre(label("feature", "feature-x"), label("region", "bj")));
}

TEST(Hints, of_versions_may_have_their_key) {
  EXPECT_EQ(parsed("version=2,1.4"), parsed("v2,1.4"));
  EXPECT_EQ(parsed("version = >=1.2"), parsed(">=1.2"));
}

TEST(Hints, are_required_one_by_one_or_all) {
  const Hints one = parsed("v2;region=bj;required=region"), all = parsed("v2;region=bj;required");

  EXPECT_TRUE(one.parts().is_required("region"));
  EXPECT_FALSE(one.parts().is_required("version"));
  EXPECT_TRUE(all.parts().is_required("region"));
  EXPECT_TRUE(all.parts().is_required("version"));
  EXPECT_EQ(all, parsed("required=version,region;region=bj;v2"));
}

TEST(Hints, name_a_tag_as_a_label_of_its_own_key) {
  EXPECT_THAT(parsed("tag=1.5.0-rc.1+7;canary=1").parts().labels,
              ElementsAre(label("canary", "1"), label("tag", "1.5.0-rc.1+7")));
}

TEST(Hints, that_say_the_same_are_the_same_to_the_last_byte) {
  const Hints one = parsed("region=bj; version = 2"), other = parsed("v2;region=bj");

  EXPECT_EQ(one, other);
  EXPECT_EQ(one.hash(), other.hash());
  EXPECT_EQ(Hints::of_text(one.text()), one);
  EXPECT_NE(one, parsed("v2;region=bk"));
}

TEST(Hints, of_nothing_are_none) {
  EXPECT_TRUE(parsed("").empty());
  EXPECT_TRUE(parsed("  ").empty());
  EXPECT_TRUE(Hints{}.parts().versions.empty());
  EXPECT_TRUE(Hints{}.parts().labels.empty());
  EXPECT_FALSE(Hints{}.parts().is_required("version"));
  EXPECT_EQ(Hints{}, parsed(""));
}

TEST(Hints, are_written_so_that_they_can_be_read_again) {
  for (const char* const text :
       {"v2+feature-x;region=bj", "region=bj", "1.4,^1.5;required", "v2;canary=1;required=canary"})
    EXPECT_EQ(parsed(parsed(text).text()).text(), parsed(text).text()) << text;
  EXPECT_EQ(parsed(" region = bj ; v2 ").text(), "2;region=bj");
}

TEST(Hints, that_make_no_sense_are_refused_with_the_place) {
  const auto refused = [](std::string_view text) {
    const auto hints = Hints::parse(text);
    EXPECT_FALSE(hints) << text;
    return hints ? std::string{} : to_string(hints.error());
  };
  EXPECT_THAT(refused("newest"), AllOf(HasSubstr("\"newest\""), HasSubstr("neither a version nor KEY=VALUE")));
  EXPECT_THAT(refused("v2;;region=bj"), HasSubstr("empty entry"));
  EXPECT_THAT(refused("region="), HasSubstr("\"region=\""));
  EXPECT_THAT(refused("region=b j"), HasSubstr("\"region=b j\""));
  EXPECT_THAT(refused("region=bj;region=sh"), HasSubstr("say one"));
  EXPECT_THAT(refused("v2;required=region"), HasSubstr("\"region\" is required"));
  EXPECT_THAT(refused("required"), HasSubstr("what is required?"));
  EXPECT_THAT(refused("v2;required=a b"), HasSubstr("no key"));
  EXPECT_THAT(refused(std::string(500, ' ') + "1"), HasSubstr("501 bytes"));
  const std::string value(64, 'f');
  EXPECT_THAT(refused("a=" + value + ";b=" + value), HasSubstr("133 bytes: they may have 119"));
  EXPECT_THAT(refused("a=f" + value), HasSubstr("1 to 64"));
}

TEST(Hints, of_several_texts_of_a_feature_that_agree_are_one) {
  EXPECT_THAT(parsed("2+x,1.5+x").parts().labels, ElementsAre(label("feature", "x")));
  EXPECT_FALSE(Hints::parse("2+x,1.5+y"));
}

TEST(Hints, come_from_http_headers_whatever_their_case) {
  const std::vector<std::pair<std::string, std::string>> headers{
      {"Host", "example.com"}, {"Shunt-Hints", "v2"}, {"region", "elsewhere"}, {"SHUNT-HINTS", "region=bj"}};

  EXPECT_EQ(Hints::from_headers(headers).value(), parsed("v2;region=bj"));
}

/// As grpc::string_ref: it is no string_view, and does not end in a zero.
class StringRef {
 public:
  explicit StringRef(std::string_view text) : text_(text) {}
  [[nodiscard]] const char* data() const { return text_.data(); }
  [[nodiscard]] std::size_t size() const { return text_.size(); }
  friend bool operator<(StringRef one, StringRef other) { return one.text_ < other.text_; }

 private:
  std::string_view text_;
};

TEST(Hints, come_from_grpc_metadata) {
  const std::string_view wire = "v2;region=bjtail";
  const std::multimap<StringRef, StringRef> metadata{{StringRef{"user-agent"}, StringRef{"x"}},
                                                     {StringRef{"shunt-hints"}, StringRef{wire.substr(0, 12)}}};

  EXPECT_EQ(Hints::from_headers(metadata).value(), parsed("v2;region=bj"));
}

TEST(Hints, are_none_where_no_header_has_any) {
  EXPECT_TRUE(Hints::from_headers(std::map<std::string, std::string>{{"region", "bj"}}).value().empty());
  EXPECT_FALSE(Hints::from_headers(std::map<std::string, std::string>{{"shunt-hints", "?"}}));
}

}  // namespace
}  // namespace shunt
