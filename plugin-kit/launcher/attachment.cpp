#include "attachment.hpp"

#include <shunt/bus/layout.hpp>
#include <shunt/schemas/manifest.hpp>

#include <iterator>

namespace shunt::launcher {
namespace {

Result<Attachment> check_attachment(const control::Attach& attach, std::vector<bus::UniqueFd> descriptors) {
  if (attach.layout() != bus::kLayoutVersion)
    return error(ErrorCode::LayoutMismatch,
                 "the host speaks lane layout {}, this shunt-launch speaks {}: install the host "
                 "and shunt-launch of one release",
                 attach.layout(), bus::kLayoutVersion);
  const std::size_t libraries = attach.libraries() == nullptr ? 0 : attach.libraries()->size();
  if (descriptors.size() != Attachment::kDescriptors + libraries)
    return error(ErrorCode::BadInput,
                 "the host attached {} descriptors, {} belong to a lane and its plugin: install the host and "
                 "shunt-launch of one release",
                 descriptors.size(), Attachment::kDescriptors + libraries);
  if (attach.in_flight_max() < 1 || attach.in_flight_max() > kHandlersInFlightMax)
    return error(ErrorCode::BadInput, "the host asks for {} handlers in flight; 1 to {} are possible",
                 attach.in_flight_max(), kHandlersInFlightMax);
  if (attach.workers() < 1 || attach.workers() > kWorkersMax)
    return error(ErrorCode::BadInput, "the host asks for {} workers; 1 to {} are possible", attach.workers(),
                 kWorkersMax);
  if (attach.plugin_wait() > control::Wait::MAX)
    return error(ErrorCode::BadInput, "the host asks for a way of waiting that this shunt-launch does not know");
  Attachment attachment;
  attach.UnPackTo(&attachment.agreement);
  const auto first_library = descriptors.begin() + Attachment::kDescriptors;
  std::move(descriptors.begin(), first_library, attachment.descriptors.begin());
  std::move(first_library, descriptors.end(), std::back_inserter(attachment.libraries));
  return attachment;
}

}  // namespace

void refuse(const kit::ControlChannel& host, const Error& why) {
  control::RefusedT refused;
  refused.code = static_cast<std::uint16_t>(static_cast<std::uint16_t>(why.code) + 1);
  refused.message = why.message;
  [[maybe_unused]] const auto sent = host.send(std::move(refused));
}

Result<Attachment> receive_attachment(const kit::ControlChannel& host) {
  auto packet = host.receive();
  if (!packet && packet.error().code == ErrorCode::HostGone)
    return error(ErrorCode::HostGone,
                 "the host closed the connection before it attached this plugin: see the host's log");
  if (!packet) return tl::make_unexpected(std::move(packet).error());
  if (const auto* refused = packet->message().body_as_Refused()) {
    const auto code = refused->code() == 0 ? ErrorCode::Unknown : static_cast<ErrorCode>(refused->code() - 1);
    return error(code, "{}",
                 refused->message() == nullptr ? "the host refused this plugin" : refused->message()->c_str());
  }
  const auto* const attach = packet->message().body_as_Attach();
  Result<Attachment> attachment = attach == nullptr
                                      ? error(ErrorCode::BadInput, "the host sent {} where Attach belongs",
                                              control::EnumNameBody(packet->message().body_type()))
                                      : check_attachment(*attach, std::move(packet->descriptors));
  if (!attachment) refuse(host, attachment.error());  // the caller says it on the terminal too
  return attachment;
}

}  // namespace shunt::launcher
