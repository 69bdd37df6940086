/// call, pub and echo: JSON in, JSON out.
#include "running_host_test.hpp"

#include <csignal>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class Messages : public RunningHostTest {
 protected:
  Messages() : RunningHostTest({plugin(ACTOR), plugin(PARTNER), plugin(PARROT)}) {}
};

/// `shunt echo`, once it follows the topic.
class Echo {
 public:
  Echo(const RunningHost& host, Words arguments) : process_(SHUNT, with_socket(host, std::move(arguments))) {
    process_.read_error_line();
  }
  [[nodiscard]] Process& process() { return process_; }

 private:
  static Words with_socket(const RunningHost& host, Words arguments) {
    arguments.insert(arguments.begin(), "echo");
    arguments.insert(arguments.end(), {"--socket", host.socket()});
    return arguments;
  }
  Process process_;
};

TEST_F(Messages, a_call_prints_its_reply_as_json) {
  const Json reply = host_.ask({"call", "actor/act", order("Echo", 7, R"(,"text":"hello")")});

  EXPECT_EQ(reply["route"], "actor/act");
  EXPECT_EQ(reply["reply"]["number"], 7);
  EXPECT_EQ(reply["reply"]["text"], "hello");
  EXPECT_EQ(Json::parse(host_.shunt({"call", "actor/act", order("Echo", 8)}).out)["number"], 8);
}

TEST_F(Messages, a_call_reaches_other_plugins_behind_the_one_it_names) {
  EXPECT_EQ(host_.ask({"call", "actor/act", order("Ask", 9)})["reply"]["number"], 9);
}

TEST_F(Messages, a_reply_of_a_type_from_another_file_than_the_request_is_printed) {
  const Json reply = host_.ask({"call", "parrot/repeat", R"({"text":"pretty","number":0.5})"});

  EXPECT_EQ(reply["reply"], Json::parse(R"({"text":"pretty","number":0.5})"));
}

TEST_F(Messages, numbers_that_json_cannot_say_are_printed_in_quotes_and_read_back) {
  for (const char* number : {"nan", "inf", "-inf"}) {
    const auto request = fmt::format(R"({{"text":"nan, inf","number":"{}"}})", number);

    const Json reply = host_.ask({"call", "parrot/repeat", request});

    EXPECT_EQ(reply["reply"]["number"], number);
    EXPECT_EQ(reply["reply"]["text"], "nan, inf");
  }
}

TEST_F(Messages, numbers_are_printed_to_their_last_digit) {
  for (const std::string number : {"0.123456789012345", "4e-13", "100000.0", "0.30000000000000004"}) {
    const Ran ran = host_.shunt({"call", "parrot/repeat", R"({"text":"","number":)" + number + "}"});

    EXPECT_EQ(ran.out, R"({"text": "","number": )" + number + "}\n");
  }
}

TEST_F(Messages, what_could_steer_a_terminal_is_not_printed_to_people) {
  const Words call = {"call", "parrot/repeat", R"({"text":"\u001b[2J\u0007\"quoted\""})"};

  const Ran people = host_.shunt(call);

  EXPECT_EQ(people.code, 0);
  EXPECT_EQ(people.out.find('\x1b'), std::string::npos);
  EXPECT_EQ(people.out.find('\x07'), std::string::npos);
  EXPECT_EQ(host_.ask(call)["reply"]["text"], "\x1b[2J\x07\"quoted\"");
}

TEST_F(Messages, an_error_of_the_plugin_is_printed_with_its_sentence) {
  expect_refused({"call", "actor/act", order("Fail", 3)}, "BadInput: ");
  EXPECT_THAT(host_.shunt({"call", "actor/act", order("Fail", 3)}).errors, HasSubstr("3 was told to fail"));
  EXPECT_THAT(host_.shunt({"call", "actor/act", order("Throw")}).errors, HasSubstr("thrown on purpose"));
  EXPECT_EQ(host_.shunt({"call", "actor/act", order("Fail"), "--json"}).error_code(), "BadInput");
}

TEST_F(Messages, a_call_gives_up_at_its_deadline) {
  const Ran ran = host_.shunt({"call", "actor/act", order("Hang"), "--deadline-ms", "20"});

  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.errors, StartsWith("shunt: DeadlineExceeded: "));
}

TEST_F(Messages, a_call_that_hangs_holds_up_no_other_even_when_its_caller_was_killed) {
  Process caller{SHUNT,
                 {"call", "actor/act", order("UntilCancelled"), "--deadline-ms", "5000", "--socket", host_.socket()}};
  ASSERT_TRUE(await([&] { return host_.ask({"ls"})["in_flight"] == 1; }));
  caller.signal(SIGKILL);
  caller.finish();

  const Json reply = host_.ask({"call", "partner/act", order("Echo", 1)});

  EXPECT_EQ(reply["reply"]["number"], 1);
  EXPECT_EQ(host_.ask({"ls"})["in_flight"], 1) << "the other one still hangs";
}

TEST_F(Messages, calls_of_what_is_no_function_are_refused) {
  expect_refused({"call", "actor/dance", "{}"},
                 "NoSuchRoute: no plugin of this host declares \"actor/dance\": did you mean \"actor/act\"?");
  expect_refused({"call", "parrot", "{}"},
                 "NoSuchRoute: \"parrot\" is no function: write plugin/function, such as parrot/repeat\n");
  expect_refused({"call", "crow", "{}"},
                 "NoSuchRoute: \"crow\" is no function: write plugin/function, such as risk/check\n");
  expect_refused({"call", "actor.news", "{}"}, "BadInput: \"actor.news\" is a topic: use `shunt pub` or `shunt echo`");
}

TEST_F(Messages, json_that_is_none_or_does_not_fit_the_schema_is_refused_with_its_place) {
  for (const char* command : {"call", "pub"}) {
    const std::string route = command == std::string("call") ? "actor/act" : "stage.orders";
    const std::vector<std::pair<std::string, std::string>> wrong = {
        {"", "line 1, column 0: "},
        {"number", "line 1, column "},
        {"{\"number\":", "line 1, column "},
        {"{\"number\":1}}", "line 1, column "},
        {"[]", "line 1, column "},
        {"{\n\"numbre\":1}", "line 2, column 10: unknown field: numbre"},
        {"{\"number\":\"many\"}", "line 1, column "},
        {"{\"number\":-1}", "line 1, column "},
        {"{\"deed\":\"Dance\"}", "line 1, column "},
        {"{\"text\":{}}", "line 1, column "},
        {"{\"padding\":[]}", "line 1, column "},
    };
    for (const auto& [json, place] : wrong)
      expect_refused({command, route, json}, "BadInput: the JSON is no stage.Order: " + place);
  }
}

TEST_F(Messages, a_request_that_is_too_long_is_refused_before_it_is_sent) {
  expect_refused({"call", "actor/act", order("Echo", 1, ",\"text\":\"" + std::string(100'000, 'x') + "\"")},
                 "TooLarge: the request has ");
}

TEST_F(Messages, a_publication_says_how_many_took_it) {
  const Json sent = host_.ask({"pub", "stage.orders", order("Echo")});

  EXPECT_EQ(sent, Json::parse(R"({"delivered":2,"waiting":0,"dropped":0,"conflated":0})"));
  EXPECT_EQ(host_.shunt({"pub", "stage.orders", order("Echo")}).out,
            "delivered 2, waiting 0, dropped 0, conflated 0\n");
  EXPECT_EQ(host_.ask({"pub", "parrot.echoes", "{}"})["delivered"], 0) << "nobody hears that";
}

TEST_F(ProcessTest, publications_with_a_key_conflate_before_who_lags_and_ls_and_inspect_say_so) {
  const std::string conflating = "[routes.\"stage.orders\"]\nslow_consumer = \"conflate\"\n";
  const RunningHost host{{plugin(ACTOR, "slots = 16\n"), conflating}};
  ASSERT_TRUE(await([&] { return host.listed("actor")["pid"] != 0; }));
  const auto pid = host.listed("actor")["pid"].get<pid_t>();
  ASSERT_EQ(::kill(pid, SIGSTOP), 0);
  while (host.ask({"pub", "stage.orders", order("Echo")})["delivered"] == 1) {
  }

  EXPECT_EQ(host.ask({"pub", "stage.orders", order("Echo"), "--key", "EURUSD"})["conflated"], 0);
  EXPECT_EQ(host.ask({"pub", "stage.orders", order("Echo"), "--key", "7"})["conflated"], 0);
  EXPECT_EQ(host.ask({"pub", "stage.orders", order("Echo"), "--key", "EURUSD"})["conflated"], 1);
  EXPECT_EQ(host.ask({"pub", "stage.orders", order("Echo"), "--key", "07"})["conflated"], 1) << "7 is a number";

  EXPECT_THAT(host.shunt({"ls"}).out, HasSubstr("actor (3 waiting, 2 conflated)"));
  EXPECT_EQ(host.ask({"inspect", "stage.orders"})["receivers"][0]["conflated"], 2);
  EXPECT_THAT(host.shunt({"inspect", "stage.orders"}).out, HasSubstr("CONFLATED"));
  ASSERT_EQ(::kill(pid, SIGCONT), 0);
  EXPECT_TRUE(await([&] { return host.ask({"inspect", "stage.orders"})["receivers"][0]["waiting"] == 0; }));
}

TEST_F(Messages, publications_on_what_is_no_topic_are_refused) {
  expect_refused({"pub", "stage.silence", "{}"}, "NoSuchRoute: no plugin of this host declares \"stage.silence\"");
  expect_refused({"pub", "actor/act", "{}"}, "BadInput: \"actor/act\" is a function: use `shunt call`");
}

TEST_F(Messages, echo_streams_what_plugins_publish_one_object_a_line) {
  Echo echo{host_, {"parrot.echoes", "--json"}};
  for (int number = 1; number <= 3; ++number) {
    host_.ask({"pub", "parrot.phrases", fmt::format(R"({{"number":{}}})", number)});

    const Json line = Json::parse(echo.process().read_line());

    EXPECT_EQ(line["topic"], "parrot.echoes");
    EXPECT_EQ(line["redelivered"], false);
    EXPECT_EQ(line["payload"]["number"], number) << "at once, not when the stream ends";
  }
  echo.process().signal(SIGINT);
  EXPECT_EQ(echo.process().finish().signal, SIGINT);
  EXPECT_TRUE(await([&] {
    return host_.ask({"inspect", "parrot.echoes"})["subscriptions"] == 0;
  })) << "nobody follows it any more";
}

TEST_F(Messages, echo_ends_after_as_many_as_it_was_asked_for) {
  Echo echo{host_, {"parrot.echoes", "--count", "5"}};

  host_.ask({"pub", "parrot.phrases", R"({"text":"five","times":9})"});

  const Ran ran = echo.process().finish();
  EXPECT_EQ(ran.code, 0);
  std::string expected;
  for (int i = 0; i < 5; ++i) expected += "{\"text\": \"five\",\"number\": 0.0}\n";
  EXPECT_EQ(ran.out, expected);
}

TEST_F(Messages, echo_of_a_topic_that_no_plugin_publishes_says_so_and_listens) {
  Process echo{SHUNT, {"echo", "parrot.phrases", "--socket", host_.socket()}};

  EXPECT_EQ(echo.read_error_line(), "shunt: listening on parrot.phrases");
  EXPECT_EQ(echo.read_error_line(),
            "shunt: no plugin of this host publishes it now; what `shunt pub` sends is not heard here");
  EXPECT_EQ(host_.ask({"inspect", "parrot.phrases"})["subscriptions"], 1);

  echo.signal(SIGINT);
  EXPECT_EQ(echo.finish().errors, "");
}

TEST_F(Messages, echo_of_a_topic_that_a_plugin_publishes_says_no_more_than_that_it_listens) {
  Echo echo{host_, {"parrot.echoes", "--count", "1"}};

  host_.ask({"pub", "parrot.phrases", "{}"});

  EXPECT_EQ(echo.process().finish().errors, "");
}

TEST_F(Messages, echo_of_what_is_no_topic_is_refused) {
  expect_refused({"echo", "stage.silence"}, "NoSuchRoute: no plugin of this host declares \"stage.silence\"");
  expect_refused({"echo", "actor/act"}, "BadInput: \"actor/act\" is a function: use `shunt call`");
}

TEST_F(Messages, echo_ends_with_its_host_and_says_so) {
  Echo echo{host_, {"parrot.echoes"}};

  EXPECT_EQ(host_.end().code, 0);

  const Ran ran = echo.process().finish();
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.errors, HasSubstr("HostGone: the host closed the connection"));
}

}  // namespace
}  // namespace shunt::test
