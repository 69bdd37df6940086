#include "forgeries.hpp"

#include <shunt/schemas/control_generated.h>

#include <memory>
#include <utility>

#include <fmt/format.h>

namespace shunt::test {
namespace {

template <typename Body>
std::vector<std::uint8_t> packet_of(Body body) {
  control::MessageT message;
  message.body.Set(std::move(body));
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(control::Message::Pack(builder, &message));
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

control::EnteredT entered(control::Phase phase, std::uint16_t code = 0) {
  control::EnteredT body;
  body.phase = phase;
  body.code = code;
  return body;
}

template <typename Body>
Body filled(void (*fill)(Body&)) {
  Body body;
  fill(body);
  return body;
}

/// Of every kind that control.fbs has, well-formed.
void add_each_kind(std::vector<Forgery>& all) {
  all.push_back({"Attach", packet_of(filled<control::AttachT>([](auto& body) { body.plugin = body.version = "1"; }))});
  all.push_back({"Spawned", packet_of(filled<control::SpawnedT>([](auto& body) { body.pid = 1; })), 0, 1});
  all.push_back({"Exited", packet_of(control::ExitedT{})});
  all.push_back({"Enter", packet_of(control::EnterT{})});
  all.push_back({"Join", packet_of(control::JoinT{})});
  all.push_back({"Refused", packet_of(control::RefusedT{})});
  all.push_back({"Serves", packet_of(filled<control::ServesT>([](auto& body) { body.host = "mine"; }))});
  all.push_back({"Confined", packet_of(control::ConfinedT{})});
  all.push_back({"Audit", packet_of(control::AuditT{})});
  all.push_back({"MemoryHigh", packet_of(control::MemoryHighT{})});
}

}  // namespace

std::vector<Forgery> forgeries() {
  std::vector<Forgery> all;
  add_each_kind(all);
  for (const control::Phase phase : control::EnumValuesPhase()) {  // those before it a second time, the last too early
    all.push_back({fmt::format("Entered_{}", control::EnumNamePhase(phase)), packet_of(entered(phase))});
    all.push_back({fmt::format("Entered_{}_failed", control::EnumNamePhase(phase)), packet_of(entered(phase, 1))});
  }
  const auto known = packet_of(entered(control::Phase::Cleanup));
  all.push_back({"a_flood", known, 0, 0, 100'000});
  all.push_back({"with_a_descriptor", known, 0, 1});
  all.push_back({"with_as_many_descriptors_as_go", known, 0, 253});
  all.push_back({"longer_than_the_host_takes", known, 160u << 10});
  all.push_back({"noise", std::vector<std::uint8_t>(64, 0xa5)});
  all.push_back({"nothing", {}});
  return all;
}

std::string init_done_as_hex() {
  const auto packet = packet_of(entered(control::Phase::Init));
  return fmt::format("{:02x}", fmt::join(packet, ""));
}

}  // namespace shunt::test
