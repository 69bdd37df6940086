/// Plugins that throw, or have effects, in a phase that must not.
#include "mistakes.hpp"
#include "offender_config.hpp"

namespace shunt::test {
namespace {

/// A host cannot start with this trouble.
auto starting(std::string trouble) {
  return [trouble = std::move(trouble)] { return said(Host::start(with_offender(trouble))); };
}

std::string of_stumbler(const char* file) { return said(Host::start(with({plugin(file)}))); }

/// How the plugin ends with this trouble, once it is told to.
std::string ending(const std::string& trouble) {
  Host host = start(with_offender(trouble));
  EXPECT_TRUE(host.stop());
  return await_event(host, HostEventKind::Ended, "offender").text;
}

}  // namespace

Mistakes mistakes_in_a_phase() {
  return {
      {"Throwing while the plugin is loaded", [] { return of_stumbler("libhost_stumbler_throws.so"); }},
      {"Throwing in the constructor", [] { return of_stumbler("libhost_stumbler_made.so"); }},
      {"Throwing in `init`", starting("init throw")},
      {"Throwing in `validate`", starting("validate throw")},
      {"Throwing in `activate`", starting("activate throw")},
      {"Throwing in `cleanup`", [] { return ending("cleanup throw"); }},
      {"Publishing in `init`", starting("init publish")},
      {"Publishing in `validate`", starting("validate publish")},
      {"Returning from a last will without writing it", starting("no will")},
  };
}

}  // namespace shunt::test
