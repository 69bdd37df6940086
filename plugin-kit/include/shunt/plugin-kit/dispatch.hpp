#pragma once
/// From a message of the C ABI to a typed handler: verify, run, contain. For generated code.

#include <shunt/plugin-kit/context.hpp>
#include <shunt/plugin-kit/payload.hpp>
#include <shunt/plugin-kit/received.hpp>
#include <shunt/plugin-kit/reply.hpp>
#include <shunt/plugin-kit/route.hpp>
#include <shunt/plugin-kit/validators.hpp>

#include <exception>
#include <string>

namespace shunt::kit {

/// What goes wrong on the way; each answers the message with `fail`, or logs when it is answered already.
void refuse_index(const Link& link, const shunt_message& message, const char* what, std::size_t count) noexcept;
void refuse_payload(const Link& link, const shunt_message& message, const char* route, const TypeName& type) noexcept;
void refuse_meaning(const Link& link, const shunt_message& message, const char* route, const TypeName& type,
                    const std::string& why) noexcept;
void report_error(const Link& link, const shunt_message& message, const char* route, const Error& error,
                  bool answered) noexcept;
void report_no_reply(const Link& link, const shunt_message& message, const char* route) noexcept;
/// Only in a catch block. `what` is null for something that is not a std::exception.
void report_exception(const Link& link, const shunt_message& message, const char* route, const char* what,
                      bool answered) noexcept;

/// Whether the plugin's validator accepts it, or there is none; else the message is answered. Only where there are
/// validators: a plugin without any pays no call for it.
template <typename T>
bool accepted(const Link& link, const shunt_message& message, const char* route, const TypeName& type, const T& root) {
  const auto why = link.validators->refusal(link, type, root);
  if (why) refuse_meaning(link, message, route, type, *why);
  return !why;
}

/// Runs `handler(context, request, reply)` for a request.
template <typename Request, typename Rep, typename Handler>
void serve(const Link& link, const shunt_message& message, const FunctionRoute& route, bus::SizeHint& hint,
           const Handler& handler) noexcept {
  const auto* request = verified<Request>(message.payload, message.payload_bytes);
  if (request == nullptr) return refuse_payload(link, message, route.name, route.request);
  if (link.validators != nullptr && !accepted(link, message, route.name, route.request, *request)) [[unlikely]]
    return;
  const Context context(link, message);
  Reply<Rep> reply(link, message, route, hint);
  const auto answered = [&] { return reply.sent() || reply.deferred(); };
  try {
    const Status status = handler(context, *request, reply);
    if (!status) return report_error(link, message, route.name, status.error(), answered());
    if (!answered()) report_no_reply(link, message, route.name);
  } catch (const std::exception& thrown) {
    report_exception(link, message, route.name, thrown.what(), answered());
  } catch (...) {
    report_exception(link, message, route.name, nullptr, answered());
  }
}

/// Runs `handler(context, received)` for a publication.
template <typename T, typename Handler>
void deliver(const Link& link, const shunt_message& message, const TopicRoute& route, const Handler& handler) noexcept {
  const auto* root = verified<T>(message.payload, message.payload_bytes);
  if (root == nullptr) return refuse_payload(link, message, route.name, route.type);
  if (link.validators != nullptr && !accepted(link, message, route.name, route.type, *root)) [[unlikely]]
    return;
  const Context context(link, message);
  const Received<T> received(*root, message);
  try {
    const Status status = handler(context, received);
    if (!status) report_error(link, message, route.name, status.error(), false);
  } catch (const std::exception& thrown) {
    report_exception(link, message, route.name, thrown.what(), false);
  } catch (...) {
    report_exception(link, message, route.name, nullptr, false);
  }
}

}  // namespace shunt::kit
