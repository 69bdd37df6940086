#include "running_host.hpp"

#include <csignal>
#include <stdexcept>

#include <fmt/format.h>
#include <sys/stat.h>

namespace shunt::test {

std::string plugin(const std::string& file, const std::string& more) {
  return fmt::format("[[plugin]]\npath = \"{}\"\nwait = \"sleep\"\n{}\n", file, more);
}

std::string order(const std::string& deed, int number, const std::string& more) {
  return fmt::format(R"({{"deed":"{}","number":{}{}}})", deed, number, more);
}

Ran shunt(const Words& arguments, const Words& environment) { return run(SHUNT, arguments, environment); }

RunningHost::RunningHost(const Words& plugins, const std::string& trust) {
  std::string text = fmt::format("[host]\nname = \"stage\"\nadmin_socket = \"host.sock\"\n[trust]\n{}\n", trust);
  for (const std::string& each : plugins) text += each;
  const std::pair<const char*, const char*> routes[] = {
      {ACTOR, "actor/act"}, {ACTOR, "actor/repeat"}, {PARTNER, "partner/act"}, {PARROT, "parrot/repeat"}};
  for (const auto& [file, route] : routes)
    if (const auto table = fmt::format("[routes.\"{}\"]\n", route);
        text.find(file) != std::string::npos && text.find(table) == std::string::npos)
      text += table + "wait = \"sleep\"\n";
  const auto file = directory_.write("host.toml", text);
  process_.emplace(SHUNT, Words{"run", file, "--json"});
  const Json first = Json::parse(process_->read_line());
  if (first["socket"] != socket()) throw std::runtime_error("it listens on " + first.dump());
}

Ran RunningHost::shunt(Words arguments) const {
  arguments.insert(arguments.end(), {"--socket", socket()});
  return test::shunt(arguments);
}

Json RunningHost::ask(Words arguments) const {
  arguments.emplace_back("--json");
  const Ran ran = shunt(std::move(arguments));
  EXPECT_EQ(ran.code, 0) << ran;
  EXPECT_EQ(ran.errors, "");
  return ran.code == 0 ? ran.json() : Json{};
}

Json RunningHost::listed(const std::string& plugin) const {
  const Json answer = ask({"ls"});
  for (const Json& each : answer["plugins"])
    if (each["plugin"] == plugin) return each;
  return {};
}

Json RunningHost::await_event(const std::string& kind, const std::string& plugin) const {
  Json events;
  Json found;
  const bool happened = await([&] {
    events = ask({"inspect"})["events"];
    for (const Json& each : events)
      if (each["kind"] == kind && each["plugin"] == plugin) found = each;
    return !found.is_null();
  });
  if (!happened) throw std::runtime_error(fmt::format("no {} of {}; there was {}", kind, plugin, events.dump()));
  return found;
}

Ran RunningHost::end(int signal) {
  process_->signal(signal);
  Ran ran = process_->finish();
  process_.reset();
  return ran;
}

Ran RunningHost::end() {
  Ran ran = end(SIGTERM);
  EXPECT_FALSE(std::filesystem::exists(socket())) << "it left its socket";
  return ran;
}

}  // namespace shunt::test
