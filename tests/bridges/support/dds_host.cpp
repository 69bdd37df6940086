#include "dds_host.hpp"

#include <csignal>
#include <optional>
#include <sstream>

#include <fmt/format.h>

namespace shunt::test {
namespace {

constexpr const char* kTopics[] = {"market.bars", "market.signals"};

std::string configuration(const DdsHost::Options& options) {
  std::string text = fmt::format("[bridges.dds]\ndomain = 7\n{}\n", options.bridge);
  if (options.bridge.find("configuration") == std::string::npos)
    text += fmt::format("interfaces = [\"{}\"]\n", options.interface);
  if (options.bridge.find("lease") == std::string::npos && options.bridge.find("configuration") == std::string::npos)
    text += "lease = \"1 s\"\n";
  for (const char* topic : kTopics) {
    if (!options.topic.empty()) text += fmt::format("[bridges.dds.topics.\"{}\"]\n{}\n", topic, options.topic);
    text += fmt::format("[routes.\"{}\"]\nopen = \"dds\"\n{}\n", topic, options.route);
  }
  return text;
}

}  // namespace

DdsApplication::DdsApplication(const Words& words) : process_(DDS_APPLICATION, words) {}

void DdsApplication::go_on() { process_.signal(SIGUSR2); }

Json DdsApplication::end() {
  process_.signal(SIGTERM);
  const Ran ran = process_.finish();
  EXPECT_EQ(ran.code, 0) << ran;
  const auto last = ran.out.rfind('\n', ran.out.size() - 2);
  return Json::parse(last == std::string::npos ? ran.out : ran.out.substr(last + 1));
}

DdsHost::DdsHost(Options options) : options_(std::move(options)) {
  std::optional<Network::Inside> inside;
  if (options_.network != nullptr) inside.emplace(options_.network->descriptor());
  host_ = std::make_unique<RunningHost>(
      Words{plugin(MOMENTUM_4, "active = true"), plugin(MOMENTUM_5), configuration(options_)});
  if (!options_.with_plugin) {
    EXPECT_EQ(host_->shunt({"stop", "momentum"}).code, 0);
  }
}

std::unique_ptr<DdsApplication> DdsHost::application(Words more, Others others) {
  await_connected();
  await_others(others);
  auto application = stranger(std::move(more));
  const int bridges = 1 + others.bridges;
  application->await([&](const Json& said) { return said["readers"] == bridges && said["writers"] == bridges; });
  await_others({others.bridges, others.applications + 1});
  application->go_on();
  return application;
}

std::unique_ptr<DdsApplication> DdsHost::stranger(Words more) const {
  await_connected();
  Words words{"domain=7", "interface=" + options_.interface};
  const Json now = bridge();
  for (const Json& topic : now["open_topics"])
    words.push_back(
        fmt::format("{}={}", topic["topic"] == "market.bars" ? "bars" : "signals", topic["schema"].get<std::string>()));
  words.insert(words.end(), more.begin(), more.end());
  std::optional<Network::Inside> inside;
  if (options_.network != nullptr) inside.emplace(options_.network->descriptor());
  return std::make_unique<DdsApplication>(words);
}

void DdsHost::publish(std::uint64_t sequence, const Words& more) const {
  Words words{"pub", "market.signals", fmt::format(R"({{"sequence":{}}})", sequence)};
  words.insert(words.end(), more.begin(), more.end());
  const Ran ran = host_->shunt(words);
  EXPECT_EQ(ran.code, 0) << ran;
}

Json DdsHost::says(const std::string& topic) const {
  const Json now = bridge();
  for (const Json& each : now["open_topics"])
    if (each["topic"] == topic) return each["says"];
  return {};
}

Json DdsHost::receiver(const std::string& topic) const {
  const Json answer = host_->ask({"ls"});
  for (const Json& route : answer["routes"])
    if (route["route"] == topic)
      for (const Json& each : route["receivers"])
        if (each["plugin"] == "bridge:dds") return each;
  return {};
}

std::uint64_t DdsHost::await_connected(std::uint64_t not_this) const {
  Json now;
  const bool connected = test::await([&] {
    now = bridge();
    return now["state"] == "Active" && now["instance"] != not_this &&
           now["says"]["state"].get<std::string>().starts_with("domain 7");
  });
  if (!connected) throw std::runtime_error("the bridge is " + now.dump());
  return now["instance"];
}

void DdsHost::await_others(Others others) const {
  const int all = others.bridges + others.applications;
  const auto is_known = [&](const std::string& topic, int readers, int writers) {
    const Json now = says(topic);
    return now.is_object() && now["readers"] == readers && now["writers"] == writers;
  };
  if (!test::await([&] {  // an application writes bars and reads signals, a bridge reads and writes both
        return is_known("market.signals", all, others.bridges) && is_known("market.bars", others.bridges, all);
      }))
    throw std::runtime_error("the bridge says " + bridge().dump());
}

void DdsHost::end() {
  const Ran ran = host_->end();
  EXPECT_EQ(ran.code, 0) << ran;
  std::istringstream lines{ran.out};
  std::string how = "not told";
  for (std::string line; std::getline(lines, line);)
    if (const Json event = Json::parse(line, nullptr, false);
        event.is_object() && event.value("kind", "") == "Ended" && event.value("plugin", "") == "bridge:dds")
      how = event.value("text", "");
  EXPECT_EQ(how, "ended as it was told to") << ran;
}

void kill_process(std::int64_t pid) { ASSERT_EQ(::kill(static_cast<pid_t>(pid), SIGKILL), 0); }

}  // namespace shunt::test
