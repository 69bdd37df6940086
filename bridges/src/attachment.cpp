#include "attachment.hpp"

#include <shunt/bus/layout.hpp>

namespace shunt::bridges {
namespace {

constexpr std::size_t kDescriptors = 6;  // of a lane, its pools, its control socket and, for a plugin, its object

Result<Attachment> check(const control::Attach& attach, std::vector<bus::UniqueFd> descriptors) {
  if (attach.layout() != bus::kLayoutVersion)
    return error(ErrorCode::LayoutMismatch,
                 "the host speaks lane layout {}, this bridge speaks {}: install the host and its bridges of one "
                 "release",
                 attach.layout(), bus::kLayoutVersion);
  Attachment attachment;
  attach.UnPackTo(&attachment.said);
  const control::AttachT& said = attachment.said;
  const bool is_for_a_bridge = !said.open.empty() && said.topics_in.size() == said.open.size() &&
                               said.topics_out.size() == said.open.size() && said.plugin_wait <= control::Wait::MAX;
  if (!is_for_a_bridge || descriptors.size() != kDescriptors)
    return error(ErrorCode::BadInput, "the host attached what is no bridge's: install both of one release");
  attachment.descriptors = std::move(descriptors);
  return attachment;
}

std::vector<bus::SizeClass> classes_of(const std::vector<std::unique_ptr<control::SizeClassT>>& classes) {
  std::vector<bus::SizeClass> result;
  result.reserve(classes.size());
  for (const auto& each : classes) result.push_back({each->bytes, each->chunks});
  return result;
}

}  // namespace

void refuse(const kit::ControlChannel& host, const Error& why) {
  control::RefusedT refused;
  refused.code = static_cast<std::uint16_t>(static_cast<std::uint16_t>(why.code) + 1);
  refused.message = why.message;
  static_cast<void>(host.send(std::move(refused)));  // whoever is gone needs no telling
}

Result<Attachment> receive_attachment(const kit::ControlChannel& host) {
  SHUNT_TRY(packet, host.receive());
  const auto* const attach = packet.message().body_as_Attach();
  Result<Attachment> attachment = attach == nullptr
                                      ? error(ErrorCode::BadInput, "the host sent {} where Attach belongs",
                                              control::EnumNameBody(packet.message().body_type()))
                                      : check(*attach, std::move(packet.descriptors));
  if (!attachment) refuse(host, attachment.error());
  return attachment;
}

Agreement agreement_of(const control::AttachT& said) {
  Agreement agreement{.start = said.instance, .topics = {}, .settings = {}};
  for (const auto& each : said.open)
    agreement.topics.push_back({each->name, each->type, each->schema, each->reflection});
  for (const auto& each : said.settings) agreement.settings.emplace_back(each->key, each->value);
  return agreement;
}

Result<std::unique_ptr<bus::LaneEnd>> open_lane(Attachment& attachment) {
  using control::Descriptor;
  const control::AttachT& said = attachment.said;
  const auto inbound = classes_of(said.inbound);
  const auto outbound = classes_of(said.outbound);
  SHUNT_TRY(shape, bus::LaneShape::of(said.slots, inbound, outbound));
  const bus::LaneMemory memory{std::move(attachment[Descriptor::HostSide]),
                               std::move(attachment[Descriptor::PluginSide]),
                               std::move(attachment[Descriptor::Outbound])};
  const bus::UniqueFd pool = std::move(attachment[Descriptor::Inbound]);
  const bus::Sleepers sleepers{said.host_sleeps, said.plugin_wait != control::Wait::Spin};
  return bus::LaneEnd::open_plugin(shape, memory, pool.get(), sleepers);
}

}  // namespace shunt::bridges
