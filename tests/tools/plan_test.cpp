/// plan: what a host.toml needs, beside a host that runs it.
#include "running_host.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <shared_memory.hpp>

namespace shunt::test {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::StartsWith;

class Planning : public ProcessTest {
 protected:
  TemporaryDirectory folder_;
};

const std::string kPools = R"(
outbound = { "128 B" = 5, "40 KiB" = 3 }
inbound = { "512 B" = 9, "96 KiB" = 5 }
slots = 64
)";

TEST_F(Planning, of_a_host_that_runs_says_what_it_has_mapped) {
  RunningHost host{{plugin(ACTOR, kPools), plugin(PARTNER)}};

  const Ran ran = shunt({"plan", host.folder() / "host.toml", "--json"});

  ASSERT_EQ(ran.code, 0) << ran;
  const Json plan = ran.json();
  EXPECT_EQ(plan["host"], "stage");
  SharedMemory planned;
  std::vector<std::uint64_t> files;
  std::uint64_t sum = 0;
  for (const Json& each : plan["parts"]) {
    const auto bytes = each["bytes"].get<std::uint64_t>();
    sum += bytes;
    if (each["what"] == "plugin file") files.push_back(bytes);
    else if (each["shared"] == true && each["second"] == false) planned.emplace_back(each["what"], bytes);
  }
  std::ranges::sort(planned);
  std::ranges::sort(files);
  EXPECT_EQ(planned, mapped_memory(host.process().pid()));
  EXPECT_EQ(files, sealed_files(host.process().pid()));
  EXPECT_EQ(plan["total_bytes"], sum);
  EXPECT_EQ(plan["total_bytes"],
            plan["shared_bytes"].get<std::uint64_t>() + plan["private_bytes"].get<std::uint64_t>());
}

TEST_F(Planning, shows_people_each_piece_and_the_sums) {
  const auto file =
      folder_.write("host.toml", "[trust]\nallow_unsigned = true\n" + plugin(ACTOR, kPools) + plugin(ACTOR_2, kPools) +
                                     "[routes.\"stage.orders\"]\nbacklog = 7\n");

  const Ran ran = shunt({"plan", file});

  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.errors, "");
  EXPECT_THAT(ran.out, StartsWith("OWNER "));
  EXPECT_THAT(ran.out, ContainsRegex("\ncompartment actor +inbound pool +shared +[0-9]+ +9 of 512 B, 5 of 96 KiB\n"));
  EXPECT_THAT(ran.out,
              ContainsRegex("\nactor 1\\.0\\.0[^ ]* +outbound pool +shared +[0-9]+ +5 of 128 B, 3 of 40 KiB\n"));
  EXPECT_THAT(ran.out, ContainsRegex("\nactor [^ ]*, a second instance +private memory +private +131072 "));
  EXPECT_THAT(ran.out, ContainsRegex("\nactor +backlog of stage\\.orders +private +[0-9]+ +7 messages, and 64 that"));
  EXPECT_THAT(ran.out, ContainsRegex("\nSHARED KIB +PRIVATE KIB +TOTAL KIB\n[0-9]+ +[0-9]+ +[0-9]+\n$"));
}

TEST_F(Planning, refuses_what_run_refuses_in_the_same_words) {
  const std::string start = "[trust]\nallow_unsigned = true\n";
  for (const std::string& text :
       {std::string{"[host\n"}, start + plugin(ACTOR, "instnaces = 1"), start + plugin(ACTOR, "slots = 100"),
        start + plugin("missing.so"), plugin(ACTOR), start + plugin(ACTOR, "config = { trouble = 3 }"),
        start + plugin(ACTOR) + plugin(CONTRARY),
        start + plugin(ACTOR, "active = true") + plugin(ACTOR_2, "active = true"),
        start + plugin(ACTOR) + "[routes.\"actor/acts\"]\n"}) {
    const auto file = folder_.write("host.toml", text);

    const Ran plan = shunt({"plan", file});
    const Ran run = shunt({"run", file, "--socket", folder_.path() / "host.sock"});

    EXPECT_EQ(plan.code, 1) << text;
    EXPECT_EQ(plan.out, "") << text;
    EXPECT_EQ(plan.errors, run.errors) << text;
    EXPECT_THAT(plan.errors, StartsWith("shunt: ")) << text;
  }
}

TEST_F(Planning, of_a_file_that_is_not_there_says_so) {
  const Ran ran = shunt({"plan", "/nonexistent/host.toml", "--json"});

  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.error_code(), "System");
  EXPECT_THAT(ran.errors, HasSubstr("/nonexistent/host.toml"));
}

}  // namespace
}  // namespace shunt::test
