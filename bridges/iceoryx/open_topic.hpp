#pragma once
/// One open topic in iceoryx: the publisher and the subscriber of its service.

#include "memory_pools.hpp"

#include <shunt/bridges/gaps.hpp>
#include <shunt/bridges/world.hpp>
#include <shunt/schemas/open_header.hpp>

#include <memory>
#include <optional>

#include <iceoryx_posh/internal/popo/ports/publisher_port_user.hpp>
#include <iceoryx_posh/popo/untyped_subscriber.hpp>

namespace shunt::bridges {

class OpenIceoryxTopic {
 public:
  /// Once a runtime is there.
  OpenIceoryxTopic(const Topic& topic, std::uint64_t start);
  ~OpenIceoryxTopic();
  OpenIceoryxTopic(const OpenIceoryxTopic&) = delete;
  OpenIceoryxTopic& operator=(const OpenIceoryxTopic&) = delete;

  Sent send(std::span<const std::byte> payload, bool redelivered);
  /// The next message that is not our own and that is of our schema; release() it.
  std::optional<std::span<const std::byte>> receive();
  void release();

  [[nodiscard]] iox::popo::UntypedSubscriber& subscriber() noexcept { return subscriber_; }
  [[nodiscard]] std::uint64_t lost() const noexcept { return lost_; }
  [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

 private:
  [[nodiscard]] bool is_ours(const iox::mepoo::ChunkHeader& chunk) const;

  std::uint64_t schema_;
  std::uint64_t start_;
  iox::popo::PublisherPortData* data_;  // of RouDi's memory
  iox::popo::PublisherPortUser publisher_;
  MemoryPools pools_;
  iox::popo::UntypedSubscriber subscriber_;
  const void* taken_ = nullptr;
  std::uint64_t sequence_ = 0;
  Gaps gaps_;
  std::uint64_t lost_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace shunt::bridges
