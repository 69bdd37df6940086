/// What bridges say of themselves: kept as it was said last, for people; the host decides nothing by it.
#include "escaped.hpp"
#include "supervisor.hpp"

#include <algorithm>

namespace shunt::host {
namespace {

constexpr std::size_t kStateBytesMax = 200;
constexpr std::uint32_t kStatesNoted = 20;  // of one instance: it must not push everybody else's events out of the log

}  // namespace

void Supervisor::on_bridge_report(Instance& instance, const control::BridgeReport& report) {
  Running* const running = find(instance);
  if (running == nullptr || !running->version->bridge) return;
  control::BridgeReportT said;
  if (report.state() != nullptr) said.state = escaped(report.state()->string_view(), kStateBytesMax);
  const std::size_t topics = running->version->bridge->topics.size();
  if (report.topics() != nullptr)
    for (const auto* const each : *report.topics())
      if (said.topics.size() < topics) said.topics.emplace_back(each->UnPack());
  if (said.state != running->carried.state && running->states_noted++ < kStatesNoted)
    note(HostEventKind::BridgeState, instance, said.state);
  running->carried = std::move(said);
}

/// In the order of its topics; those that it has not spoken of have zeros.
std::vector<OpenTopicSnapshot> Supervisor::open_topics_of(const Running& running) {
  std::vector<OpenTopicSnapshot> result;
  const auto& said = running.carried.topics;
  for (const OpenTopic& topic : running.version->bridge->topics) {
    OpenTopicSnapshot each{.topic = topic.name, .schema = topic.schema};
    if (result.size() < said.size()) {
      const control::OpenCountersT& counters = *said[result.size()];
      each.says = {.sent = counters.sent,
                   .sent_bytes = counters.sent_bytes,
                   .unconnected = counters.unconnected,
                   .no_memory = counters.no_memory,
                   .received = counters.received,
                   .received_bytes = counters.received_bytes,
                   .lost = counters.lost,
                   .refused = counters.refused,
                   .readers = counters.readers,
                   .writers = counters.writers,
                   .wrong_schema = counters.wrong_schema,
                   .other_schema = {counters.other_schema},
                   .invalid = counters.invalid};
    }
    result.push_back(std::move(each));
  }
  return result;
}

}  // namespace shunt::host
