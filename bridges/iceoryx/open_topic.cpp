#include "open_topic.hpp"

#include <shunt/bus/clock.hpp>

#include <cstring>

#include <fmt/format.h>
#include <iceoryx_posh/runtime/posh_runtime.hpp>

namespace shunt::bridges {
namespace {

/// iceoryx's own limit. Beyond it the oldest goes, whoever sends: an application never waits for a host.
constexpr std::uint64_t kQueue = iox::MAX_SUBSCRIBER_QUEUE_CAPACITY;

iox::capro::IdString_t id(std::string_view text) { return {iox::cxx::TruncateToCapacity, text.data(), text.size()}; }

iox::capro::ServiceDescription service_of(const Topic& topic) {
  return {id(kOpenService), id(topic.name), id(fmt::format("{:016x}", topic.schema))};
}

iox::popo::PublisherPortData* make_publisher(const Topic& topic) {
  iox::popo::PublisherOptions options;
  options.subscriberTooSlowPolicy = iox::popo::ConsumerTooSlowPolicy::DISCARD_OLDEST_DATA;
  return iox::runtime::PoshRuntime::getInstance().getMiddlewarePublisher(service_of(topic), options);
}

iox::popo::SubscriberOptions subscriber_options() {
  iox::popo::SubscriberOptions options;
  options.queueCapacity = kQueue;
  options.queueFullPolicy = iox::popo::QueueFullPolicy::DISCARD_OLDEST_DATA;
  return options;
}

}  // namespace

OpenIceoryxTopic::OpenIceoryxTopic(const Topic& topic, std::uint64_t start)
    : schema_(topic.schema),
      start_(start),
      data_(make_publisher(topic)),
      publisher_(data_),
      pools_(*data_->m_chunkSenderData.m_memoryMgr),
      subscriber_(service_of(topic), subscriber_options()) {}

OpenIceoryxTopic::~OpenIceoryxTopic() {
  release();
  publisher_.stopOffer();
  publisher_.destroy();
}

Sent OpenIceoryxTopic::send(std::span<const std::byte> payload, bool redelivered) {
  const auto bytes = static_cast<std::uint32_t>(payload.size());
  const auto settings = iox::mepoo::ChunkSettings::create(bytes, iox::CHUNK_DEFAULT_USER_PAYLOAD_ALIGNMENT,
                                                          sizeof(OpenHeader), alignof(OpenHeader));
  if (settings.has_error() || !pools_.has(settings.value().requiredChunkSize())) return Sent::NoMemory;
  auto chunk = publisher_.tryAllocateChunk(bytes, iox::CHUNK_DEFAULT_USER_PAYLOAD_ALIGNMENT, sizeof(OpenHeader),
                                           alignof(OpenHeader));
  if (chunk.has_error()) return Sent::NoMemory;
  OpenHeader header;
  header.flags = redelivered ? OpenHeader::kRedelivered : std::uint16_t{0};
  header.schema = schema_;
  header.bridge = start_;
  header.sequence = sequence_++;
  header.sent_ns = bus::now_ns();
  std::memcpy(chunk.value()->userHeader(), &header, sizeof(header));
  std::memcpy(chunk.value()->userPayload(), payload.data(), payload.size());
  publisher_.sendChunk(chunk.value());
  return Sent::Yes;
}

/// Whatever else an application puts before its messages is its own business; a header of ours says what follows.
bool OpenIceoryxTopic::is_ours(const iox::mepoo::ChunkHeader& chunk) const {
  if (chunk.userHeaderId() == iox::mepoo::ChunkHeader::NO_USER_HEADER || chunk.userHeaderSize() != sizeof(OpenHeader))
    return true;
  OpenHeader header;
  std::memcpy(&header, chunk.userHeader(), sizeof(header));
  return header.magic != OpenHeader::kMagic || (header.format == OpenHeader::kFormat && header.schema == schema_);
}

std::optional<std::span<const std::byte>> OpenIceoryxTopic::receive() {
  for (std::uint64_t looked_at = 0; looked_at < kQueue; ++looked_at) {
    auto taken = subscriber_.take();
    if (taken.has_error()) return std::nullopt;
    taken_ = taken.value();
    const auto& chunk = *iox::mepoo::ChunkHeader::fromUserPayload(taken_);
    if (chunk.originId() != publisher_.getUniqueID()) {
      lost_ += gaps_.see(static_cast<std::uint64_t>(chunk.originId()), chunk.sequenceNumber());
      if (is_ours(chunk)) return std::span{static_cast<const std::byte*>(taken_), chunk.userPayloadSize()};
      ++refused_;
    }
    release();
  }
  return std::nullopt;
}

void OpenIceoryxTopic::release() {
  if (taken_ != nullptr) subscriber_.release(std::exchange(taken_, nullptr));
}

}  // namespace shunt::bridges
