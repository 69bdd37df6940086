/// shunt: runs a host, and speaks to one that runs.

#include "commands.hpp"

#include <shunt/bus/standard_descriptors.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <string_view>
#include <variant>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace shunt::tool {
namespace {

struct Command {
  std::string_view name;
  const char* summary;
  std::variant<Status (*)(const Options&), Result<int> (*)(const Options&)> run;  ///< The second gives the exit code.
  void (*declare)(CLI::App&, Options&);
  const char* example;
};

void takes_nothing(CLI::App& /*command*/, Options& /*options*/) {}

void takes_host_toml(CLI::App& command, Options& options) {
  command.add_option("host.toml", options.name, "What the host is to run.")->required();
}

void takes_plugin(CLI::App& command, Options& options) {
  command.add_option("PLUGIN", options.name, "The plugin's name.")->required();
}

/// A plugin, a route, or everything.
void takes_scope(CLI::App& command, Options& options) {
  auto* const name = command.add_option("NAME", options.name, "A plugin, or one route: plugin/function or a topic.");
  command.add_flag("--all", options.everything, "Every plugin, in one step.")->excludes(name);
  command.callback([&options] {
    if (!options.everything && options.name.empty()) throw CLI::RequiredError("NAME or --all");
  });
}

void takes_any_plugin(CLI::App& command, Options& options) {
  command.add_option("PLUGIN", options.name, "The plugin's name; without one, all.");
}

void takes_versions(CLI::App& command, Options& options) {
  takes_plugin(command, options);
  command.add_option("VERSION", options.version, "One that the host knows, such as 1.5.0.")->required();
  command.add_option("MORE", options.more, "Further plugins, each with its version, that go over in the same step.")
      ->type_name("PLUGIN VERSION");
}

/// Of a message: what it is chosen by.
void takes_wishes(CLI::App& command, Options& options) {
  command.add_option("--hints", options.hints,
                     "Which version may handle it, such as \"v2;region=bj\" or \"^1.5;required\".");
  command.add_option("--key", options.message_key,
                     "What it tells of: of one key all go to the same instance, and the latest counts where a topic "
                     "conflates. A number or a text.");
}

void takes_route(CLI::App& command, Options& options) {
  command.add_option("ROUTE", options.name, "plugin/function or a topic; or how several begin, such as \"risk/*\".")
      ->required();
  command
      .add_option("WEIGHTS", options.more,
                  "Versions, each with its part of the sum of all, such as 1.4.0=80 1.5.0=20; off: it gets nothing and "
                  "is kept up.")
      ->type_name("VERSION=WEIGHT");
  command.add_option("--plugin", options.plugin, "Of a topic that several plugins hear: whose versions.");
  command.add_flag("--reset", options.reset, "All to the version that serves.");
  command.add_flag("--windows", options.windows,
                   "Show the breakers of a function that has an `lts`: what became of its calls, window by window.");
  command.add_flag("--explain", options.explain, "Say who would get a message, and which rule decides that.");
  takes_wishes(command, options);
}

void takes_call(CLI::App& command, Options& options) {
  command.add_option("ROUTE", options.name, "plugin/function, such as risk/check.")->required();
  command.add_option("JSON", options.text, "The request, as its schema says.")->required();
  command.add_option("--deadline-ms", options.deadline_ms, "Give up after so long; else as the route says.")
      ->check(CLI::Range(1, 3'600'000));
  takes_wishes(command, options);
}

void takes_publication(CLI::App& command, Options& options) {
  command.add_option("TOPIC", options.name, "Such as market.bars.")->required();
  command.add_option("JSON", options.text, "The payload, as its schema says.")->required();
  command.add_flag("--urgent", options.urgent, "It overtakes what waits.");
  takes_wishes(command, options);
}

void takes_audit(CLI::App& command, Options& options) {
  takes_any_plugin(command, options);
  command.add_flag(
      "--coverage", options.coverage,
      "Show instead what each function has for the case that a call fails: deadline, retries, lts, fallback.");
}

void takes_rollout(CLI::App& command, Options& options) {
  command.add_option("ACTION", options.name, "preflight, start, status, pause, resume or abort.")
      ->required()
      ->check(CLI::IsMember({"preflight", "start", "status", "pause", "resume", "abort"}));
  command.add_option("WHAT", options.text,
                     "Of preflight and start: the file that says what and in which stages. Else the plugin; of status "
                     "without one, all.");
  command.add_flag("--confirm", options.confirm, "I have seen how the new version's configuration differs.");
}

void takes_clock(CLI::App& command, Options& options) {
  command.add_option("PLUGIN", options.name, "Whose clock.")->required();
  command.add_option("DURATION", options.text, "By how much, such as \"5 ms\".")->required();
}

void takes_topic(CLI::App& command, Options& options) {
  command.add_option("TOPIC", options.name, "Such as market.signals.")->required();
  command.add_option("--count", options.count, "End after so many publications.")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000}));
}

void takes_name(CLI::App& command, Options& options) {
  command.add_option("NAME", options.name,
                     "A plugin, a route, an instance's number or a plugin's file; without one, the host's events.");
}

void takes_file(CLI::App& command, Options& options) {
  command.add_option("PLUGIN", options.name, "The plugin's shared object.")->required();
}

void takes_new_name(CLI::App& command, Options& options) {
  command.add_option("NAME", options.name, "Of the plugin, and of the folder that is made; may be a path.")->required();
}

void takes_key_name(CLI::App& command, Options& options) {
  command.add_option("NAME", options.name, "Of the key: makes NAME.key and NAME.pub; may be a path.")->required();
  command
      .add_option("--not-after", options.not_after, "The last day on which hosts accept the key, such as 2027-12-31.")
      ->type_name("DAY");
}

void takes_file_and_private_key(CLI::App& command, Options& options) {
  takes_file(command, options);
  command.add_option("--key", options.keys, "The private key.")->type_name("FILE")->required()->expected(1);
}

void takes_file_and_public_keys(CLI::App& command, Options& options) {
  takes_file(command, options);
  command.add_option("--key", options.keys, "A public key; several may be given.")
      ->type_name("FILE")
      ->required()
      ->expected(1)
      ->take_all();
}

void takes_file_to_check(CLI::App& command, Options& options) {
  takes_file(command, options);
  command.add_flag("--strict", options.strict, "Fail for calls that may block, too.");
  command.add_flag("--no-drill", options.no_drill, "Run nothing of the plugin.");
  command
      .add_option("--failing", options.failing,
                  "A setting with which this phase fails, to drill that too; may be said several times.")
      ->type_name("PHASE.KEY=VALUE")
      ->check([](const std::string& text) {
        constexpr std::array<std::string_view, 3> kPhases{"init", "validate", "activate"};
        const auto dot = text.find('.'), equals = text.find('=');
        const bool is_one = dot != std::string::npos && equals != std::string::npos && dot + 1 < equals;
        if (is_one && std::ranges::find(kPhases, text.substr(0, dot)) != kPhases.end()) return std::string{};
        return text + ": PHASE.KEY=VALUE is meant, such as validate.window=7, of init, validate or activate";
      })
      ->expected(1)
      ->take_all();
}

void takes_two_files_or_matrix(CLI::App& command, Options& options) {
  auto* const older = command.add_option("OLD", options.name, "The plugin's shared object as it is.");
  auto* const newer = command.add_option("NEW", options.newer, "The one that is to take its place.");
  command.add_flag("--matrix", options.matrix, "Print the whole matrix, and compare nothing.")
      ->excludes(older)
      ->excludes(newer);
  command.callback([&options] {
    if (!options.matrix && options.newer.empty()) throw CLI::RequiredError(options.name.empty() ? "OLD" : "NEW");
  });
}

constexpr std::array kCommands{
    Command{"run", "Run a host until it is told to stop, and print what happens.", run_host, takes_host_toml,
            "shunt run host.toml"},
    Command{"plan", "Say how much memory a host.toml needs in the worst case.", plan_host, takes_host_toml,
            "shunt plan host.toml"},
    Command{"ls", "List the plugins and routes of a host.", list_host, takes_nothing, "shunt ls"},
    Command{"call", "Call a function of a plugin and print its reply.", call_function, takes_call,
            R"(shunt call risk/check '{"quantity": 3, "price": 10.5}')"},
    Command{"pub", "Publish on a topic; prints how many receivers it is in the ring of, waits for, and was dropped by.",
            publish_topic, takes_publication, R"(shunt pub market.bars '{"close": 1469.25}')"},
    Command{"echo", "Print what plugins publish on a topic.", echo_topic, takes_topic,
            "shunt echo market.signals --count 10"},
    Command{
        "switch",
        "Move all routes of a plugin, or of several in one step, to another version. What fails leaves the old ones "
        "serving.",
        switch_plugins, takes_versions, "shunt switch momentum 1.5.0 executor 2.0.0"},
    Command{"route",
            "Show who gets what goes over a route; with weights, divide it between versions of a plugin. A switch ends "
            "that.",
            route_messages, takes_route, "shunt route momentum/signal 1.4.0=80 1.5.0=20"},
    Command{"rollout",
            "Let a new version take over in stages, each of which has to pass, and give all back when one fails. Of "
            "preflight the exit code is 1 where something blocks.",
            roll_out, takes_rollout, "shunt rollout start rollout.toml"},
    Command{"stop",
            "Stop a plugin, a route or everything: nothing new goes to it, what it has is finished, then it ends. What "
            "is not finished within --timeout is cut off, and said.",
            stop_scope, takes_scope, "shunt stop momentum --timeout 30"},
    Command{
        "drain",
        "Drain a plugin, a route or everything: nothing new goes to it and what it has is finished, within --timeout; "
        "then it stands idle, until it is enabled.",
        drain_scope, takes_scope, "shunt drain momentum/signal"},
    Command{"disable",
            "Take a plugin, a route or everything off at once, without waiting: calls hear NotServing until it is "
            "enabled, also when it is started anew or another version of it.",
            disable_scope, takes_scope, "shunt disable market.bars"},
    Command{"enable", "Undo drain and disable. What is stopped is started by restart.", enable_scope, takes_scope,
            "shunt enable --all"},
    Command{"restart",
            "Stop a plugin, a route or everything, as stop does, and start it again; or start what was stopped.",
            restart_scope, takes_scope, "shunt restart momentum"},
    Command{"clock", "Let the clock of a plugin go on that has clock = \"driven\", and its timers run.", advance_clock,
            takes_clock, "shunt clock momentum \"5 ms\""},
    Command{"inspect", "Show one plugin, route, instance or file, and its events.", inspect_name, takes_name,
            "shunt inspect plugins/libmomentum.so"},
    Command{"audit", "Show the system calls that plugins were denied.", show_audit, takes_audit,
            "shunt audit momentum"},
    Command{"doctor", "Say what plugins are confined by on this machine, and what is missing.", examine, takes_nothing,
            "shunt doctor --json"},
    Command{
        "check",
        "Say whether the host of --config, else of ./host.toml, would run a plugin's file, and why not; which of its "
        "calls may block; and, by drilling its lifecycle in a process without a sandbox, what it leaves behind. "
        "Exits with 0 where it would run and leaves nothing, 1 refused, or --strict and it may block, 3 the drill "
        "found something.",
        check_file, takes_file_to_check, "shunt check plugins/libmomentum.so --config host.toml"},
    Command{"compat", "Say whether a build can take the place of another: exits with 0 in place, 3 re-link, 4 refuse.",
            compare_files, takes_two_files_or_matrix, "shunt compat plugins/libmomentum.so build/libmomentum.so"},
    Command{"new", "Write a project for a new plugin, with a test, into a folder of its name.", new_plugin,
            takes_new_name, "shunt new momentum"},
    Command{"keygen", "Make a key that signs plugins.", make_keys, takes_key_name,
            "shunt keygen release --not-after 2027-12-31"},
    Command{"sign", "Sign a plugin's file.", sign_file, takes_file_and_private_key,
            "shunt sign plugins/libmomentum.so --key release.key"},
    Command{"verify", "Verify the signature of a plugin's file.", verify_file, takes_file_and_public_keys,
            "shunt verify plugins/libmomentum.so --key release.pub"},
    Command{"version", "Print the version of this program, and of the host if one is there.", tell_version,
            takes_nothing, "shunt version --json"},
};

Result<int> exit_code_of(const Command& command, const Options& options) {
  if (const auto* const judging = std::get_if<1>(&command.run)) return (*judging)(options);
  SHUNT_CHECK(std::get<0>(command.run)(options));
  return kDone;
}

int report(const Status& status, bool json) {
  if (status) return kDone;
  print_error(status.error(), json);
  return kFailed;
}

void declare_commands(CLI::App& program, Options& options) {
  program.require_subcommand(1);
  program.add_option("--socket", options.host.socket, "The host's admin socket.")->type_name("PATH");
  program.add_option("--config", options.host.config, "The host.toml of the host.")->type_name("FILE");
  program
      .add_option_function<std::int64_t>(
          "--timeout",
          [&](std::int64_t seconds) {
            options.host.timeout = std::chrono::seconds{seconds};
            options.host.timeout_given = true;
          },
          "Give up on an answer that takes no work after so long; else 10. Of stop, restart and drain also how long "
          "work that is there may take; else as deadlines.drain says.")
      ->type_name("SECONDS")
      ->check([](const std::string& text) {
        std::int64_t seconds = 0;
        const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), seconds);
        const bool is_whole = problem == std::errc{} && end == text.data() + text.size();
        return is_whole && seconds >= 1 && seconds <= 3600 ? std::string{}
                                                           : text + ": whole seconds are meant, from 1 to 3600";
      });
  program.add_flag("--json", options.json, "Print one JSON object a line.");
  program.set_version_flag("--version", fmt::format("shunt {}", SHUNT_VERSION));
  program.footer("Each command has a --help of its own, with an example.");
  for (const Command& each : kCommands) {
    CLI::App* const command = program.add_subcommand(std::string{each.name}, each.summary);
    command->fallthrough();
    each.declare(*command, options);
    command->footer(fmt::format(
        "Also --json, --socket PATH, --config FILE and --timeout SECONDS, as `shunt --help` says.\nExample: {}\n",
        each.example));
  }
  program
      .add_subcommand(
          "bridge",
          "The program that carries open topics to a world outside, such as iceoryx, which a host starts by "
          "itself.")
      ->prefix_command();
  program.add_subcommand("bench", "Measure this machine: everything further goes to shunt-bench.")->prefix_command();
}

/// What the command line got wrong, or the help that it asked for.
int explain(const CLI::App& program, const CLI::ParseError& problem) {
  const auto left = program.remaining();
  if (program.get_subcommands().empty() && !left.empty() && problem.get_exit_code() != 0) {
    std::fprintf(stderr, "shunt: there is no command \"%s\": see shunt --help\n", left.front().c_str());
    return kMisused;
  }
  if (problem.get_exit_code() == 0) {
    program.exit(problem);
    std::fflush(stdout);
    return report(printed(), false);
  }
  std::string hint = "see shunt --help";
  if (!program.get_subcommands().empty()) {
    const std::string command = program.get_subcommands().front()->get_name();
    const auto known = std::ranges::find(kCommands, command, &Command::name);
    hint = fmt::format("see shunt {} --help", command);
    if (known != kCommands.end()) hint = fmt::format("say for example: {}\n{}", known->example, hint);
  }
  std::fprintf(stderr, "shunt: %s\n%s\n", problem.what(), hint.c_str());
  return kMisused;
}

int run(int argc, char** argv) {
  std::string name_first = "--help";
  if (argc > 1 && std::string_view{argv[1]} == "help") {  // as others say it: `help ls`
    argv[1] = argc > 2 ? argv[2] : name_first.data();
    if (argc > 2) argv[2] = name_first.data();
  }
  if (argc > 1 && std::string_view{argv[1]} == "bench") return report(run_bench(argc, argv), false);
  if (argc > 1 && std::string_view{argv[1]} == "bridge") {
    const auto code = run_bridge(argc, argv);
    return code ? *code : report(tl::make_unexpected(code.error()), false);
  }
  CLI::App program{
      "Runs Shunt hosts and speaks to those that run.\n"
      "A host is found by --socket, --config or $SHUNT_SOCKET; else the only one of this user is taken.",
      "shunt"};
  Options options;
  declare_commands(program, options);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    return explain(program, problem);
  }
  for (const Command& each : kCommands)
    if (program.got_subcommand(std::string{each.name})) {
      const auto code = exit_code_of(each, options);
      const int reported = report(code ? printed() : Status{tl::make_unexpected(code.error())}, options.json);
      return reported == kDone ? *code : reported;
    }
  const std::string name = program.get_subcommands().front()->get_name();
  std::fprintf(stderr, "shunt: say %s first: shunt %s ...\n", name.c_str(), name.c_str());
  return kMisused;
}

}  // namespace
}  // namespace shunt::tool

int main(int argc, char** argv) {
  shunt::bus::occupy_standard_descriptors();
  ::signal(SIGXFSZ, SIG_IGN);  // beyond `ulimit -f` a write fails, and says so
  return shunt::tool::run(argc, argv);
}
