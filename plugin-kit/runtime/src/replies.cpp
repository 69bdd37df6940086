#include "replies.hpp"

namespace shunt::kit {

int send_failure(Outbox& outbox, ThreadsLock::Hold& hold, const bus::MessageHeader& request, FailureBuilder& builder,
                 const FailedReply& failed, std::int64_t until_ns) noexcept {
  const auto send = [&](std::span<const std::byte> payload) {
    bus::MessageHeader header = reply_header(request);
    header.status = static_cast<std::uint16_t>(static_cast<std::uint16_t>(failed.code) + 1);
    shunt_sample sample{reinterpret_cast<std::uint8_t*>(const_cast<std::byte*>(payload.data())), payload.size(), 0};
    return outbox.send(hold, bus::Ring::Reply, header, sample, 0, payload.size(), until_ns);
  };
  const int result = send(builder.build(failed.text, failed.frames));
  if (result != static_cast<int>(ErrorCode::QuotaExceeded) && result != static_cast<int>(ErrorCode::TooLarge))
    return result;
  return send(builder.build_short(failed.text, failed.frames));
}

}  // namespace shunt::kit
