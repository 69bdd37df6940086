#include <shunt/host/configuration.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <temporary_directory.hpp>

namespace shunt {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

class Configuration : public testing::Test {
 protected:
  Result<HostConfiguration> read(std::string_view text) {
    return read_configuration(directory_.write("host.toml", text));
  }

  test::TemporaryDirectory directory_;
};

constexpr std::string_view kFullFile = R"(
[host]
name = "desk"
launcher = "bin/shunt-launch"
admin_socket = "/run/shunt/desk.sock"

[trust]
keys = ["keys/release.pub", "/etc/shunt/desk.pub"]
revoked = ["00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"]
revoked_in = ["revoked.txt"]
listed = ["ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"]
listed_in = ["plugins/plugins.sha256"]
allow_unsigned = true
system_libraries = true

[[plugin]]
path = "plugins/libmomentum.so"
instances = 1
outbound = { "4 KiB" = 256, "256 B" = 1024, "64 KiB" = 16 }
inbound = { "1 KiB" = 8 }
compartment = "desk"
sandbox = { memory = "64 MiB", memory_high = "48 MiB", threads = 9, open_files = 32, denials = 77, cpus = [1, 0], scheduling = "round_robin", priority = 12, nice = -7 }
config = { window = 20, ratio = 0.5, dry = true, mode = "fast" }
deadlines = { load = "1 s", init = "2 s", validate = "3 s", activate = "4 s", drain = "5 s", cleanup = "6 s" }
grace = "30 ms"
handler_max = "100 ms"
hold_max = "7 s"
workers = 3
in_flight_max = 200
slots = 1024
wait = "spin"
restart = { delay = "20 ms", delay_max = "1 s", healthy = "2 s", crashes = 3, window = "9 s" }
sha256 = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
active = true
warm = true
tag = "nightly"
labels = { region = "bj", canary = "1" }

[routes."momentum/signal"]
deadline = "2 ms"
backlog = 0
in_flight_max = 50
read = "copy"
payload = "chunk"
wait = "sleep"

[routes."market.bars"]
slow_consumer = "conflate"
latched = 3
latched_bytes = "1 KiB"
order = "total"
sticky = false
targets = [ { version = "1.4.0", weight = 80 }, { plugin = "momentum", version = "1.5.0", on = false } ]

[sandbox]
require = "full"
)";

TEST_F(Configuration, a_full_file_is_read_as_it_is_written) {
  const auto host = read(kFullFile);

  ASSERT_TRUE(host) << to_string(host.error());
  EXPECT_EQ(host->name, "desk");
  EXPECT_EQ(host->launcher, directory_.path() / "bin/shunt-launch");
  EXPECT_EQ(host->admin_socket, "/run/shunt/desk.sock");
  const TrustConfiguration trust{
      .keys = {directory_.path() / "keys/release.pub", "/etc/shunt/desk.pub"},
      .revoked = {"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"},
      .revoked_in = {directory_.path() / "revoked.txt"},
      .listed = {"ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"},
      .listed_in = {directory_.path() / "plugins/plugins.sha256"},
      .allow_unsigned = true,
      .system_libraries = true,
  };
  EXPECT_EQ(host->trust, trust);
  EXPECT_EQ(host->sandbox_required, SandboxRequired::Full);
  const auto file = (directory_.path() / "host.toml").string();
  const PluginConfiguration expected{.path = directory_.path() / "plugins/libmomentum.so",
                                     .outbound = {{256, 1024}, {4096, 256}, {65536, 16}},
                                     .inbound = {{1024, 8}},
                                     .compartment = "desk",
                                     .sandbox = {.memory_bytes = 64u << 20,
                                                 .memory_high_bytes = 48u << 20,
                                                 .threads = 9,
                                                 .open_files = 32,
                                                 .denials = 77,
                                                 .cpus = {1, 0},
                                                 .scheduling = Scheduling::RoundRobin,
                                                 .priority = 12,
                                                 .nice = -7},
                                     .config = {{"window", {20, file + ":23:21"}},
                                                {"ratio", {0.5, file + ":23:33"}},
                                                {"dry", {true, file + ":23:44"}},
                                                {"mode", {"fast", file + ":23:57"}}},
                                     .deadlines = {1s, 2s, 3s, 4s, 5s, 6s},
                                     .grace = 30ms,
                                     .handler_max = 100ms,
                                     .hold_max = 7s,
                                     .workers = 3,
                                     .in_flight_max = 200,
                                     .slots = 1024,
                                     .wait = bus::Wait::Spin,
                                     .restart = {20ms, 1s, 2s, 3, 9s},
                                     .sha256 = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
                                     .active = true,
                                     .warm = true,
                                     .tag = "nightly",
                                     .labels = {{"canary", "1"}, {"region", "bj"}},
                                     .origin = file + ":16:1"};
  ASSERT_EQ(host->plugins.size(), 1u);
  EXPECT_EQ(host->plugins[0].config, expected.config);
  EXPECT_EQ(host->plugins[0].origin, expected.origin);
  EXPECT_EQ(host->plugins[0], expected);
  const RouteConfiguration signal{.name = "momentum/signal",
                                  .deadline = 2ms,
                                  .backlog = 0,
                                  .in_flight_max = 50,
                                  .read = ReadMode::Copy,
                                  .payload = PayloadPlace::Chunk,
                                  .wait = bus::Wait::Sleep,
                                  .origin = file + ":39:9"};
  ASSERT_EQ(host->routes.size(), 2u);
  EXPECT_EQ(host->routes[0], signal);
  EXPECT_EQ(host->routes[1], (RouteConfiguration{.name = "market.bars",
                                                 .slow_consumer = SlowConsumer::Conflate,
                                                 .latched = 3,
                                                 .latched_bytes = 1024,
                                                 .targets = {{"1.4.0", 80}, {"1.5.0", 1, false, "momentum"}},
                                                 .sticky = false,
                                                 .order = shunt::Order::Total,
                                                 .origin = file + ":47:9"}));
}

TEST_F(Configuration, a_breaker_is_its_preset_and_what_is_said_beside_it) {
  const auto host = read(
      "[routes.\"a/b\"]\nlts = \"1.0.0\"\nbreaker = { open_for = \"7 s\", preset = \"fast\" }\n"
      "[routes.\"a/c\"]\nlts = \"1.0.0\"\nbreaker = { window_calls = 100 }\n"
      "[routes.\"a/d\"]\nlts = \"1.0.0\"\nfallback = '{\"number\": 1}'\n");

  ASSERT_TRUE(host) << to_string(host.error());
  BreakerPolicy fast = BreakerPolicy::fast(), of_calls;
  fast.open_for = 7s;
  of_calls.window_calls = 100;
  of_calls.window = {};
  EXPECT_EQ(host->routes.at(0).lts, "1.0.0");
  EXPECT_EQ(host->routes.at(0).breaker, fast);
  EXPECT_EQ(host->routes.at(1).breaker, of_calls);
  EXPECT_EQ(host->routes.at(2).breaker, std::nullopt);
  EXPECT_EQ(host->routes.at(2).fallback, R"({"number": 1})");
}

TEST_F(Configuration, an_empty_file_is_a_host_without_plugins) {
  const auto host = read("");

  ASSERT_TRUE(host) << to_string(host.error());
  EXPECT_EQ(*host, HostConfiguration{});
}

TEST_F(Configuration, what_is_left_unsaid_has_the_defaults_of_the_value_types) {
  const auto host = read("[[plugin]]\npath = \"/a.so\"\n[routes.bars]\n");

  ASSERT_TRUE(host) << to_string(host.error());
  auto plugin = host->plugins.at(0);
  plugin.origin.clear();
  EXPECT_EQ(plugin, PluginConfiguration{.path = "/a.so"});
  EXPECT_EQ(host->routes.at(0), (RouteConfiguration{.name = "bars", .origin = host->routes.at(0).origin}));
}

TEST_F(Configuration, a_file_that_is_not_there_is_a_system_error_that_names_it) {
  const auto host = read_configuration(directory_.path() / "nothing.toml");

  ASSERT_FALSE(host);
  EXPECT_EQ(host.error().code, ErrorCode::System);
  EXPECT_THAT(host.error().message, HasSubstr("nothing.toml"));
}

TEST_F(Configuration, a_folder_is_no_configuration) {
  const auto host = read_configuration(directory_.path());

  ASSERT_FALSE(host);
  EXPECT_EQ(host.error().code, ErrorCode::System);
}

TEST_F(Configuration, keys_inside_each_other_without_end_are_refused_and_not_followed) {
  std::string dotted = "a";
  for (int i = 0; i < 200'000; ++i) dotted += ".a";

  for (const std::string& text : {dotted + " = 1\n", "[" + dotted + "]\n", "x = { " + dotted + " = 1 }\n"}) {
    const auto host = read(fmt::format("# {}\n{}", dotted, text));

    ASSERT_FALSE(host);
    EXPECT_EQ(host.error().code, ErrorCode::BadConfiguration);
    EXPECT_THAT(host.error().message, HasSubstr("host.toml:2:1: keys inside each other"));
  }
  EXPECT_TRUE(read("[host]\nlauncher = \"" + dotted + "\"\n")) << "dots of a string";
}

TEST_F(Configuration, each_word_of_scheduling_and_of_what_is_required_is_read_as_it_says) {
  const std::pair<const char*, Scheduling> schedulings[] = {{"other", Scheduling::Other},
                                                            {"batch", Scheduling::Batch},
                                                            {"idle", Scheduling::Idle},
                                                            {"fifo", Scheduling::Fifo},
                                                            {"round_robin", Scheduling::RoundRobin}};
  for (const auto& [word, scheduling] : schedulings) {
    const auto host = read(fmt::format("[[plugin]]\npath = \"/a\"\nsandbox = {{ scheduling = \"{}\" }}\n", word));

    ASSERT_TRUE(host) << to_string(host.error());
    EXPECT_EQ(host->plugins.at(0).sandbox.scheduling, scheduling) << word;
  }
  EXPECT_EQ(read("[sandbox]\nrequire = \"best\"\n")->sandbox_required, SandboxRequired::Best);
  EXPECT_EQ(read("[sandbox]\nrequire = \"full\"\n")->sandbox_required, SandboxRequired::Full);
}

struct Refusal {
  const char* text;   ///< The file.
  const char* place;  ///< Line and column of what is wrong.
  const char* meant;  ///< In the sentence.
};

void PrintTo(const Refusal& refusal, std::ostream* stream) { *stream << refusal.text; }

class RefusedConfiguration : public testing::TestWithParam<Refusal> {};

TEST_P(RefusedConfiguration, is_refused_with_file_line_column_and_what_was_meant) {
  const test::TemporaryDirectory directory;
  const auto file = directory.write("host.toml", GetParam().text);

  const auto host = read_configuration(file);

  ASSERT_FALSE(host) << GetParam().text;
  EXPECT_EQ(host.error().code, ErrorCode::BadConfiguration);
  EXPECT_THAT(host.error().message, StartsWith(file.string() + ":" + GetParam().place + ": "));
  EXPECT_THAT(host.error().message, HasSubstr(GetParam().meant));
}

INSTANTIATE_TEST_SUITE_P(
    Syntax, RefusedConfiguration,
    testing::Values(Refusal{"[[plugin]]\npath = \n", "2:8", ""},
                    Refusal{"[host]\nname = \"a\"\nname = \"b\"\n", "3:8", "name"},
                    Refusal{"\n[host]\nname = 2026-11-22\n", "3:8", "quotes"},
                    Refusal{"host = \"desk\"\n", "1:8", "host is a string; a table is meant"},
                    Refusal{"[plugin]\npath = \"a.so\"\n", "1:1",
                            "plugin is a table; an array (write [[plugin]], with two brackets) is meant"},
                    Refusal{"plugin = [1]\n", "1:11", "[[plugin]] is an integer; a table is meant"},
                    Refusal{"[routes]\n\"market.bars\" = 1\n", "2:17", "a table is meant"}));

INSTANTIATE_TEST_SUITE_P(
    UnknownKeys, RefusedConfiguration,
    testing::Values(Refusal{"[[plugins]]\n", "1:3", "did you mean \"plugin\"?"},
                    Refusal{"[trust]\nalow_unsigned = true\n", "2:1", "did you mean \"allow_unsigned\"?"},
                    Refusal{"[[plugin]]\npath = \"a\"\noutbond = {}\n", "3:1",
                            "in [[plugin]]; did you mean \"outbound\"?"},
                    Refusal{"[[plugin]]\npath = \"a\"\ncolour = 1\n", "3:1", "known here: path, instances, outbound"},
                    Refusal{"[[plugin]]\nsandbox = { memry = 1 }\n", "2:13", "did you mean \"memory\"?"},
                    Refusal{"[sandbox]\nrequire = \"most\"\n", "2:11", "full"},
                    Refusal{"[[plugin]]\nsandbox = { scheduling = \"real_time\" }\n", "2:26", "round_robin"},
                    Refusal{"[[plugin]]\ndeadlines = { initt = \"1 s\" }\n", "2:15", "did you mean \"init\"?"},
                    Refusal{"[[plugin]]\nrestart = { windw = \"1 s\" }\n", "2:13", "did you mean \"window\"?"},
                    Refusal{"[routes.bars]\nbacklogs = 1\n", "2:1", "did you mean \"backlog\"?"}));

INSTANTIATE_TEST_SUITE_P(
    WrongTypes, RefusedConfiguration,
    testing::Values(Refusal{"[host]\nname = 7\n", "2:8", "name is an integer; a string is meant"},
                    Refusal{"[trust]\nallow_unsigned = \"yes\"\n", "2:18", "true or false is meant"},
                    Refusal{"[[plugin]]\npath = []\n", "2:8", "an array; a string is meant"},
                    Refusal{"[[plugin]]\nslots = 1.5\n", "2:9", "a whole number is meant"},
                    Refusal{"[[plugin]]\nslots = -1\n", "2:9", "from 0 to"},
                    Refusal{"[[plugin]]\nslots = 4294967296\n", "2:9", "from 0 to"},
                    Refusal{"[[plugin]]\noutbound = \"1 MiB\"\n", "2:12", "a table is meant"},
                    Refusal{"[[plugin]]\nsandbox = { memory = 128 }\n", "2:22", "\"128 MiB\""},
                    Refusal{"[[plugin]]\nsandbox = { memory = \"128 MB\" }\n", "2:22", "KiB, MiB or GiB"},
                    Refusal{"[[plugin]]\nsandbox = { cpus = [0, \"1\"] }\n", "2:24", "numbers of CPUs"},
                    Refusal{"[[plugin]]\nsandbox = { cpus = [-1] }\n", "2:21", "numbers of CPUs"},
                    Refusal{"[[plugin]]\nhold_max = 3\n", "2:12", "\"2 ms\""},
                    Refusal{"[[plugin]]\nhold_max = \"3\"\n", "2:12", "ns, us, ms, s or min"},
                    Refusal{"[[plugin]]\nwait = \"doze\"\n", "2:8", "one of \"spin\", \"spin_then_sleep\", \"sleep\""},
                    Refusal{"[[plugin]]\nconfig = { levels = [1] }\n", "2:21", "config.levels is an array"},
                    Refusal{"[routes.bars]\nread = true\n", "2:8", "one of \"auto\", \"copy\", \"in_place\""}));

INSTANTIATE_TEST_SUITE_P(
    ImpossibleSizes, RefusedConfiguration,
    testing::Values(Refusal{"[[plugin]]\npath = \"a\"\noutbound = {}\n", "3:12", "1 to 16 size classes"},
                    Refusal{"[[plugin]]\npath = \"a\"\noutbound = { \"12 B\" = 1 }\n", "3:12", "multiples of 8"},
                    Refusal{"[[plugin]]\npath = \"a\"\ninbound = { \"0 B\" = 1 }\n", "3:11", "multiples of 8"},
                    Refusal{"[[plugin]]\npath = \"a\"\noutbound = { \"256 B\" = 1, \"256B\" = 2 }\n", "3:12",
                            "increasing"},
                    Refusal{"[[plugin]]\npath = \"a\"\noutbound = { \"256 B\" = 0 }\n", "3:24", "how many chunks"},
                    Refusal{"[[plugin]]\npath = \"a\"\noutbound = { \"256 B\" = -4 }\n", "3:24", "how many chunks"},
                    Refusal{"[[plugin]]\npath = \"a\"\noutbound = { \"256 B\" = \"9\" }\n", "3:24", "how many chunks"},
                    Refusal{"[[plugin]]\npath = \"a\"\noutbound = { \"many\" = 9 }\n", "3:14", "not a size"},
                    Refusal{"[[plugin]]\npath = \"a\"\noutbound = { \"1 MiB\" = 2000 }\n", "3:12", "at most 1 GiB"},
                    Refusal{"[[plugin]]\npath = \"a\"\noutbound = { \"8 GiB\" = 1 }\n", "3:14", "below 4 GiB"}));

INSTANTIATE_TEST_SUITE_P(
    ImpossibleValues, RefusedConfiguration,
    testing::Values(
        Refusal{"[host]\nname = \"my desk\"\n", "2:8", "host.name"},
        Refusal{"[host]\nadmin_socket = \"\"\n", "2:16", "a path of 1 to 107"},
        Refusal{"[host]\nadmin_socket = \"/a\\u0000b\"\n", "2:16", "without a zero byte"},
        Refusal{"[host]\nlauncher = \"/a\\u0000b\"\n", "2:12", "without a zero byte"},
        Refusal{"[[plugin]]\npath = \"/a.so\\u0000b\"\n", "2:8", "without a zero byte"},
        Refusal{"\n[[plugin]]\nslots = 256\n", "2:1", "plugin[0].path is missing"},
        Refusal{"[[plugin]]\npath = \"\"\n", "2:8", "plugin[0].path is missing"},
        Refusal{"[routes.\"a/b\"]\ntargets = [ 7 ]\n", "2:13", "a table such as"},
        Refusal{"[routes.\"a/b\"]\ntargets = [ { version = \"1\" } ]\n", "2:25", "version"},
        Refusal{"[routes.\"a/b\"]\ntargets = [ { version = \"1.0.0\", weight = 1000001 } ]\n", "2:43", "to 1000000"},
        Refusal{"[routes.\"a/b\"]\ntargets = [ { version = \"1.0.0\", weight = 0 } ]\n", "2:11", "no weight"},
        Refusal{"[routes.\"a.b\"]\nfallback = '{}'\n", "2:12", "functions alone"},
        Refusal{"[routes.\"a/*\"]\nfallback = '{}'\n", "2:12", "the reply of one function"},
        Refusal{"[routes.\"a/b\"]\nlts = \"one\"\n", "2:7", "a version such as 1.4.0"},
        Refusal{"[routes.\"a.b\"]\nlts = \"1.0.0\"\n", "2:7", "functions alone"},
        Refusal{"[routes.\"a/b\"]\nlts = \"1.0.0\"\norder = \"total\"\n", "2:7", "`order` is total"},
        Refusal{"[routes.\"a/b\"]\nbreaker = {}\n", "2:11", "say an `lts`"},
        Refusal{"[routes.\"a/b\"]\nlts = \"1.0.0\"\nbreaker = { preset = \"slow\" }\n", "3:22", "fast"},
        Refusal{"[routes.\"a/b\"]\nlts = \"1.0.0\"\nbreaker = { windows = 101 }\n", "3:23", "from 1 to 100"},
        Refusal{"[routes.\"a/b\"]\nlts = \"1.0.0\"\nbreaker = { success_min = 1001 }\n", "3:27", "to 1000"},
        Refusal{"[routes.\"a/b\"]\nlts = \"1.0.0\"\nbreaker = { window = \"1 us\" }\n", "3:22", "millisecond"},
        Refusal{"[routes.\"a/b\"]\nlts = \"1.0.0\"\nbreaker = { window = \"1 s\", window_calls = 9 }\n", "3:44",
                "not both"},
        Refusal{"[routes.\"a/b\"]\nlts = \"1.0.0\"\nbreaker = { open_for = \"0 s\" }\n", "3:24", "millisecond"},
        Refusal{"[routes.\"a/b\"]\nlts = \"1.0.0\"\nbreaker = { probes = 0 }\n", "3:22", "from 1 to"},
        Refusal{"[routes.\"a/b\"]\nlts = \"1.0.0\"\nbreaker = { calls_min = 0 }\n", "3:25", "from 1 to"},
        Refusal{"[[plugin]]\npath = \"a\"\ninstances = 0\n", "3:13", "from 1 to 16"},
        Refusal{"[[plugin]]\npath = \"a\"\ninstances = 17\n", "3:13", "from 1 to 16"},
        Refusal{"[[plugin]]\npath = \"a\"\ninstances = 2\nclock = \"driven\"\n", "3:13", "its `clock` is driven"},
        Refusal{"[[plugin]]\npath = \"a\"\nworkers = 0\n", "3:11", "from 1 to 64"},
        Refusal{"[[plugin]]\npath = \"a\"\nin_flight_max = 0\n", "3:17", "from 1 to 10000"},
        Refusal{"[[plugin]]\npath = \"a\"\nslots = 100\n", "3:9", "a power of two from 16 to 65536"},
        Refusal{"[[plugin]]\npath = \"a\"\nslots = 8\n", "3:9", "a power of two from 16 to 65536"},
        Refusal{"[[plugin]]\npath = \"a\"\nsandbox = { memory = \"1 KiB\" }\n", "3:22", "16 MiB to"},
        Refusal{"[[plugin]]\npath = \"a\"\nsandbox = { open_files = 3 }\n", "3:26", "from 16 to 65536"},
        Refusal{"[[plugin]]\npath = \"a\"\nsandbox = { open_files = 3 }\n", "3:26", "from 16 to"},
        Refusal{"[[plugin]]\npath = \"a\"\nsandbox = { cpus = [1, 1] }\n", "3:20", "each once"},
        Refusal{"[[plugin]]\npath = \"a\"\nsandbox = { threads = 1 }\n", "3:23", "from 2 to 10000"},
        Refusal{"[[plugin]]\npath = \"a\"\nsandbox = { denials = 0 }\n", "3:23", "from 1 to"},
        Refusal{"[[plugin]]\npath = \"a\"\nsandbox = { nice = -21 }\n", "3:20", "from -20 to 19"},
        Refusal{"[[plugin]]\npath = \"a\"\nsandbox = { priority = 100 }\n", "3:24", "from 1 to 99"},
        Refusal{"[[plugin]]\npath = \"a\"\ngrace = \"0 s\"\n", "3:9", "above zero"},
        Refusal{"[[plugin]]\npath = \"a\"\nhandler_max = \"0 s\"\n", "3:15", "above zero"},
        Refusal{"[[plugin]]\npath = \"a\"\ndeadlines = { init = \"0 s\" }\n", "3:22", "above zero"},
        Refusal{"[[plugin]]\npath = \"a\"\nrestart = { delay = \"9 s\" }\n", "3:11", "restart.delay_max is below"},
        Refusal{"[[plugin]]\npath = \"a\"\nrestart = { crashes = 0 }\n", "3:23", "from 1 to 1000"},
        Refusal{"[[plugin]]\npath = \"a\"\ncompartment = \"a b\"\n", "3:15", "compartment is \"a b\""},
        Refusal{"[trust]\nlisted = [\"abc\"]\n", "2:10", "64 hex digits"},
        Refusal{"[trust]\nrevoked = [\"release\"]\n", "2:11", "a public key or a sha256"},
        Refusal{"[trust]\nkeys = [\"\"]\n", "2:8", "has an empty path"},
        Refusal{"[trust]\nlisted_in = [7]\n", "2:14", "listed_in has an integer; strings are meant"},
        Refusal{"[[plugin]]\npath = \"a\"\nsha256 = \"abc\"\n", "3:10", "64 hex digits"},
        Refusal{"[[plugin]]\npath = \"a\"\ntag = \"a b\"\n", "3:7", "tag is \"a b\"; 1 to 64 letters"},
        Refusal{"[[plugin]]\npath = \"a\"\nlabels = { region = 1 }\n", "3:21", "labels.region is an integer"},
        Refusal{"[[plugin]]\npath = \"a\"\nlabels = { tag = \"x\" }\n", "3:10", "has the key \"tag\""},
        Refusal{"[[plugin]]\npath = \"a\"\nlabels = { a = \"\" }\n", "3:10", "has a = \"\""},
        Refusal{"[[plugin]]\npath = \"a\"\nsha256 = \"\"\n", "3:10", "64 hex digits"},
        Refusal{"[[plugin]]\npath = \"a/b\"\n[[plugin]]\npath = \"./a//b\"\n", "4:8", "that of plugin[0]"},
        Refusal{"[routes.\"a b\"]\n", "1:1", "is no route"},
        Refusal{"[routes.\"risk/check\"]\ndeadline = \"0 ms\"\n", "2:12", "above zero"},
        Refusal{"[routes.\"risk/check\"]\nin_flight_max = 0\n", "2:17", "from 1 to"},
        Refusal{"[routes.\"market.bars\"]\nlatched = 1025\n", "2:11", "from 0 to 1024"},
        Refusal{"[routes.\"market.bars\"]\nlatched_bytes = \"100 B\"\n", "2:17", "192 B to 1 GiB"},
        Refusal{"[routes.\"market.bars\"]\nlatched = 1024\nlatched_bytes = \"2 MiB\"\n", "3:17", "keeps at most 1 GiB"},
        Refusal{"[routes.\"market.bars\"]\nbacklog = 1048577\n", "2:11", "from 0 to 1048576"},
        Refusal{"[bridges.iceoryx]\nslots = 100\n", "2:9", "a power of two"},
        Refusal{"[bridges.iceoryx]\nshared = { \"100 B\" = 1 }\n", "2:10", "bridges.iceoryx.shared cannot be"},
        Refusal{"[bridges.iceoryx]\nroudi = \"none\"\n", "2:9", "join"},
        Refusal{"[routes.bars]\nopen = \"ros\"\n", "2:8", "iceoryx"},
        Refusal{"[bridges.dds]\ndomain = 231\n", "2:10", "from 0 to 230"},
        Refusal{"[bridges.dds]\ninterfaces = [\"<a>\"]\n", "2:14", "letters, digits"},
        Refusal{"[bridges.dds]\nlease = \"99 ms\"\n", "2:9", "100 ms to a day"},
        Refusal{"[bridges.dds]\npeers = [\"a\"]\nconfiguration = \"c.xml\"\n", "3:17", "says it all"},
        Refusal{"[bridges.dds.topics.bars]\nhistory = 1\n", "1:1", "is of no open topic: write"},
        Refusal{"[routes.bars]\nopen = \"dds\"\n[bridges.dds.topics.bras]\nhistory = 1\n", "3:1",
                "did you mean \"bars\"?"},
        Refusal{"[routes.bars]\nopen = \"dds\"\n[bridges.dds.topics.bars]\nhistory = 0\n", "4:11", "from 1 to 65536"},
        Refusal{"[bridges.dds.topics.bars]\nreliability = \"some\"\n", "2:15", "best_effort"}));

TEST(ConfigurationInCode, a_function_cannot_be_open) {
  const auto refused = check({.routes = {{.name = "momentum/signal", .open = Open::Iceoryx}}});

  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("is for topics alone"));
}

TEST(ConfigurationInCode, a_name_that_is_too_long_for_iceoryx_cannot_be_open) {
  EXPECT_TRUE(check({.routes = {{.name = std::string(100, 'a'), .open = Open::Iceoryx}}}));

  const auto refused = check({.routes = {{.name = std::string(101, 'a'), .open = Open::Iceoryx}}});

  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("at most 100 bytes"));
}

TEST(ConfigurationInCode, more_topics_than_a_bridge_carries_are_refused) {
  HostConfiguration configuration;
  for (int i = 0; i < 100; ++i) configuration.routes.push_back({.name = fmt::format("t{}", i), .open = Open::Iceoryx});
  EXPECT_TRUE(check(configuration));

  configuration.routes.push_back({.name = "one.more", .open = Open::Iceoryx});

  EXPECT_FALSE(check(configuration));
}

INSTANTIATE_TEST_SUITE_P(
    KeysOfTheOtherKindOfRoute, RefusedConfiguration,
    testing::Values(Refusal{"[routes.\"risk/check\"]\nslow_consumer = \"refuse\"\n", "2:17",
                            "slow_consumer is for topics alone, and \"risk/check\" is a function"},
                    Refusal{"[routes.\"risk/check\"]\nlatched = 1\n", "2:11", "latched is for topics alone"},
                    Refusal{"[routes.\"risk/check\"]\nopen = \"iceoryx\"\n", "2:8", "open is for topics alone"},
                    Refusal{"[routes.bars]\ndeadline = \"1 s\"\n", "2:12",
                            "deadline is for functions alone, and \"bars\" is a topic"},
                    Refusal{"[routes.bars]\nin_flight_max = 5\n", "2:17", "in_flight_max is for functions alone"},
                    Refusal{"[routes.bars]\nwait = \"spin\"\n", "2:8", "wait is for functions alone"}));

TEST(ConfigurationInCode, the_defaults_are_possible) {
  EXPECT_TRUE(check(HostConfiguration{}));
  EXPECT_TRUE(check({.plugins = {{.path = "a.so"}}, .routes = {{.name = "momentum/signal"}, {.name = "market.bars"}}}));
}

TEST(ConfigurationInCode, a_refusal_names_the_member) {
  const auto refused = check({.plugins = {{.path = "a.so"}, {.path = "b.so", .slots = 100}}});

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::BadConfiguration);
  EXPECT_EQ(refused.error().message, "plugin[1].slots is 100; a power of two from 16 to 65536 is meant");
}

TEST(ConfigurationInCode, size_classes_out_of_order_are_refused) {
  const auto refused = check({.plugins = {{.path = "a.so", .inbound = {{4096, 1}, {256, 1}}}}});

  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, StartsWith("plugin[0].inbound "));
}

TEST(ConfigurationInCode, a_route_that_stands_twice_is_refused) {
  const auto refused = check({.routes = {{.name = "bars"}, {.name = "bars"}}});

  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("routes.\"bars\" stands twice"));
}

TEST(ConfigurationInCode, a_negative_duration_is_refused) {
  EXPECT_FALSE(check({.routes = {{.name = "bars", .deadline = -1ns}}}));
}

}  // namespace
}  // namespace shunt
