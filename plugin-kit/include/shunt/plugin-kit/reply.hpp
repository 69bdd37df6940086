#pragma once
/// The answer to a request, built where the caller will read it. One per request; ends with the handler.
///
///     return reply.send([&](auto& build) { return market::CreateSignal(build, ...); });
///     auto later = reply.defer();     // or after the handler: Result<Deferred<market::Signal>>

#include <shunt/plugin-kit/deferred.hpp>
#include <shunt/plugin-kit/link.hpp>
#include <shunt/plugin-kit/options.hpp>
#include <shunt/plugin-kit/route.hpp>

#include <utility>

namespace shunt::kit {

template <typename T>
class Reply {
 public:
  Reply(const Link& link, const shunt_message& message, const FunctionRoute& route, bus::SizeHint& hint)
      : link_(link), message_(message), route_(route), hint_(hint) {}
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;

  /// `build` gets a flatbuffers::FlatBufferBuilder& and returns the offset of a `T`. Allocates nothing; blocks only
  /// while the ring to the host is full, at most until the deadline. Errors: QuotaExceeded (answers nobody released yet
  /// fill the pool), TooLarge (change the pool), PluginFailed (there was a reply already). After an error the request
  /// is still unanswered: return the error.
  template <typename Build>
  [[nodiscard]] Status send(Build&& build, SendOptions options = {}) {
    if (sent_) return error(ErrorCode::PluginFailed, "{} replied twice to one request", route_.name);
    if (deferred_) return error(ErrorCode::PluginFailed, "{} deferred the reply before", route_.name);
    SHUNT_CHECK(build_and_send<T>(link_, hint_, options.payload, build,
                                  [&](shunt_sample* sample, std::size_t offset, std::size_t bytes) {
                                    return link_.services->reply(link_.runtime, &message_, sample, offset, bytes);
                                  }));
    sent_ = true;
    return {};
  }

  /// The answer comes after the handler has returned, from whoever has what this gives. Until then the request counts
  /// as begun: for `in_flight_max`, for a drain, and after a death. Takes a lock of this process; from the first time
  /// on, so does everything that the plugin sends. Errors: PluginFailed (there was a reply already, or it was
  /// deferred).
  [[nodiscard]] Result<Deferred<T>> defer() {
    if (sent_ || deferred_) return error(ErrorCode::PluginFailed, "{} was answered or deferred before", route_.name);
    shunt_message later{};
    SHUNT_CHECK(link_.status(link_.services->defer(link_.runtime, &message_, &later)));
    deferred_ = true;
    return Deferred<T>(link_, later, route_, hint_);
  }

  /// Whether send() has succeeded.
  [[nodiscard]] bool sent() const { return sent_; }
  /// Whether the answer is somebody else's to give: defer() has succeeded.
  [[nodiscard]] bool deferred() const { return deferred_; }

 private:
  const Link& link_;
  const shunt_message& message_;
  const FunctionRoute& route_;
  bus::SizeHint& hint_;
  bool sent_ = false;
  bool deferred_ = false;
};

}  // namespace shunt::kit
