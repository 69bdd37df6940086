/// examples/gateway: hints from the headers of requests.
#include "process.hpp"

#include <chrono>
#include <csignal>
#include <string>

#include <gmock/gmock.h>
#include <httplib.h>

namespace shunt::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

class Gateway : public ProcessTest {
 protected:
  Gateway() {
    const std::string line = gateway_.read_line();
    port_ = std::stoi(line.substr(line.rfind(':') + 1));
  }
  [[nodiscard]] httplib::Result ask(const std::string& pair, const httplib::Headers& headers = {}) const {
    httplib::Client client{"127.0.0.1", port_};
    client.set_read_timeout(kPatience);
    return client.Post("/price", headers, pair, "text/plain");
  }

  Process gateway_{GATEWAY, {GATEWAY_TOML, "0"}};
  int port_ = 0;
};

TEST_F(Gateway, answers_by_the_version_that_the_request_asks_for) {
  EXPECT_THAT(ask("EURUSD")->body, EndsWith(" by version 1\n"));
  EXPECT_THAT(ask("EURUSD", {{"Shunt-Hints", "v2"}})->body, EndsWith(" by version 2\n"));
  EXPECT_THAT(ask("EURUSD", {{"shunt-hints", "tag=nightly"}})->body, EndsWith(" by version 2\n"));
  EXPECT_THAT(ask("EURUSD", {{"Shunt-Hints", "v3"}})->body, EndsWith(" by version 1\n"));
}

TEST_F(Gateway, says_what_it_cannot_do_as_http_says_it) {
  EXPECT_EQ(ask("EURUSD")->status, 200);
  EXPECT_EQ(ask("EURUSD", {{"Shunt-Hints", "v3;required"}})->status, 409);
  EXPECT_EQ(ask("EURUSD", {{"Shunt-Hints", "newest"}})->status, 400);
  EXPECT_EQ(ask("EURUSD", {{"Shunt-Hints", std::string(2000, '1')}})->status, 400);
  EXPECT_EQ(ask("EUR")->status, 400);
}

TEST_F(Gateway, keeps_to_itself_what_only_its_own_people_may_ask_for) {
  const auto refused = ask("EURUSD", {{"Shunt-Hints", "canary=1"}});

  EXPECT_EQ(refused->status, 400);
  EXPECT_THAT(refused->body, HasSubstr("hints of \"canary\" are not for you"));
}

TEST_F(Gateway, ends_when_it_is_told_to) {
  gateway_.signal(SIGTERM);

  EXPECT_EQ(gateway_.finish().code, 0);
}

}  // namespace
}  // namespace shunt::test
