/// Plugins and hosts that do with a contract what it does not have: refused by the compiler, as GCC says it.
#include "../kit-contract/written_plugin.hpp"
#include "mistakes.hpp"

#include <fmt/format.h>

namespace shunt::test {
namespace {

/// The handler of a topic does this.
auto handler(std::string body) {
  return [body = std::move(body)] { return compiled(plugin("", body + " return {};")); };
}

/// The handler of a function does this.
auto handler_with_reply(std::string body) {
  return [body = std::move(body)] {
    return compiled(
        "#include \"probe_contract.hpp\"\nvoid handle([[maybe_unused]] shunt::Reply<probe::Response>& reply) { " +
        body + " }\n");
  };
}

/// A host does this.
auto host(std::string body) {
  return [body = std::move(body)] {
    const TemporaryDirectory folder;
    const auto file = folder.write("mine.cpp",
                                   "#include \"probe_client.hpp\"\n#include <shunt/host.hpp>\n"
                                   "void use(shunt::Host& host) {\n" +
                                       body + "\n}\n");
    return run(fmt::format("{} {} -fsyntax-only {}", SHUNT_COMPILER, SHUNT_HOST_FLAGS, file.string())).output;
  };
}

std::string undeclared_function() {
  auto source = plugin("", "return {};");
  source.insert(source.find("  shunt::Status echo("), fmt::format("  shunt::Status shout({}", kProbeSignature));
  return compiled(source);
}

}  // namespace

Mistakes mistakes_that_do_not_compile() {
  return {
      {"A function that is declared and not written", [] { return compiled(plugin("echo", "return {};")); }},
      {"A function that is written and not declared", undeclared_function},
      {"A call that is not declared", handler("static_cast<void>(calls().risk_check(context, 0));")},
      {"A publication that is not declared", handler("static_cast<void>(publish_market_signals(0));")},
      {"A builder that makes another type",
       handler(
           "static_cast<void>(publish_probe_responses([](auto& build) { return probe::CreateQuestion(build, 1); }));")},
      {"A `Reply` or a `Received` that is kept beyond its handler",
       handler_with_reply("auto kept = std::move(reply);")},
      {"A function of a client that its plugin does not have",
       host("  auto probe = host.client<probe::Client>();\n  auto reply = probe->shout(0);")},
      {"A result that nobody looks at", host("  host.poll();")},
  };
}

}  // namespace shunt::test
