#pragma once
/// A call to another plugin from inside a handler. The deadline of the message in hand goes along, and its mark as
/// redelivered.
///
///     auto verdict = calls().risk_check(context, [&](auto& build) { return market::CreateOrder(build, ...); });
///     if (!verdict) return tl::make_unexpected(verdict.error());
///     use((*verdict)->quantity());

#include <shunt/bus/clock.hpp>
#include <shunt/plugin-kit/context.hpp>
#include <shunt/plugin-kit/link.hpp>
#include <shunt/plugin-kit/options.hpp>
#include <shunt/plugin-kit/payload.hpp>
#include <shunt/plugin-kit/route.hpp>
#include <shunt/plugin-kit/validators.hpp>

#include <cstdint>
#include <string>
#include <utility>

namespace shunt::kit {

/// Holds the answer's memory until it goes. Move-only; only on threads that run handlers, and no longer than the
/// plugin.
template <typename T>
class Answer {
 public:
  Answer(const Link& link, const shunt_answer& answer, const T& root) : link_(&link), answer_(answer), root_(&root) {}
  Answer(Answer&& other) noexcept
      : link_(std::exchange(other.link_, nullptr)),
        answer_(other.answer_),
        root_(std::exchange(other.root_, nullptr)) {}
  Answer& operator=(Answer&& other) noexcept {
    Answer taken(std::move(other));
    std::swap(link_, taken.link_);
    std::swap(answer_, taken.answer_);
    std::swap(root_, taken.root_);
    return *this;
  }
  ~Answer() {
    if (link_ != nullptr) link_->services->release(link_->runtime, &answer_);
  }

  const T& operator*() const { return *root_; }
  const T* operator->() const { return root_; }

  /// As Context::origin, of the answer: that of its request. Only on the serving thread.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> origin() const {
    const auto ns = link_->services->answer_origin(link_->runtime, &answer_);
    return ns == 0 ? std::nullopt : std::optional(std::chrono::nanoseconds(ns));
  }

 private:
  const Link* link_;
  shunt_answer answer_;
  const T* root_;
};

/// The error for an answer that is not what the manifest declares.
[[nodiscard]] Error bad_answer(const FunctionRoute& route, std::size_t bytes);

/// The error for an answer that the plugin's own validator refuses.
[[nodiscard]] Error refused_answer(const FunctionRoute& route, const std::string& why);

/// A failed call's error; one about a deadline says whose answer did not come.
[[nodiscard]] Error failed_call(const FunctionRoute& route, Error why);

/// What a generated call does. Blocks until the answer or the deadline; runs no other handler meanwhile. Errors: what
/// the function or the route answered (DeadlineExceeded, NotServing, RingFull, PluginFailed, ...), Cancelled (as soon
/// as nobody waits for the answer to the message in hand: its caller cancelled or died; what was called is told, too),
/// BadPayload (build both plugins from one schema), ValidationFailed (this plugin's validator refuses the answer, or
/// the other's the request), QuotaExceeded (release answers, raise `outbound`, or call later: as many calls as the
/// route allows are in flight), TooLarge (add a size class).
template <typename Request, typename Rep, typename Build>
[[nodiscard]] Result<Answer<Rep>> call(const Link& link, const Context& context, const FunctionRoute& route,
                                       std::uint32_t index, bus::SizeHint& hint, Build& build, CallOptions options) {
  const std::int64_t deadline_ns =
      options.deadline.count() == 0 ? 0 : bus::deadline_after(link.services->now_ns(link.runtime), options.deadline);
  shunt_answer answer{};
  const shunt_call how{sizeof how, index, deadline_ns, options.origin.raw()};
  auto answered = build_and_send<Request>(
      link, hint, options.payload, build, [&](shunt_sample* sample, std::size_t offset, std::size_t bytes) {
        return link.services->call_as(link.runtime, &context.message(), &how, sample, offset, bytes, &answer);
      });
  if (!answered) return tl::make_unexpected(failed_call(route, std::move(answered).error()));
  if (const auto* root = verified<Rep>(answer.payload, answer.payload_bytes)) [[likely]] {
    if (link.validators == nullptr) [[likely]]
      return Answer<Rep>(link, answer, *root);
    const auto why = link.validators->refusal(link, route.reply, *root);
    if (!why) return Answer<Rep>(link, answer, *root);
    link.services->release(link.runtime, &answer);
    return tl::make_unexpected(refused_answer(route, *why));
  }
  const auto bytes = answer.payload_bytes;
  link.services->release(link.runtime, &answer);
  return tl::make_unexpected(bad_answer(route, bytes));
}

}  // namespace shunt::kit
