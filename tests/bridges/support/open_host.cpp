#include "open_host.hpp"

#include <algorithm>
#include <csignal>
#include <sstream>

#include <fmt/format.h>

namespace shunt::test {
namespace {

std::string routes(const std::string& more) {
  std::string text;
  for (const char* topic : {"market.bars", "market.signals"})
    text += fmt::format("[routes.\"{}\"]\nopen = \"iceoryx\"\n{}\n", topic, more);
  return text;
}

Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

}  // namespace

Application::Application(const std::string& name, const Words& schemas, const Words& more)
    : name_(name), process_(APPLICATION, with(with({"name=" + name}, schemas), more)) {}

Json Application::end() {
  process_.signal(SIGTERM);
  const Ran ran = process_.finish();
  EXPECT_EQ(ran.code, 0) << ran;
  const auto last = ran.out.rfind('\n', ran.out.size() - 2);
  return Json::parse(last == std::string::npos ? ran.out : ran.out.substr(last + 1));
}

void Application::kill() {
  process_.signal(SIGKILL);
  finish();
}

void Application::die() {
  process_.signal(SIGUSR2);
  finish();
}

void Application::finish() {
  EXPECT_EQ(process_.finish().signal, SIGKILL);
  for (const char* end : {"", ".lock"}) std::filesystem::remove("/tmp/" + name_ + end);
}

OpenHost::OpenHost(const std::string& more, const std::string& route)
    : host_({plugin(MOMENTUM_4, "active = true"), plugin(MOMENTUM_5), routes(route), more}) {}

std::unique_ptr<Application> OpenHost::application(const std::string& name, const Words& more) {
  Words schemas;
  if (!test::await([&] { return bridge()["says"]["state"].get<std::string>().find("RouDi") != std::string::npos; }))
    throw std::runtime_error("the bridge is not connected");
  const Json now = bridge();
  for (const Json& topic : now["open_topics"])
    schemas.push_back(
        fmt::format("{}={}", topic["topic"] == "market.bars" ? "bars" : "signals", topic["schema"].get<std::string>()));
  return std::make_unique<Application>(name, schemas, more);
}

Json OpenHost::says(const std::string& topic) const {
  const Json now = bridge();
  for (const Json& each : now["open_topics"])
    if (each["topic"] == topic) return each["says"];
  return {};
}

Json OpenHost::receiver(const std::string& topic) const {
  const Json answer = host_.ask({"ls"});
  for (const Json& route : answer["routes"])
    if (route["route"] == topic)
      for (const Json& each : route["receivers"])
        if (each["plugin"] == "bridge:iceoryx") return each;
  return {};
}

Json OpenHost::await_state(const Words& states, std::uint64_t not_this) const {
  Json now;
  const bool is_there = test::await([&] {
    now = bridge();
    const Json& says = now["says"]["state"];
    return now["state"] == "Active" && now["instance"] != not_this &&
           std::ranges::any_of(states, [&](const std::string& state) { return says == state; });
  });
  if (!is_there) throw std::runtime_error("the bridge is " + now.dump());
  return now;
}

std::uint64_t OpenHost::await_connected(const std::string& state, std::uint64_t not_this) const {
  return await_state({state}, not_this)["instance"];
}

void OpenHost::end() {
  const Ran ran = host_.end();
  EXPECT_EQ(ran.code, 0) << ran;
  std::istringstream lines{ran.out};
  std::string how = "not told";
  for (std::string line; std::getline(lines, line);)
    if (const Json event = Json::parse(line, nullptr, false);
        event.is_object() && event.value("kind", "") == "Ended" && event.value("plugin", "") == "bridge:iceoryx")
      how = event.value("text", "");
  EXPECT_EQ(how, "ended as it was told to") << ran;
  EXPECT_EQ(ran.errors.find("iox::"), std::string::npos) << ran;  // what iceoryx prints is not the host's
}

MachineRoudi::MachineRoudi() { start(); }

void MachineRoudi::start() { process_.emplace("iox-roudi", Words{"--monitoring-mode", "on"}); }

void MachineRoudi::kill() {
  process_->signal(SIGKILL);
  static_cast<void>(process_->finish());
}

void MachineRoudi::end() {
  process_->signal(SIGTERM);
  static_cast<void>(process_->finish());
}

Words iceoryx_files() {
  Words files;
  for (const char* folder : {"/dev/shm", "/tmp"})
    for (const auto& each : std::filesystem::directory_iterator{folder})
      if (!each.path().filename().string().starts_with("shunt-test-") && !holds_tree(each.path()))
        files.push_back(each.path());
  return files;
}

}  // namespace shunt::test
