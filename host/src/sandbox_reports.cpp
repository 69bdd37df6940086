/// What wardens report of their plugins' sandboxes: on its way from the control socket to audit and events.
#include "plugin_process.hpp"
#include "supervisor.hpp"

namespace shunt::host {
namespace {

constexpr std::uint32_t kDenialsNoted = 20;  // events of one instance

std::string describe(const control::Confined& confined) {
  std::string lacking;
  if (const auto* layers = confined.layers())
    for (const control::LayerState* layer : *layers)
      if (!layer->applied())
        lacking += std::string{lacking.empty() ? "" : ", "} + control::EnumNameLayer(layer->layer());
  return lacking.empty() ? "full" : "without " + lacking;
}

std::chrono::system_clock::time_point at(std::int64_t ns_since_1970) {
  return std::chrono::system_clock::time_point{
      std::chrono::duration_cast<std::chrono::system_clock::duration>(std::chrono::nanoseconds{ns_since_1970})};
}

std::string text_of(const flatbuffers::String* text) { return text == nullptr ? std::string{} : text->str(); }

std::string arguments_of(const control::AuditRecord& record) {
  if (record.arguments() == nullptr) return {};
  return fmt::format("{:#x}", fmt::join(record.arguments()->begin(), record.arguments()->end(), ", "));
}

}  // namespace

void PluginProcess::accept_report(const control::Message& message) {
  if (const auto* const confined = message.body_as_Confined(); confined != nullptr) {
    listener_.on_confined(*instance_, describe(*confined));
  } else if (const auto* const audit = message.body_as_Audit(); audit != nullptr) {
    const control::AuditRecord* last = nullptr;
    if (audit->records() != nullptr)
      for (const control::AuditRecord* record : *audit->records()) listener_.on_denied(*instance_, *(last = record));
    if (audit->limit_reached() && last != nullptr)
      end(Event::Breach, CrashKind::Denials,
          fmt::format("it reached its limit of denied system calls, {} among them; see `shunt audit`",
                      text_of(last->name())));
  } else if (const auto* const bridge = message.body_as_BridgeReport(); bridge != nullptr) {
    listener_.on_bridge_report(*instance_, *bridge);
  } else if (const auto* const memory = message.body_as_MemoryHigh(); memory != nullptr) {
    listener_.on_memory_high(*instance_, memory->bytes());
    if (memory->ended())
      end(Event::Breach, CrashKind::Quota,
          fmt::format("it uses {} bytes of private memory, its limit is {}", memory->bytes(), memory->limit()));
  }
}

// ---- Their records

void Supervisor::on_confined(Instance& instance, std::string sandbox) {
  if (Running* const running = find(instance)) running->sandbox = std::move(sandbox);
}

void Supervisor::on_denied(Instance& instance, const control::AuditRecord& record) {
  AuditRecord entry;
  entry.instance = instance.identity.id.value;
  entry.plugin = instance.identity.plugin;
  entry.version = to_string(instance.identity.version);
  entry.phase = control::EnumNamePhase(record.phase());
  entry.call = text_of(record.name());
  entry.answer = record.answer();
  if (record.arguments() != nullptr) entry.arguments.assign(record.arguments()->begin(), record.arguments()->end());
  entry.count = record.count();
  entry.first = at(record.first_ns());
  entry.last = at(record.last_ns());
  const std::string text = fmt::format("{}({}) in {} was denied: {}", entry.call, arguments_of(record), entry.phase,
                                       std::generic_category().message(entry.answer));
  Running* const running = find(instance);
  if (running != nullptr && (!running->denied_last || running->denied_last->last <= entry.last))
    running->denied_last = entry;
  const auto put = audit_.put(std::move(entry));
  if (running == nullptr) return;
  running->denials += put.more;
  if (!put.is_new || running->denials_noted > kDenialsNoted) return;
  // One that tries everything must not push everybody else's events out of the log.
  const bool last = ++running->denials_noted > kDenialsNoted;
  note(HostEventKind::Denied, instance, last ? "and other system calls: see `shunt audit`" : text);
}

void Supervisor::on_memory_high(Instance& instance, std::uint64_t bytes) {
  note(HostEventKind::MemoryHigh, instance, fmt::format("uses {} MiB of private memory", bytes >> 20));
}

}  // namespace shunt::host
