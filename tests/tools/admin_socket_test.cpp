/// The admin socket and clients that do not behave.
#include "raw_client.hpp"
#include "running_host.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <scale.hpp>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace shunt::test {
namespace {

using testing::HasSubstr;

constexpr std::size_t kClientsMax = 64;  // of a host at one time

class AdminSocket : public ProcessTest {
 protected:
  void TearDown() override {
    EXPECT_EQ(host_.ask({"call", "partner/act", order("Echo", 1)})["reply"]["number"], 1) << "the host serves on";
    EXPECT_EQ(host_.end().code, 0);
  }
  /// Runs `shunt` as somebody who is neither root nor this user. Only root can.
  [[nodiscard]] Ran as_another_user(const std::string& program, const Words& arguments) const {
    Words words = {"--reuid", "4711", "--regid", "4711", "--clear-groups", program};
    words.insert(words.end(), arguments.begin(), arguments.end());
    return run("setpriv", words);
  }
  [[nodiscard]] std::size_t open_descriptors() const {
    const std::filesystem::directory_iterator all{fmt::format("/proc/{}/fd", host_pid())};
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }
  [[nodiscard]] static rlim_t past_last_descriptor(pid_t process) {
    rlim_t past = 0;
    for (const auto& each : std::filesystem::directory_iterator{fmt::format("/proc/{}/fd", process)})
      past = std::max<rlim_t>(past, std::stoul(each.path().filename()) + 1);
    return past;
  }
  [[nodiscard]] pid_t host_pid() const { return host_.ask({"version"})["host"]["pid"].get<pid_t>(); }

  RunningHost host_{{plugin(PARTNER), plugin(PARROT)}};
};

TEST_F(AdminSocket, belongs_to_its_user_alone) {
  struct stat status {};

  ASSERT_EQ(::stat(host_.socket().c_str(), &status), 0);

  EXPECT_EQ(status.st_mode & 07777, 0600u);
  EXPECT_EQ(status.st_uid, ::geteuid());
}

TEST_F(AdminSocket, refuses_another_user_whatever_the_files_mode_has_become) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  ASSERT_EQ(::chmod(host_.folder().c_str(), 0711), 0);

  const Ran kept_out = as_another_user(SHUNT, {"ls", "--socket", host_.socket()});
  ASSERT_EQ(::chmod(host_.socket().c_str(), 0666), 0);
  const Ran client = as_another_user(SHUNT, {"ls", "--socket", host_.socket()});
  const Ran launcher = as_another_user(SHUNT_LAUNCH, {"--host", host_.socket(), ACTOR});

  EXPECT_EQ(kept_out.code, 1);
  EXPECT_THAT(kept_out.errors, HasSubstr("belongs to another user: ask as that user"));
  EXPECT_EQ(client.code, 1);
  EXPECT_THAT(client.errors, HasSubstr("NotTrusted: this host belongs to user 0, you are user 4711"));
  EXPECT_EQ(launcher.code, 1);
  EXPECT_THAT(launcher.errors, HasSubstr("this host belongs to user 0, you are user 4711"));
}

TEST_F(AdminSocket, of_a_host_without_a_free_descriptor_says_so) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the host's sanitizer itself opens descriptors, and takes what it cannot look at for broken";
#endif
  const pid_t host = host_pid();
  rlimit before{};
  ASSERT_EQ(::prlimit(host, RLIMIT_NOFILE, nullptr, &before), 0);
  Ran refused{};

  const rlimit lowered{past_last_descriptor(host), before.rlim_max};
  ASSERT_EQ(::prlimit(host, RLIMIT_NOFILE, &lowered, nullptr), 0);
  std::vector<std::unique_ptr<RawClient>> takers;  // of the descriptors that are free between others
  for (refused = run(SHUNT, {"ls", "--socket", host_.socket()}); refused.code == 0;
       refused = run(SHUNT, {"ls", "--socket", host_.socket()}))
    takers.push_back(std::make_unique<RawClient>(host_.socket()));

  EXPECT_THAT(refused.errors, HasSubstr("no file descriptor left"));
  EXPECT_EQ(run(SHUNT, {"ls", "--socket", host_.socket()}).errors, refused.errors);

  ASSERT_EQ(::prlimit(host, RLIMIT_NOFILE, &before, nullptr), 0);
}

TEST_F(AdminSocket, answers_what_is_no_request_and_ends_the_connection) {
  std::string zeros(1000, '\0');
  std::string noise(1000, '\0');
  for (std::size_t i = 0; i < noise.size(); ++i) noise[i] = static_cast<char>(i * 167 + 13);
  for (const std::string& garbage : {std::string("garbage"), std::string("ls\n"), zeros, noise, std::string("\xff")}) {
    RawClient client{host_.socket()};
    ASSERT_TRUE(client.send(garbage));

    const Json answer = client.last_answer();

    EXPECT_EQ(answer["error"]["code"], "BadInput");
    EXPECT_THAT(answer["error"]["message"].get<std::string>(),
                HasSubstr("send one JSON object of at most 131072 bytes"));
  }
}

TEST_F(AdminSocket, answers_wrong_json_and_hears_the_next_request_of_the_same_client) {
  RawClient client{host_.socket()};
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {R"({"command":"l)", "the request is not a JSON object: send {\"command\":\"ls\"}"},
      {"{" + std::string(100'000, '['), "the request is not a JSON object"},
      {"{}", "the request needs \"command\", a text"},
      {R"({"command":7})", "the request needs \"command\", a text"},
      {R"({"command":"dance"})", "there is no command \"dance\"; there are ls, version, inspect"},
      {R"({"command":"call"})", "the request needs \"route\", a text"},
      {R"({"command":"call","route":"partner/act"})", "the request needs \"payload\", a text"},
      {R"({"command":"call","route":"partner/act","payload":"?"})", ""},
      {R"({"command":"call","route":"partner/act","payload":"","deadline_ms":0})", "\"deadline_ms\" is a whole number"},
      {R"({"command":"call","route":"partner/act","payload":"","deadline_ms":18446744073709551615})",
       "\"deadline_ms\""},
      {R"({"command":"call","route":"partner/act","payload":"AAAA"})", "partner/act"},
      {R"({"command":"call","route":"actor.news","payload":""})", "is a topic and cannot be used as a function"},
      {R"({"command":"pub","topic":"partner/act","payload":""})", "is a function and cannot be used as a topic"},
      {R"({"command":"switch","plugin":"partner"})", "the request needs \"version\", a text"},
      {R"({"command":"share","route":"actor/act"})", "\"targets\" is a list"},
      {R"({"command":"share","route":"actor/act","targets":[{"version":"1.0.0"}]})", "a target is \"version\""},
      {R"({"command":"share","route":"actor/act","targets":[{"version":"1.0.0","weight":-1}]})", "a target is"},
      {R"({"command":"share","route":"actor/act","targets":[7]})", "a target is \"version\""},
      {R"({"command":"inspect","name":null})", "the request needs \"name\", a text"},
      {R"({"command":"echo","topic":"nowhere"})", "no plugin of this host declares"},
  };
  for (const auto& [request, sentence] : wrong) {
    ASSERT_TRUE(client.send(request));

    const Json answer = client.answer();

    ASSERT_TRUE(answer.contains("error")) << request << " -> " << answer;
    EXPECT_THAT(answer["error"]["message"].get<std::string>(), HasSubstr(sentence)) << request;
  }
  ASSERT_TRUE(client.send(R"({"command":"version"})"));
  EXPECT_EQ(client.answer()["result"]["host"], "stage");
}

TEST_F(AdminSocket, refuses_a_packet_that_is_too_long) {
  for (const char first : {'{', 'x'}) {
    RawClient client{host_.socket()};
    ASSERT_TRUE(client.send(std::string(150'000, first)));

    EXPECT_EQ(client.last_answer()["error"]["code"], "BadInput");
  }
  RawClient client{host_.socket()};
  EXPECT_FALSE(client.send(std::string(1u << 20, '{'))) << "the kernel takes no packet of 1 MiB";
}

TEST_F(AdminSocket, keeps_no_descriptor_that_comes_with_what_is_no_request) {
  const auto before = open_descriptors();
  for (const char* packet : {"garbage", "{garbage", R"({"command":"ls"})"}) {
    RawClient client{host_.socket()};
    ASSERT_TRUE(client.send(packet, STDERR_FILENO));
    client.answer();
  }

  EXPECT_TRUE(await([&] { return open_descriptors() <= before; })) << open_descriptors() << " instead of " << before;
}

TEST_F(AdminSocket, answers_a_client_that_says_nothing_more_but_listens) {
  RawClient client{host_.socket()};
  ASSERT_TRUE(client.send(R"({"command":"version"})"));
  client.close_sending();

  EXPECT_EQ(client.answer()["result"]["host"], "stage");
}

TEST_F(AdminSocket, forgets_a_client_that_never_reads_when_it_leaves_and_bounds_what_it_keeps_for_it) {
  const auto before = open_descriptors();
  {
    RawClient deaf{host_.socket()};
    ASSERT_TRUE(deaf.send(R"({"command":"echo","topic":"parrot.echoes"})"));
    ASSERT_TRUE(deaf.answer().contains("result"));
    const std::string phrase = fmt::format(R"({{"text":"{}","times":500}})", std::string(4000, 'x'));
    for (std::size_t i = 0; i < scaled(200); ++i) host_.ask({"pub", "parrot.phrases", phrase});
    ASSERT_TRUE(await([&] { return host_.listed("parrot")["sent"] == host_.listed("parrot")["done"]; }));

    // It hears what was kept for it, and of the rest how much there was, although nothing comes behind that.
    const auto published = [&] { return host_.listed("parrot")["received"].get<std::uint64_t>(); };
    std::uint64_t heard = 0, dropped = 0;
    for (std::uint64_t all = published(); heard + dropped < all;) {
      const Json news = deaf.answer()["result"];
      heard += news.contains("payload") ? 1 : 0;
      dropped = news["dropped"].get<std::uint64_t>();
      if (heard + dropped >= all) all = published();
    }
    EXPECT_EQ(heard + dropped, published());
    EXPECT_GT(dropped, 0u);
  }

  EXPECT_TRUE(await([&] { return open_descriptors() <= before; })) << open_descriptors() << " instead of " << before;
  EXPECT_EQ(host_.ask({"inspect", "parrot.echoes"})["subscriptions"], 0);
}

TEST_F(AdminSocket, does_not_wait_for_a_client_that_asks_and_asks_and_never_reads) {
  RawClient deaf{host_.socket()};

  int asked = 0;
  while (deaf.send(R"({"command":"ls"})")) ASSERT_LT(++asked, 1'000'000) << "what is kept for it has a bound";

  EXPECT_EQ(host_.ask({"version"})["host"]["host"], "stage");
}

TEST_F(AdminSocket, outlives_clients_that_are_killed_in_the_middle) {
  const auto before = open_descriptors();
  for (std::size_t i = 0; i < scaled(100); ++i) {
    Process echo{SHUNT, {"echo", "parrot.echoes", "--socket", host_.socket()}};
    Process call{SHUNT, {"call", "partner/act", "{}", "--socket", host_.socket()}};
    if (i % 2 == 0) echo.read_error_line();  // it follows; else it is killed at any moment
    echo.signal(SIGKILL);
    call.signal(SIGKILL);
    echo.finish();
    call.finish();
  }

  EXPECT_TRUE(await([&] { return open_descriptors() <= before; })) << open_descriptors() << " instead of " << before;
}

TEST_F(AdminSocket, serves_many_clients_at_once) {
  constexpr int kMany = 12;
  std::vector<std::unique_ptr<Process>> calls;
  calls.reserve(kMany);
  for (int i = 0; i < kMany; ++i)
    calls.push_back(std::make_unique<Process>(
        SHUNT, Words{"call", "partner/act", order("Echo", i), "--json", "--socket", host_.socket()}));

  for (int i = 0; i < kMany; ++i) {
    const Ran ran = calls[static_cast<std::size_t>(i)]->finish();
    EXPECT_EQ(ran.code, 0) << ran;
    EXPECT_EQ(ran.json()["reply"]["number"], i);
  }
}

TEST_F(AdminSocket, turns_away_one_client_too_many_while_all_are_busy) {
  std::vector<std::unique_ptr<RawClient>> clients;
  for (std::size_t i = 0; i < kClientsMax; ++i) {
    clients.push_back(std::make_unique<RawClient>(host_.socket()));
    ASSERT_TRUE(clients.back()->send(R"({"command":"echo","topic":"parrot.echoes"})"));
    ASSERT_TRUE(clients.back()->answer().contains("result"));
  }

  const Ran ran = host_.shunt({"ls"});
  const Ran launcher = run(SHUNT_LAUNCH, {"--host", host_.socket(), ACTOR});

  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.errors, HasSubstr("NotServing: 64 clients are connected and busy: ask again when one has left"));
  EXPECT_EQ(launcher.code, 1);
  EXPECT_THAT(launcher.errors, HasSubstr("64 clients are connected and busy"));
  clients.pop_back();
  EXPECT_TRUE(await([&] { return host_.shunt({"ls"}).code == 0; }));
}

TEST_F(AdminSocket, lets_the_oldest_of_those_who_ask_nothing_go_when_a_place_is_needed) {
  std::vector<std::unique_ptr<RawClient>> clients;
  for (std::size_t i = 0; i < kClientsMax; ++i) clients.push_back(std::make_unique<RawClient>(host_.socket()));

  const Ran ran = host_.shunt({"ls"});

  EXPECT_EQ(ran.code, 0) << ran;
  EXPECT_THAT(clients.front()->last_answer()["error"]["message"].get<std::string>(), HasSubstr("connect again"));
  ASSERT_TRUE(clients.back()->send(R"({"command":"version"})"));
  EXPECT_TRUE(clients.back()->answer().contains("result"));
}

TEST_F(AdminSocket, of_a_client_that_follows_a_topic_hears_no_other_request) {
  RawClient client{host_.socket()};
  ASSERT_TRUE(client.send(R"({"command":"echo","topic":"parrot.echoes"})"));
  ASSERT_TRUE(client.answer().contains("result"));

  ASSERT_TRUE(client.send(R"({"command":"ls"})"));

  EXPECT_THAT(client.last_answer()["error"]["message"].get<std::string>(), HasSubstr("ask on another one"));
}

}  // namespace
}  // namespace shunt::test
