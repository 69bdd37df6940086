#pragma once
/// One open topic in DDS: its writer and its reader.

#include "dds_settings.hpp"

#include <shunt/bridges/payload_check.hpp>

#include <optional>
#include <string>

#include <dds/dds.h>

namespace shunt::bridges {

class DdsTopic {
 public:
  /// Of a participant, which outlives it. `listener` hears of what arrives. Errors: System, with what DDS says.
  static Result<std::unique_ptr<DdsTopic>> create(dds_entity_t participant, const Topic& topic,
                                                  const DdsTopicSettings& settings, const DdsSettings& all,
                                                  std::uint64_t start, const dds_listener_t* listener);
  DdsTopic(const DdsTopic&) = delete;
  DdsTopic& operator=(const DdsTopic&) = delete;
  ~DdsTopic();

  Sent send(const Outgoing& message);
  /// The next message that is not our own host's, of our schema, and a FlatBuffer; release() it.
  std::optional<Received> receive();
  void release();

  /// Readers and writers of others are asked after.
  void count(control::OpenCountersT& counters) const;
  /// Of others that are there and whose settings keep them from hearing us, or us from hearing them; empty: none.
  [[nodiscard]] std::string mismatch() const;

 private:
  DdsTopic(const Topic& topic, const DdsTopicSettings& settings, const DdsSettings& all, std::uint64_t start)
      : topic_(topic), settings_(settings), sender_{all.origin, start}, check_(topic) {}
  Status open(dds_entity_t participant, const dds_listener_t* listener);
  [[nodiscard]] bool take(const void* sample, const dds_sample_info_t& about);

  const Topic& topic_;
  DdsTopicSettings settings_;
  Sender sender_;  // ourselves
  PayloadCheck check_;
  dds_entity_t writer_ = 0;
  dds_entity_t reader_ = 0;
  void* taken_ = nullptr;  // lent by DDS
  std::uint64_t number_ = 0;
  Arrivals arrivals_;
  std::uint64_t wrong_schema_ = 0;
  std::uint64_t other_schema_ = 0;  // that came last
  std::uint64_t invalid_ = 0;
};

}  // namespace shunt::bridges
