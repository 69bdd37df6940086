// Destroys its host in the callback of that host.
#include "offender_config.hpp"

#include <cstdio>
#include <optional>

int main() {
  using namespace shunt::test;
  std::optional<shunt::Host> host = start(with_offender());
  auto client = host->client<offender::Client>().value();
  bool called = false;
  const auto started = client.commit_async(deed("anything"), {.deadline = 30s}, [&](const auto&) {
    called = true;
    host.reset();
  });
  if (started) await([&] { return static_cast<void>(host->poll()), called; });
  std::puts("nothing was said of it");
}
