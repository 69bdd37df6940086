#include "expectation.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace shunt::test {
namespace {

using hostile::Act;
using hostile::Stop;

std::vector<int> error_of(Stop stop) {
  switch (stop) {
    case Stop::Denied:
    case Stop::Silent: return {ENOSYS};
    case Stop::Limit: return {EAGAIN};
    case Stop::NoMemory: return {ENOMEM};
    case Stop::Sealed: return {EACCES};
    case Stop::Killed: return {};
  }
  return {};
}

/// Where nobody judges, the calls that loading and threads need get as far as the empty root (ENOENT: the file is
/// there, and not below this root) or, where there is none, as Landlock (EACCES). The other calls are denied as
/// everywhere.
struct Unjudged {
  std::string_view act;
  std::vector<int> errors;
};

const std::vector<Unjudged>& unjudged() {
  static const std::vector<Unjudged> kTable{
      {"read_file", {ENOENT, EACCES}},
      {"read_passwords", {ENOENT, EACCES}},
      {"read_own_maps", {EACCES}},
      {"ask_about_file", {ENOENT}},
      {"read_memory_as_file", {ENOENT, EACCES}},
      {"read_others_inbound", {ENOENT, EACCES}},
      {"close_listener", {ENOENT, EACCES}},
  };
  return kTable;
}

std::vector<int> errors_of(const Act& act, Tier tier, Moment moment) {
  if (tier == Tier::WithoutListener)
    for (const Unjudged& each : unjudged())
      if (each.act == act.name) return each.errors;
  // The kit's own thread is the only one while a plugin is loaded, where somebody judges.
  const bool no_more = moment == Moment::Loading && tier != Tier::WithoutListener;
  return no_more && act.stop == Stop::Limit ? std::vector{ENOSYS} : error_of(act.stop);
}

}  // namespace

std::string_view name(Tier tier) {
  switch (tier) {
    case Tier::Full: return "full";
    case Tier::WithoutNamespaces: return "without namespaces";
    case Tier::WithoutListener: return "without listener";
  }
  return "?";
}

std::string_view name(Moment moment) { return moment == Moment::Loading ? "loading" : "serving"; }

bool Expectation::allows(int stopped_by) const { return std::ranges::find(errors, stopped_by) != errors.end(); }

Expectation expectation_of(const Act& act, Tier tier, Moment moment) {
  return {errors_of(act, tier, moment), tier != Tier::WithoutListener && !act.calls.empty()};
}

std::string to_string(const Expectation& expected) {
  std::string text;
  for (const int each : expected.errors) text += (text.empty() ? "" : " or ") + name_of_error(each);
  if (expected.errors.empty()) text = "SIGSYS";
  return expected.recorded ? text + ", recorded" : text;
}

std::string name_of_error(int number) {
  if (number == 0) return "nothing";
  const char* const known = ::strerrorname_np(number);
  return known == nullptr ? std::to_string(number) : known;
}

std::string_view why_not_at(Moment moment, const Act& act) {
  return moment == Moment::Loading && act.stop == Stop::Sealed ? "no constructor is told where the lane lies" : "";
}

}  // namespace shunt::test
