/// call, pub and echo: JSON in, JSON out.

#include "commands.hpp"
#include "payload_text.hpp"
#include "table.hpp"
#include "wishes.hpp"

#include <shunt/host/base64.hpp>

#include <cstdio>

namespace shunt::tool {
namespace {

/// A route's types and what speaks them.
struct Speech {
  std::string request;
  std::string reply;
  PayloadText payloads;
  std::optional<PayloadText> replies;  ///< When the reply's type stands in another schema than the request's.

  [[nodiscard]] Result<std::string> reply_text(std::span<const std::uint8_t> bytes) {
    return (replies ? *replies : payloads).to_json(reply, bytes);
  }
};

Result<Speech> speech_of(const Json& route, std::string_view wanted_kind) {
  if (text_of(route, "kind") != wanted_kind)
    return error(ErrorCode::BadInput, "\"{}\" is a {}: use `shunt {}`", text_of(route, "route"), text_of(route, "kind"),
                 wanted_kind == "topic" ? "call" : "pub` or `shunt echo");
  SHUNT_TRY(schema, from_base64(text_of(route, "schema")));
  SHUNT_TRY(payloads, PayloadText::from_schema(std::move(schema)));
  Speech speech{text_of(route, "request"), text_of(route, "reply"), std::move(payloads), {}};
  if (!route.contains("reply_schema")) return speech;
  SHUNT_TRY(reply_schema, from_base64(text_of(route, "reply_schema")));
  SHUNT_TRY(replies, PayloadText::from_schema(std::move(reply_schema)));
  speech.replies = std::move(replies);
  return speech;
}

/// `name` has no slash, and no topic is called so. Errors: NoSuchRoute, with a function that it could have meant.
Status no_function(HostConnection& host, const std::string& name) {
  std::string example = "risk/check";
  if (const auto listed = host.ask({{"command", "ls"}}))
    for (const Json& each : list_of(*listed, "routes"))
      if (const auto route = text_of(each, "route"); route.starts_with(name + "/")) example = route;
  return error(ErrorCode::NoSuchRoute, "\"{}\" is no function: write plugin/function, such as {}", name, example);
}

}  // namespace

Status call_function(const Options& options) {
  SHUNT_TRY(host, HostConnection::open(options.host));
  const bool has_slash = options.name.find('/') != std::string::npos;
  auto found = host.ask({{"command", "route"}, {"route", options.name}});
  if (!found && found.error().code == ErrorCode::NoSuchRoute && !has_slash) return no_function(host, options.name);
  SHUNT_TRY(route, std::move(found));
  SHUNT_TRY(speech, speech_of(route, "function"));
  SHUNT_TRY(request, speech.payloads.to_bytes(speech.request, options.text));
  Json call{{"command", "call"}, {"route", options.name}, {"payload", to_base64(request)}};
  if (options.deadline_ms) call["deadline_ms"] = *options.deadline_ms;
  add_wishes(call, options);
  SHUNT_TRY(answer, host.wait_for(call));
  SHUNT_TRY(reply, from_base64(text_of(answer, "payload")));
  SHUNT_TRY(text, speech.reply_text(reply));
  const bool fallback = answer.value("fallback", false);
  if (options.json)
    print_line(fmt::format(R"({{"route":{},"reply":{}{}}})", to_line(options.name), text,
                           fallback ? R"(,"fallback":true)" : ""));
  else print_line(printable(text));
  if (fallback && !options.json)
    std::fprintf(stderr, "shunt: the call failed, and this is the function's fallback: see `shunt inspect %s`\n",
                 options.name.substr(0, options.name.find('/')).c_str());
  return {};
}

Status publish_topic(const Options& options) {
  SHUNT_TRY(host, HostConnection::open(options.host));
  SHUNT_TRY(route, host.ask({{"command", "route"}, {"route", options.name}}));
  SHUNT_TRY(speech, speech_of(route, "topic"));
  SHUNT_TRY(payload, speech.payloads.to_bytes(speech.request, options.text));
  Json publication{{"command", "pub"}, {"topic", options.name}, {"payload", to_base64(payload)}};
  if (options.urgent) publication["urgent"] = true;
  add_wishes(publication, options);
  SHUNT_TRY(answer, host.wait_for(publication));
  if (options.json) print_line(to_line(answer));
  else
    print_line(fmt::format("delivered {}, waiting {}, dropped {}, conflated {}", number_of(answer, "delivered"),
                           number_of(answer, "waiting"), number_of(answer, "dropped"), number_of(answer, "conflated")));
  return {};
}

Status echo_topic(const Options& options) {
  SHUNT_TRY(host, HostConnection::open(options.host));
  SHUNT_TRY(route, host.ask({{"command", "route"}, {"route", options.name}}));
  SHUNT_TRY(speech, speech_of(route, "topic"));
  if (const auto follows = host.ask({{"command", "echo"}, {"topic", options.name}}); !follows)
    return tl::make_unexpected(follows.error());
  std::fprintf(stderr, "shunt: listening on %s\n", options.name.c_str());
  if (route.contains("publishers") && list_of(route, "publishers").empty())
    std::fprintf(stderr, "shunt: no plugin of this host publishes it now; what `shunt pub` sends is not heard here\n");
  std::uint64_t dropped = 0;
  for (std::uint64_t count = 0; options.count == 0 || count < options.count;) {
    SHUNT_TRY(publication, host.next());
    if (const auto lost = number_of(publication, "dropped"); lost > std::exchange(dropped, lost))
      std::fprintf(stderr,
                   "shunt: %llu publications were dropped so far: who reads this, or the host, does not keep up "
                   "(see `backlog` of the topic)\n",
                   static_cast<unsigned long long>(lost));
    if (!publication.contains("payload")) continue;  // it tells of drops alone
    ++count;
    SHUNT_TRY(payload, from_base64(text_of(publication, "payload")));
    SHUNT_TRY(text, speech.payloads.to_json(speech.request, payload));
    if (options.json)
      print_line(fmt::format(R"({{"topic":{},"redelivered":{},"payload":{}}})", to_line(options.name),
                             publication.contains("redelivered") && publication["redelivered"] == true, text));
    else print_line(printable(text));
    SHUNT_CHECK(printed());
  }
  return {};
}

}  // namespace shunt::tool
