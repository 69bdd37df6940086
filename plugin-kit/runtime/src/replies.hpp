#pragma once
/// What every answer to a request has, whoever gives it, and the one that says that it failed.

#include "failure.hpp"
#include "outbox.hpp"

namespace shunt::kit {

[[nodiscard]] inline bus::MessageHeader reply_header(const bus::MessageHeader& request) noexcept {
  bus::MessageHeader header;
  header.route = request.route;
  header.kind = bus::Kind::Reply;
  header.correlation = request.correlation;
  bus::take_origin(header, request);
  return header;
}

struct FailedReply {
  ErrorCode code;
  std::string_view text;
  std::span<const std::uint64_t> frames;
};

/// Answers `request` with a failure, cut to fit its slot where there is no chunk for it. `builder` is the calling
/// thread's alone. Errors: those of Outbox::send.
int send_failure(Outbox& outbox, ThreadsLock::Hold& hold, const bus::MessageHeader& request, FailureBuilder& builder,
                 const FailedReply& failed, std::int64_t until_ns) noexcept;

}  // namespace shunt::kit
