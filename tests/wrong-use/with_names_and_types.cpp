/// Hosts that ask for what no plugin has, or take it for something else.
#include "mistakes.hpp"
#include "offender_config.hpp"

#include <temporary_directory.hpp>

namespace shunt::test {
namespace {

/// What a host with the offender says to this.
template <typename Ask>
auto asked(Ask ask) {
  return [ask] {
    Host host = start(with_offender());
    return said(ask(host));
  };
}

std::string subscribed_as_another_type() {
  Host host = start(with_offender());
  const auto news =
      host.subscribe<offender::Stranger>("offender.news", [](Received<offender::Stranger>&) { FAIL() << "heard"; });
  EXPECT_TRUE(news);
  auto other = host.publisher<offender::Stranger>("offender.deeds", {7});
  return said(other);
}

std::string started_twice() {
  const TemporaryDirectory folder;
  auto configuration = with({});
  configuration.name = "desk";
  configuration.admin_socket = folder.path() / "host.sock";
  const Host first = start(configuration);
  return said(Host::start(configuration));
}

}  // namespace

Mistakes mistakes_with_names_and_types() {
  return {
      {"A client of a plugin that the host does not have",
       [] {
         Host host = start(with({}));
         return said(host.client<offender::Client>());
       }},
      {"A function that the plugin does not have",
       asked([](Host& host) { return host.function<offender::Deed, offender::Outcome>("offender/comit"); })},
      {"A client that was built from another schema",
       asked([](Host& host) { return host.function<offender::Deed, offender::Outcome>("offender/commit", {1}, {2}); })},
      {"A publisher on a topic that nobody declares",
       asked([](Host& host) { return host.publisher<offender::Deed>("offender.deed"); })},
      {"A publisher or a subscription of another type", [] { return subscribed_as_another_type(); }},
      {"A switch to a version that host.toml does not have",
       asked([](Host& host) { return host.switch_to("offender", "1.5.0"); })},
      {"Two plugins that take a topic for different types",
       [] {
         return said(Host::start(with({actor(), plugin("libhost_contrary.so")})));
       }},
      {"A host that is started twice with one admin socket", started_twice},
  };
}

}  // namespace shunt::test
