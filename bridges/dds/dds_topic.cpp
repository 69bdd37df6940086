#include "dds_topic.hpp"

#include "open_message.h"

#include <chrono>
#include <cstring>
#include <memory>

#include <fmt/format.h>

namespace shunt::bridges {
namespace {

using Qos = std::unique_ptr<dds_qos_t, void (*)(dds_qos_t*)>;

/// Nobody waits: what a reader has not taken when the history is full gives way to what is newer.
Qos qos_of(const DdsTopicSettings& settings) {
  Qos qos{dds_create_qos(), dds_delete_qos};
  dds_qset_reliability(qos.get(), settings.reliable ? DDS_RELIABILITY_RELIABLE : DDS_RELIABILITY_BEST_EFFORT, 0);
  dds_qset_history(qos.get(), DDS_HISTORY_KEEP_LAST, settings.history);
  dds_qset_durability(qos.get(), settings.latched > 0 ? DDS_DURABILITY_TRANSIENT_LOCAL : DDS_DURABILITY_VOLATILE);
  if (settings.latched > 0)
    dds_qset_durability_service(qos.get(), 0, DDS_HISTORY_KEEP_LAST, settings.latched, DDS_LENGTH_UNLIMITED,
                                DDS_LENGTH_UNLIMITED, DDS_LENGTH_UNLIMITED);
  dds_qset_ignorelocal(qos.get(), DDS_IGNORELOCAL_PARTICIPANT);
  dds_qset_writer_data_lifecycle(qos.get(), false);  // the end of a bridge is not the end of what it told of
  return qos;
}

std::int64_t since_1970_ns() {
  return std::chrono::nanoseconds{std::chrono::system_clock::now().time_since_epoch()}.count();
}

std::string_view policy_name(std::uint32_t id) {
  switch (id) {
    case DDS_DURABILITY_QOS_POLICY_ID: return "durability";
    case DDS_RELIABILITY_QOS_POLICY_ID: return "reliability";
    default: return "other settings";
  }
}

}  // namespace

Result<std::unique_ptr<DdsTopic>> DdsTopic::create(dds_entity_t participant, const Topic& topic,
                                                   const DdsTopicSettings& settings, const DdsSettings& all,
                                                   std::uint64_t start, const dds_listener_t* listener) {
  std::unique_ptr<DdsTopic> made{new DdsTopic(topic, settings, all, start)};
  SHUNT_CHECK(made->open(participant, listener));
  return made;
}

Status DdsTopic::open(dds_entity_t participant, const dds_listener_t* listener) {
  const auto is_made = [&](dds_entity_t entity, std::string_view what) -> Status {
    if (entity > 0) return {};
    return error(ErrorCode::System, "DDS makes no {} of {}: {}", what, topic_.name, dds_strretcode(entity));
  };
  const Qos qos = qos_of(settings_);
  const dds_entity_t name =
      dds_create_topic(participant, &shunt_open_Message_desc, dds_topic_name(topic_.name).c_str(), nullptr, nullptr);
  SHUNT_CHECK(is_made(name, "topic"));
  writer_ = dds_create_writer(participant, name, qos.get(), nullptr);
  SHUNT_CHECK(is_made(writer_, "writer"));
  reader_ = dds_create_reader(participant, name, qos.get(), listener);
  return is_made(reader_, "reader");
}

DdsTopic::~DdsTopic() { release(); }

Sent DdsTopic::send(const Outgoing& message) {
  shunt_open_Message sample{};
  sample.instance = settings_.keyed ? message.key : 0;
  sample.schema = topic_.schema;
  std::memcpy(sample.origin, sender_.origin.data(), sender_.origin.size());
  sample.start = sender_.start;
  sample.number = number_;
  sample.key = message.key;
  sample.sent_ns = since_1970_ns();
  sample.flags = (message.redelivered ? shunt_open_REDELIVERED : 0u) | (message.latched ? shunt_open_LATCHED : 0u) |
                 (message.urgent ? shunt_open_URGENT : 0u);
  const auto bytes = static_cast<std::uint32_t>(message.payload.size());
  // Written into no bytes of the host: dds_write() reads the sample, and its type knows no const.
  auto* const data = const_cast<std::byte*>(message.payload.data());
  sample.payload = {bytes, bytes, reinterpret_cast<std::uint8_t*>(data), false};
  if (dds_write(writer_, &sample) != DDS_RETCODE_OK) return Sent::NoMemory;
  ++number_;
  return Sent::Yes;
}

std::optional<Received> DdsTopic::receive() {
  dds_sample_info_t about{};
  while (dds_take(reader_, &taken_, &about, 1, 1) == 1) {
    if (take(taken_, about)) {
      const auto& sample = *static_cast<const shunt_open_Message*>(taken_);
      return Received{.topic = 0,
                      .payload = std::as_bytes(std::span{sample.payload._buffer, sample.payload._length}),
                      .key = sample.key,
                      .urgent = (sample.flags & shunt_open_URGENT) != 0};
    }
    release();
  }
  taken_ = nullptr;
  return std::nullopt;
}

/// Whether it goes on to the host.
bool DdsTopic::take(const void* sample, const dds_sample_info_t& about) {
  if (!about.valid_data) return false;  // it tells of an instance, not of a message
  const auto& message = *static_cast<const shunt_open_Message*>(sample);
  Sender from;
  std::memcpy(from.origin.data(), message.origin, from.origin.size());
  from.start = message.start;
  if (from.origin == sender_.origin) return false;  // our own host's, by an earlier start of the bridge
  const bool is_numbered = from.origin != decltype(from.origin){};
  if (is_numbered && !arrivals_.see(from, message.number)) return false;
  if (message.schema != topic_.schema) {
    ++wrong_schema_;
    other_schema_ = message.schema;
    return false;
  }
  if (check_.is_valid(std::as_bytes(std::span{message.payload._buffer, message.payload._length}))) return true;
  ++invalid_;
  return false;
}

void DdsTopic::release() {
  if (taken_ != nullptr) dds_return_loan(reader_, &taken_, 1);
  taken_ = nullptr;
}

void DdsTopic::count(control::OpenCountersT& counters) const {
  counters.lost += arrivals_.lost();
  counters.refused += wrong_schema_ + invalid_;
  counters.wrong_schema = wrong_schema_;
  counters.other_schema = other_schema_;
  counters.invalid = invalid_;
  dds_publication_matched_status_t readers{};
  dds_subscription_matched_status_t writers{};
  if (dds_get_publication_matched_status(writer_, &readers) == DDS_RETCODE_OK) counters.readers = readers.current_count;
  if (dds_get_subscription_matched_status(reader_, &writers) == DDS_RETCODE_OK)
    counters.writers = writers.current_count;
}

std::string DdsTopic::mismatch() const {
  dds_offered_incompatible_qos_status_t offered{};
  dds_requested_incompatible_qos_status_t requested{};
  if (dds_get_offered_incompatible_qos_status(writer_, &offered) == DDS_RETCODE_OK && offered.total_count > 0)
    return fmt::format("a reader of {} wants another {}", topic_.name, policy_name(offered.last_policy_id));
  if (dds_get_requested_incompatible_qos_status(reader_, &requested) == DDS_RETCODE_OK && requested.total_count > 0)
    return fmt::format("a writer of {} offers another {}", topic_.name, policy_name(requested.last_policy_id));
  return {};
}

}  // namespace shunt::bridges
