#include "descendants.hpp"

#include <shunt/bench/child.hpp>
#include <shunt/bench/peers.hpp>
#include <shunt/bench/run.hpp>

#include <functional>

#include <dirent.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace shunt::bench {
namespace {

/// A subject that does what a test wants when it is started and measured.
class Scripted final : public Subject {
 public:
  using Step = std::function<Status()>;
  Scripted(Step on_start, Step on_measure) : on_start_(std::move(on_start)), on_measure_(std::move(on_measure)) {}

  [[nodiscard]] Payload payload() const override { return Payload::Chunk; }
  [[nodiscard]] std::string_view mode() const override { return "copy"; }
  [[nodiscard]] Status supports(const Setup& setup) const override {
    if (setup.bytes > 1000) return error(ErrorCode::TooLarge, "this one carries 1000 bytes at most");
    return {};
  }
  Status start(const Setup&) override { return on_start_(); }
  Result<Measured> roundtrip(const Plan& plan, Samples& samples) override {
    SHUNT_CHECK(on_measure_());
    for (std::uint64_t i = 0; i < plan.messages; ++i) samples.add(1000);
    return Measured{.elapsed_ticks = 1000 * plan.messages, .errors = 0};
  }
  Result<Measured> stream(const Plan& plan, Samples& samples) override { return roundtrip(plan, samples); }
  void stop() noexcept override {}

 private:
  Step on_start_, on_measure_;
};

Status fine() { return {}; }

Catalogue scripted(const Scripted::Step& on_start, const Scripted::Step& on_measure) {
  Catalogue catalogue{{"scripted", false, [=] { return std::make_unique<Scripted>(on_start, on_measure); }}};
  catalogue.push_back(peers().front());
  return catalogue;
}

BenchOptions tiny() {
  BenchOptions options;
  options.rounds = 2;
  options.messages = 1000;
  options.limit = std::chrono::seconds{1};
  return options;
}

std::size_t open_descriptors() {
  DIR* const folder = opendir("/proc/self/fd");
  std::size_t count = 0;
  while (readdir(folder) != nullptr) ++count;
  closedir(folder);
  return count;
}

TEST(Run, a_name_that_does_not_exist_is_refused_with_those_that_do) {
  BenchOptions options = tiny();
  options.against = {"carrier_pigeon"};

  const auto outcomes = measure(options, peers());

  ASSERT_FALSE(outcomes);
  EXPECT_EQ(outcomes.error().code, ErrorCode::BadInput);
  EXPECT_NE(outcomes.error().message.find("carrier_pigeon"), std::string::npos);
  EXPECT_NE(outcomes.error().message.find("ring_padded, ring_inline, iceoryx, uds, pipe"), std::string::npos);
}

TEST(Run, a_number_that_cannot_be_is_refused) {
  const auto refused = [](auto change) {
    BenchOptions options = tiny();
    change(options);
    const auto outcomes = measure(options, peers());
    return !outcomes && outcomes.error().code == ErrorCode::BadInput;
  };

  EXPECT_TRUE(refused([](BenchOptions& options) { options.bytes = 7; }));
  EXPECT_TRUE(refused([](BenchOptions& options) { options.bytes = (std::size_t{16} << 20) + 1; }));
  EXPECT_TRUE(refused([](BenchOptions& options) { options.rounds = 0; }));
  EXPECT_TRUE(refused([](BenchOptions& options) { options.consumers = 0; }));
  EXPECT_TRUE(refused([](BenchOptions& options) { options.slot_bytes = 100; }));
}

TEST(Run, every_subject_gets_a_ratio_to_every_other_and_the_first_one_to_itself) {
  BenchOptions options = tiny();
  options.limit = std::chrono::seconds{60};

  const auto outcomes = measure(options, scripted(fine, fine));

  ASSERT_TRUE(outcomes) << outcomes.error().message;
  ASSERT_EQ(outcomes->size(), 3U);
  const Outcome& first = outcomes->front();
  EXPECT_EQ(outcomes->back().subject, "scripted_again");
  EXPECT_TRUE(outcomes->back().again);
  EXPECT_DOUBLE_EQ(first.ratios.at("scripted_again"), 1);
  EXPECT_DOUBLE_EQ(first.spread, 0);
  EXPECT_TRUE(first.ratios.contains("ring_padded"));
  EXPECT_TRUE(outcomes->at(1).ratios.contains("scripted"));
}

TEST(Run, a_subject_that_cannot_run_here_says_why_and_the_others_are_measured) {
  BenchOptions options = tiny();
  options.limit = std::chrono::seconds{60};
  options.bytes = 2000;

  const auto outcomes = measure(options, scripted(fine, fine));

  ASSERT_TRUE(outcomes) << outcomes.error().message;
  EXPECT_EQ(outcomes->front().unavailable, "this one carries 1000 bytes at most");
  EXPECT_FALSE(outcomes->front().failed);
  EXPECT_EQ(outcomes->at(1).unavailable, "");
  EXPECT_EQ(outcomes->back().subject, "ring_padded_again");
}

TEST(Run, a_subject_that_fails_to_start_fails_the_run_with_its_reason) {
  const auto broken = [] { return Status{error(ErrorCode::NoPool, "out of pools")}; };

  const auto outcomes = measure(tiny(), scripted(broken, fine));

  ASSERT_TRUE(outcomes);
  EXPECT_EQ(outcomes->front().unavailable, "out of pools");
  EXPECT_TRUE(outcomes->front().failed);
}

TEST(Run, a_subject_that_hangs_is_ended_at_the_limit_and_leaves_nothing) {
  Descendants descendants;
  const auto hang = [] {
    while (true) ::pause();
    return Status{};
  };

  const auto outcomes = measure(tiny(), scripted(fine, hang));

  ASSERT_TRUE(outcomes);
  EXPECT_TRUE(outcomes->front().failed);
  EXPECT_NE(outcomes->front().unavailable.find("no answer within 1000 ms"), std::string::npos);
  EXPECT_EQ(outcomes->at(1).unavailable, "");
  EXPECT_TRUE(descendants.all_gone());
}

TEST(Run, a_subject_that_dies_is_reported_and_the_others_go_on) {
  const auto die = [] {
    std::abort();
    return Status{};
  };

  const auto outcomes = measure(tiny(), scripted(fine, die));

  ASSERT_TRUE(outcomes);
  EXPECT_TRUE(outcomes->front().failed);
  EXPECT_NE(outcomes->front().unavailable.find("the other process has ended"), std::string::npos);
  EXPECT_EQ(outcomes->at(1).rounds, 2U);
}

TEST(Run, it_reaps_its_children_and_closes_its_descriptors) {
  BenchOptions options = tiny();
  options.limit = std::chrono::seconds{60};
  options.against = {"ring_padded", "pipe"};
  const std::size_t before = open_descriptors();

  const auto outcomes = measure(options, peers());

  ASSERT_TRUE(outcomes) << outcomes.error().message;
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
  EXPECT_EQ(open_descriptors(), before);
}

TEST(Run, killed_in_the_middle_it_takes_all_its_processes_with_it) {
  Descendants descendants;
  auto run = Child::start("a run", -1, [](Channel& parent) {
    BenchOptions options;
    options.rounds = 1000;
    const auto started = [&parent] { return parent.send(true); };
    (void)measure(options, scripted(fine, started));
    return 0;
  });
  ASSERT_TRUE(run);
  ASSERT_TRUE(run->channel().receive<bool>(std::chrono::seconds{60})) << "the run did not get to its first round";

  run->signal(SIGKILL);
  run->finish(std::chrono::seconds{5});

  EXPECT_TRUE(descendants.all_gone());
}

}  // namespace
}  // namespace shunt::bench
