/// What a plugin in C can try and one in C++ cannot: each is refused at run time.
#include "mistakes.hpp"
#include "misuser_client.hpp"
#include "offender_config.hpp"

namespace shunt::test {
namespace {

template <typename Function>
std::string tried(Function function) {
  PluginConfiguration misuser;
  misuser.path = MISUSER;
  misuser.wait = bus::Wait::Sleep;
  Host host = start(with({misuser}));
  auto client = host.client<misuser::Client>().value();
  return said(function(client, [](auto& build) { return misuser::CreateAttempt(build, 7); }));
}

}  // namespace

Mistakes mistakes_over_the_c_abi() {
  return {
      {"A call that the manifest does not declare",
       [] { return tried([](auto& client, auto build) { return client.call_undeclared(build, {.deadline = 30s}); }); }},
      {"A publication that the manifest does not declare",
       [] {
         return tried([](auto& client, auto build) { return client.publish_undeclared(build, {.deadline = 30s}); });
       }},
      {"Loaning, sending or calling in `init` or `validate`",
       [] { return tried([](auto& client, auto build) { return client.sent_in_init(build, {.deadline = 30s}); }); }},
      {"A handler that neither replies nor fails",
       [] { return tried([](auto& client, auto build) { return client.silent(build, {.deadline = 30s}); }); }},
      {"A reply to no request",
       [] { return tried([](auto& client, auto build) { return client.reply_to_nobody(build, {.deadline = 30s}); }); }},
      {"A call for a message that is not in hand",
       [] {
         return tried([](auto& client, auto build) { return client.call_for_another(build, {.deadline = 30s}); });
       }},
      {"A sample that was sent or given back before",
       [] { return tried([](auto& client, auto build) { return client.publish_twice(build, {.deadline = 30s}); }); }},
      {"A payload beyond its sample",
       [] { return tried([](auto& client, auto build) { return client.outside_sample(build, {.deadline = 30s}); }); }},
      {"More than the largest size class",
       [] { return tried([](auto& client, auto build) { return client.loan_large(build, {.deadline = 30s}); }); }},
  };
}

}  // namespace shunt::test
