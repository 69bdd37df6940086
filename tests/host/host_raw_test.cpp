/// Payloads that are a struct: written in place, checked by their size, read where they lie.
#include "cast.hpp"
#include "surveyor_client.hpp"

#include <shunt/raw_loan.hpp>

#include <vector>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <typename Publisher>
concept Loans = requires(const Publisher& publisher) {
  publisher.loan();
};
static_assert(Loans<Publisher<stage::Scan>> && Loans<Publisher<stage::Place>>);
static_assert(!Loans<Publisher<stage::News>>, "a table is not written in place");

class Raw : public HostTest {
 protected:
  static PluginConfiguration surveyor() { return plugin("libhost_surveyor.so"); }
  template <typename T>
  static Publisher<T> publisher(Host& host, std::string_view topic) {
    return host.publisher<T>(topic).value();
  }
};

TEST_F(Raw, a_struct_in_a_chunk_is_written_in_place_and_comes_back_whole) {
  Host host = start({surveyor()});
  auto scans = publisher<stage::Scan>(host, "stage.scans");
  std::vector<std::uint64_t> heard;
  float last = 0;
  const auto subscription = host.subscribe<stage::Scan>("surveyor.scans", [&](Received<stage::Scan>& scan) {
    heard.push_back(scan->number());
    last = scan->ranges()->Get(99);
  });

  for (std::uint64_t i = 0; i < 5; ++i) {
    auto scan = scans.loan();
    ASSERT_TRUE(scan) << to_string(scan.error());
    EXPECT_EQ((*scan)->number(), 0u) << "it is blank";
    (*scan)->mutate_number(i * 10);
    (*scan)->mutable_ranges()->Mutate(99, 7.5f);
    const auto sent = scans.publish(std::move(*scan));
    ASSERT_TRUE(sent) << to_string(sent.error());
    EXPECT_EQ(sent->delivered, 1u);
  }
  ASSERT_TRUE(poll_until(host, [&] { return heard.size() == 5; }));

  EXPECT_THAT(heard, ElementsAre(1, 11, 21, 31, 41));
  EXPECT_EQ(last, 7.5f);
  EXPECT_TRUE(poll_until(host, [&] { return chunks_in_use(host) == 0; }));
}

TEST_F(Raw, a_small_struct_travels_inside_the_message_from_a_loan_a_value_a_function_and_a_batch) {
  Host host = start({surveyor()});
  auto places = publisher<stage::Place>(host, "stage.places");
  std::vector<std::uint64_t> heard;
  const auto subscription = host.subscribe<stage::Place>(
      "surveyor.places", [&](Received<stage::Place>& place) { heard.push_back(place->number()); });

  auto loan = places.loan();
  ASSERT_TRUE(loan);
  EXPECT_EQ(chunks_in_use(host), 0u);
  **loan = stage::Place(100, 1, 2);
  auto moved = std::move(*loan);
  ASSERT_TRUE(places.publish(std::move(moved)));
  ASSERT_TRUE(places.publish(stage::Place(200, 1, 2)));
  ASSERT_TRUE(places.publish([](stage::Place& place) { place.mutate_number(300); }));
  ASSERT_TRUE(places.publish_batch(2, [](std::size_t i, stage::Place& place) { place.mutate_number(400 + 100 * i); }));
  ASSERT_TRUE(poll_until(host, [&] { return heard.size() == 25; }));

  std::vector<std::uint64_t> expected;
  for (std::uint64_t i = 100; i <= 500; i += 100)
    for (std::uint64_t more = 1; more <= 5; ++more) expected.push_back(i + more);
  EXPECT_EQ(heard, expected);
}

TEST_F(Raw, a_function_takes_and_gives_structs) {
  Host host = start({surveyor()});
  auto client = host.client<surveyor::Client>().value();

  const auto place = client.measure(stage::Place(21, 1.5f, 2.5));
  const auto scan = client.sweep([](stage::Place& at) { at.mutate_number(5); });

  ASSERT_TRUE(place) << to_string(place.error());
  EXPECT_EQ((*place)->number(), 42u);
  EXPECT_EQ((*place)->x(), 1.5f);
  ASSERT_TRUE(scan) << to_string(scan.error());
  EXPECT_EQ((*scan)->number(), 5u);
  EXPECT_EQ((*scan)->ranges()->Get(50), 50.0f);
}

TEST_F(Raw, a_loan_that_is_not_published_gives_its_chunk_back_and_one_that_was_is_empty) {
  Host host = start({surveyor()});
  auto scans = publisher<stage::Scan>(host, "stage.scans");
  {
    auto scan = scans.loan();
    ASSERT_TRUE(scan);
    EXPECT_EQ(chunks_in_use(host), 1u);
    auto other = scans.loan();
    ASSERT_TRUE(other);
    *scan = std::move(*other);
  }
  EXPECT_EQ(chunks_in_use(host), 0u);

  auto scan = scans.loan();
  ASSERT_TRUE(scans.publish(std::move(*scan)));
  // NOLINTNEXTLINE(bugprone-use-after-move): that is what is tested
  EXPECT_EQ(scans.publish(std::move(*scan)).error().code, ErrorCode::BadInput);
}

TEST_F(Raw, bytes_of_another_size_are_none) {
  Host host = start({surveyor()});
  const std::vector<std::uint8_t> short_one(sizeof(stage::Place) - 1);
  std::size_t heard = 0;
  const auto subscription = host.subscribe<stage::Place>("surveyor.places", [&](Received<stage::Place>&) { ++heard; });

  const auto refused = host.call_bytes("surveyor/measure", short_one);
  ASSERT_TRUE(host.publish_bytes("stage.places", short_one));
  ASSERT_TRUE(host.client<surveyor::Client>()->measure(stage::Place(1, 0, 0))) << "behind it";

  EXPECT_EQ(refused.error().code, ErrorCode::BadPayload);
  EXPECT_THAT(refused.error().message, HasSubstr("23 bytes that are not a stage.Place"));
  static_cast<void>(host.poll());
  EXPECT_EQ(heard, 0u);
}

TEST_F(Raw, another_struct_under_the_same_name_does_not_bind) {
  Host host = start({surveyor()});

  const auto other = host.publisher<stage::Place>("stage.places", SchemaHash{1});

  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::SchemaMismatch);
}

TEST_F(Raw, a_last_will_is_a_struct_too) {
  Host host = start({surveyor()});
  std::vector<std::uint64_t> wills;
  const auto subscription = host.subscribe<stage::Scan>("surveyor.scans", [&](Received<stage::Scan>& scan) {
    if (scan.is_last_will()) wills.push_back(scan->number());
  });

  EXPECT_FALSE(host.client<surveyor::Client>()->measure(stage::Place(0, 0, 0)));

  EXPECT_TRUE(poll_until(host, [&] { return !wills.empty(); }));
  EXPECT_THAT(wills, ElementsAre(99));
}

}  // namespace
}  // namespace shunt::test
