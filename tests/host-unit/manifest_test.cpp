#include "example_manifest.hpp"

#include <shunt/schemas/libraries.hpp>
#include <shunt/schemas/limits.hpp>
#include <shunt/schemas/manifest.hpp>
#include <shunt/schemas/names.hpp>
#include <shunt/schemas/pattern.hpp>

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shunt {
namespace {

using test::packed;
using testing::HasSubstr;

TEST(Manifest, everything_declared_is_read) {
  const auto manifest = parse_manifest(packed(test::example_manifest()));

  ASSERT_TRUE(manifest) << to_string(manifest.error());
  EXPECT_EQ(manifest->name, "momentum");
  EXPECT_EQ(to_string(manifest->version), "1.4.0+abi-v3");
  const PayloadType bar{"market.Bar", {1}}, signal{"market.Signal", {2}};
  EXPECT_EQ(manifest->functions, (std::vector{DeclaredFunction{"signal", bar, signal, true}}));
  EXPECT_EQ(manifest->calls,
            (std::vector{DeclaredCall{"risk/check", "^1.2", {"risk.Order", {3}}, {"risk.Verdict", {4}}}}));
  EXPECT_EQ(manifest->topics_in, (std::vector{DeclaredTopic{"market.bars", {"market.Bar", {7}}, false}}));
  EXPECT_EQ(manifest->topics_out, (std::vector{DeclaredTopic{"market.signals", {"market.Signal", {7}}, false}}));
  EXPECT_EQ(manifest->config, (std::vector{ConfigKey{"window", ConfigType::Int, false, "2", "500", {}, "20"}}));
  EXPECT_EQ(manifest->permissions.read, (std::vector<std::string>{"/etc/hosts"}));
  EXPECT_TRUE(manifest->permissions.syscalls.empty());
  EXPECT_EQ(manifest->binary_schemas,
            (std::vector{BinarySchema{"market.fbs", {std::byte{1}, std::byte{2}, std::byte{3}}}}));
  EXPECT_EQ(manifest->libraries, (std::vector{ManifestLibrary{"libindicators.so.2", std::string(64, 'a')}}));
  EXPECT_EQ(manifest->tool_chain, (ToolChain{"GNU", {12, 2, 0}}));
  EXPECT_EQ(manifest->workers, 4u);
  EXPECT_EQ(manifest->in_flight_max, 200u);
}

TEST(Manifest, a_plugin_that_declares_nothing_but_its_name_is_possible) {
  manifest::ManifestT least;
  least.name = "idle";
  least.version = "0.1.0-beta";

  const auto manifest = parse_manifest(packed(least));

  ASSERT_TRUE(manifest) << to_string(manifest.error());
  EXPECT_TRUE(manifest->functions.empty());
  EXPECT_FALSE(manifest->tool_chain) << "an older kit did not say it";
  EXPECT_EQ(manifest->workers, 1u);
  EXPECT_EQ(manifest->in_flight_max, 50u);
}

TEST(Manifest, bytes_at_any_alignment_are_read) {
  const auto bytes = packed(test::example_manifest());
  for (std::size_t shift = 0; shift < 8; ++shift) {
    std::vector<std::byte> moved(bytes.size() + shift);
    std::ranges::copy(bytes, moved.begin() + static_cast<std::ptrdiff_t>(shift));
    EXPECT_TRUE(parse_manifest(std::span(moved).subspan(shift))) << shift;
  }
}

TEST(Manifest, a_manifest_cut_short_anywhere_is_refused) {
  const auto bytes = packed(test::example_manifest());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto manifest = parse_manifest(std::span(bytes).first(size));
    // The last bytes may be padding; what is read without them is then the same.
    if (manifest) {
      EXPECT_EQ(manifest, parse_manifest(bytes)) << size;
    } else {
      EXPECT_EQ(manifest.error().code, ErrorCode::BadManifest) << size;
    }
  }
}

TEST(Manifest, flipped_bits_are_read_or_refused_and_never_more) {
  const auto bytes = packed(test::example_manifest());
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    auto flipped = bytes;
    flipped[bit / 8] ^= std::byte{1} << (bit % 8);

    const auto manifest = parse_manifest(flipped);

    if (!manifest) {
      EXPECT_EQ(manifest.error().code, ErrorCode::BadManifest) << bit;
    }
  }
}

TEST(Manifest, one_that_is_too_large_is_refused_before_it_is_looked_at) {
  const auto manifest = parse_manifest(std::vector<std::byte>(kManifestBytesMax + 1));

  ASSERT_FALSE(manifest);
  EXPECT_EQ(manifest.error().code, ErrorCode::TooLarge);
}

struct BadContent {
  const char* what;
  std::function<void(manifest::ManifestT&)> spoil;
  const char* sentence;
};

void PrintTo(const BadContent& content, std::ostream* stream) { *stream << content.what; }

class RefusedManifest : public testing::TestWithParam<BadContent> {};

TEST_P(RefusedManifest, is_refused_with_what_is_wrong) {
  auto example = test::example_manifest();
  GetParam().spoil(example);

  const auto manifest = parse_manifest(packed(example));

  ASSERT_FALSE(manifest) << GetParam().what;
  EXPECT_EQ(manifest.error().code, ErrorCode::BadManifest);
  EXPECT_THAT(manifest.error().message, HasSubstr(GetParam().sentence));
}

using M = manifest::ManifestT;

void add_states(M& manifest, const std::vector<std::uint16_t>& versions) {
  for (const std::uint16_t version : versions) {
    auto& state = manifest.state.emplace_back(std::make_unique<manifest::StateVersionT>());
    state->version = version;
    state->type = std::make_unique<manifest::TypeT>();
    state->type->name = "market.Bar";
  }
}

INSTANTIATE_TEST_SUITE_P(
    Content, RefusedManifest,
    testing::Values(
        BadContent{"format", [](M& m) { m.format = 2; }, "has format 2"},
        BadContent{"no name", [](M& m) { m.name = ""; }, "\"\" is not a plugin's name"},
        BadContent{"slash", [](M& m) { m.name = "a/b"; }, "\"a/b\" is not a plugin's name"},
        BadContent{"escape", [](M& m) { m.name = "\x1b[2J"; }, "\\x1b"},
        BadContent{"long name", [](M& m) { m.name = std::string(5000, 'x'); }, "xxx\"... is not a plugin's name"},
        BadContent{"version", [](M& m) { m.version = "1.4"; }, "version \"1.4\" is not"},
        BadContent{"build", [](M& m) { m.version = "1.4.0+8a3f1c2e"; }, "MAJOR.MINOR.PATCH[-prerelease]"},
        BadContent{"function", [](M& m) { m.functions[0]->name = "sig nal"; }, "\"sig nal\" in functions"},
        BadContent{"twice", [](M& m) { m.functions.push_back(test::function("signal")); }, "\"signal\" stands twice"},
        BadContent{"call", [](M& m) { m.calls[0]->function = "check"; }, "write plugin/function"},
        BadContent{"range", [](M& m) { m.calls[0]->version = "\n"; }, "the call risk/check has the version range"},
        BadContent{"topic", [](M& m) { m.topics_in[0]->name = "market..bars"; }, "\"market..bars\" in topics.in"},
        BadContent{"out", [](M& m) { m.topics_out[0]->name = "9"; }, "\"9\" in topics.out"},
        BadContent{"type", [](M& m) { m.topics_out[0]->type->name = ""; }, "\"market.signals\" names the type \"\""},
        BadContent{"request", [](M& m) { m.functions[0]->request->name = "a b"; }, "names the type \"a b\""},
        BadContent{"schema", [](M& m) { m.binary_schemas[0]->file = ""; }, "schemas"},
        BadContent{"tool chain", [](M& m) { m.tool_chain = "\x1b[2J 1"; },
                   "in the manifest, \"\\x1b[2J 1\" is no tool"},
        BadContent{"state", [](M& m) { add_states(m, {0}); }, "state 0 follows 0"},
        BadContent{"states",
                   [](M& m) {
                     add_states(m, {2, 2});
                   },
                   "state 2 follows 2"},
        BadContent{"many states", [](M& m) { add_states(m, std::vector<std::uint16_t>(17, 1)); },
                   "17 versions of state, at most 16"},
        BadContent{"workers", [](M& m) { m.workers = 0; }, "serving.workers is 0; 1 to 64"},
        BadContent{"in flight", [](M& m) { m.in_flight_max = 10'001; }, "serving.in_flight_max is 10001; 1 to 10000"},
        BadContent{"permission", [](M& m) { m.permissions->read = {""}; }, "permissions.read"},
        BadContent{"many",
                   [](M& m) {
                     for (std::size_t i = 0; i < kFunctionsMax; ++i)
                       m.functions.push_back(test::function("f" + std::to_string(i)));
                   },
                   "257 functions declared, at most 256"}));

INSTANTIATE_TEST_SUITE_P(
    Libraries, RefusedManifest,
    testing::Values(
        BadContent{"path", [](M& m) { m.libraries[0]->name = "../libx.so"; }, "\"../libx.so\" in libraries"},
        BadContent{"variable", [](M& m) { m.libraries[0]->name = "$LIB"; }, "write the library's SONAME"},
        BadContent{"twice", [](M& m) { m.libraries.push_back(test::library("libindicators.so.2")); }, "stands twice"},
        BadContent{"upper case", [](M& m) { m.libraries[0]->sha256 = std::string(64, 'A'); }, "64 hex digits in lower"},
        BadContent{"short", [](M& m) { m.libraries[0]->sha256 = "aa"; }, "has the sha256 \"aa\""},
        BadContent{"many",
                   [](M& m) {
                     for (std::size_t i = 0; i < kLibrariesMax; ++i)
                       m.libraries.push_back(test::library("lib" + std::to_string(i) + ".so"));
                   },
                   "33 libraries, at most 32"}));

INSTANTIATE_TEST_SUITE_P(
    ConfigKeys, RefusedManifest,
    testing::Values(BadContent{"type", [](M& m) { m.config[0]->type = static_cast<manifest::ConfigType>(9); },
                               "its type is none"},
                    BadContent{"min", [](M& m) { m.config[0]->minimum = "two"; }, "not a number of its type"},
                    BadContent{"order", [](M& m) { m.config[0]->minimum = "501"; }, "its min is above its max"},
                    BadContent{"default", [](M& m) { m.config[0]->default_ = "1"; }, "its default does not fit"},
                    BadContent{"kind", [](M& m) { m.config[0]->default_ = "twenty"; }, "an int from 2 to 500 is meant"},
                    BadContent{"both", [](M& m) { m.config[0]->required = true; }, "would never be used"},
                    BadContent{"pattern", [](M& m) { m.config[0]->pattern = "a"; }, "only a string has a pattern"},
                    BadContent{"long pattern",
                               [](M& m) {
                                 m.config.push_back(test::key("mode", manifest::ConfigType::String));
                                 m.config.back()->pattern = std::string(kPatternBytesMax + 1, 'a');
                               },
                               "above 256 bytes"},
                    BadContent{"bounds",
                               [](M& m) {
                                 m.config.push_back(test::key("mode", manifest::ConfigType::String));
                                 m.config.back()->minimum = "1";
                               },
                               "only an int or a float"}));

TEST(Names, are_plain_words_that_start_with_a_letter) {
  for (const auto* name : {"momentum", "momentum-2", "A_b"}) EXPECT_TRUE(is_name(name)) << name;
  for (const auto* name : {"", "-a", "2a", "a.b", "a/b", "a b", "\xc3\xa4"}) EXPECT_FALSE(is_name(name)) << name;
  EXPECT_TRUE(is_dotted_name("market.bars"));
  for (const auto* name : {"", ".", "a.", ".a", "a..b", "a.2"}) EXPECT_FALSE(is_dotted_name(name)) << name;
  for (const auto* name : {"libstdc++.so.6", "libz.so", "x_1-2"}) EXPECT_TRUE(is_library_name(name)) << name;
  for (const auto* name : {"", ".", "..", "a/b", "$ORIGIN", "a b", "a\n"}) EXPECT_FALSE(is_library_name(name)) << name;
  EXPECT_TRUE(is_route_name("momentum/signal"));
  for (const auto* name : {"/", "a/", "/a", "a/b/c", "a/b.c"}) EXPECT_FALSE(is_route_name(name)) << name;
  EXPECT_TRUE(is_name(std::string(kNameBytesMax, 'a')));
  EXPECT_FALSE(is_name(std::string(kNameBytesMax + 1, 'a')));
  EXPECT_FALSE(is_dotted_name(std::string(kNameBytesMax, 'a') + ".b"));
}

TEST(ToolChains, read_back_to_the_same_text) {
  for (const auto* text : {"GNU 12.2.0", "Clang 14", "AppleClang 14.0.0.14000029", "g++ 4294967295.0"}) {
    const auto tool_chain = ToolChain::parse(text);
    ASSERT_TRUE(tool_chain) << text;
    EXPECT_EQ(to_string(*tool_chain), text);
  }
}

TEST(ToolChains, that_are_no_name_and_version_are_refused) {
  for (const auto* text : {"", "GNU", "GNU ", " 12", "GNU  12", "GNU 12.", "GNU .2", "GNU 12.2.0-rc1", "GNU 012",
                           "GNU 4294967296", "GNU -1", "GNU +1", "G/NU 12", "GNU 12 "}) {
    const auto tool_chain = ToolChain::parse(text);
    ASSERT_FALSE(tool_chain) << text;
    EXPECT_THAT(tool_chain.error().message, HasSubstr("a compiler's name and version, e.g. GNU 12.2.0"));
  }
  EXPECT_FALSE(ToolChain::parse("GNU 1" + std::string(kNameBytesMax, '1')));
}

}  // namespace
}  // namespace shunt
