#include <shunt/bus/pool.hpp>
#include <shunt/schemas/assert.hpp>

// The only file that knows iceoryx.
#include <iceoryx_hoofs/internal/posix_wrapper/shared_memory_object/allocator.hpp>
#include <iceoryx_hoofs/log/logmanager.hpp>
#include <iceoryx_posh/internal/mepoo/memory_manager.hpp>
#include <iceoryx_posh/mepoo/chunk_header.hpp>
#include <iceoryx_posh/mepoo/mepoo_config.hpp>

namespace shunt::bus {
namespace {

using iox::mepoo::ChunkHeader;

/// Bytes that iceoryx is asked for, so that header, lead and payload fill our stride exactly.
std::uint32_t iceoryx_payload_bytes(std::uint32_t class_bytes) {
  constexpr std::uint32_t kPadding = PoolGeometry::kChunkLead - sizeof(ChunkHeader);
  return kPadding + (class_bytes + 63) / 64 * 64;
}

iox::mepoo::MePooConfig to_iceoryx(const PoolGeometry& geometry) {
  iox::mepoo::MePooConfig config;
  for (const SizeClass& size_class : geometry.classes())
    config.addMemPool({iceoryx_payload_bytes(size_class.bytes), size_class.chunks});
  return config;
}

/// With room for iceoryx to align what it puts there.
std::size_t management_bytes(const iox::mepoo::MePooConfig& config) {
  return iox::mepoo::MemoryManager::requiredManagementMemorySize(config) + 4096;
}

}  // namespace

// The chunk memory is deliberately not registered with iceoryx. Its relative pointers are for management memory that
// lies at another address in each process; ours is private, and to memory that it does not know iceoryx points
// absolutely. Registering would be worse than useless: after an unregistration its table takes any lower address for
// part of the segment that went, and pointers made then lead astray as soon as another pool takes that place.
struct ChunkPool::Iceoryx {
  std::unique_ptr<std::byte[]> management_memory;
  iox::mepoo::MemoryManager manager;
  std::vector<iox::mepoo::SharedChunk> chunks;
};

ChunkPool::ChunkPool(const PoolGeometry& geometry, std::byte* memory, std::unique_ptr<Iceoryx> iceoryx)
    : geometry_(geometry),
      memory_(memory),
      iceoryx_(std::move(iceoryx)),
      chunks_(geometry.chunks()),
      free_(geometry.classes().size()) {
  for (std::size_t size_class = 0; size_class < free_.size(); ++size_class) {
    const std::uint32_t count = geometry.classes()[size_class].chunks;
    free_[size_class].reserve(count);
    for (std::uint32_t index = count; index > 0; --index) free_[size_class].push_back(index - 1);
  }
}

ChunkPool::ChunkPool(ChunkPool&&) noexcept = default;
ChunkPool& ChunkPool::operator=(ChunkPool&&) noexcept = default;
ChunkPool::~ChunkPool() = default;

Result<ChunkPool> ChunkPool::create(const PoolGeometry& geometry, std::byte* memory) {
  iox::log::LogManager::GetLogManager().SetDefaultLogLevel(iox::log::LogLevel::kOff,
                                                           iox::log::LogLevelOutput::kHideLogLevel);
  const auto config = to_iceoryx(geometry);
  if (iox::mepoo::MemoryManager::requiredChunkMemorySize(config) > geometry.bytes())
    return error(ErrorCode::System,
                 "iceoryx needs more memory for this pool than its geometry gives: please report it");

  auto iceoryx = std::make_unique<Iceoryx>();
  iceoryx->management_memory = std::make_unique<std::byte[]>(management_bytes(config));
  iox::posix::Allocator management{iceoryx->management_memory.get(), management_bytes(config)};
  iox::posix::Allocator chunk_memory{memory, geometry.bytes()};
  iceoryx->manager.configureMemoryManager(config, management, chunk_memory);

  iceoryx->chunks.reserve(geometry.chunks());
  for (std::uint32_t size_class = 0; size_class < geometry.classes().size(); ++size_class) {
    const SizeClass& wanted = geometry.classes()[size_class];
    const auto settings = iox::mepoo::ChunkSettings::create(iceoryx_payload_bytes(wanted.bytes), 8).value();
    for (std::uint32_t index = 0; index < wanted.chunks; ++index) {
      auto chunk = iceoryx->manager.getChunk(settings);
      const auto expected = memory + geometry.offset(ChunkId::of(size_class, index)) - PoolGeometry::kChunkLead;
      if (chunk.has_error() || reinterpret_cast<std::byte*>(chunk.value().getChunkHeader()) != expected)
        return error(ErrorCode::System, "iceoryx lays this pool out differently: please report its version");
      iceoryx->chunks.push_back(std::move(chunk.value()));
    }
  }
  return ChunkPool{geometry, memory, std::move(iceoryx)};
}

std::size_t ChunkPool::private_bytes(const PoolGeometry& geometry) {
  return management_bytes(to_iceoryx(geometry)) +
         geometry.chunks() * (sizeof(iox::mepoo::SharedChunk) + sizeof(Chunk) + sizeof(std::uint32_t));
}

void ChunkPool::release(ChunkId id) noexcept {
  Chunk& chunk = chunks_[geometry_.dense(id)];
  SHUNT_ASSERT(chunk.holders > 0);
  if (--chunk.holders == 0) free_[id.size_class()].push_back(id.index());
}

std::size_t ChunkPool::used_chunks() const noexcept {
  std::size_t free = 0;
  for (std::uint32_t size_class = 0; size_class < free_.size(); ++size_class) free += free_chunks(size_class);
  return geometry_.chunks() - free;
}

}  // namespace shunt::bus
