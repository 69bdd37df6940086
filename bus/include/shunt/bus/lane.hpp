#pragma once
/// One end of a lane: the memory that host and instance share, mapped, with its sending and receiving halves.
///
///     SHUNT_TRY(shape, LaneShape::of(256, inbound_classes, outbound_classes));
///     SHUNT_TRY(end, LaneEnd::open_host(shape, memory, ...));         // host: makes the memory
///     SHUNT_TRY(end, LaneEnd::open_plugin(shape, descriptors, ...));  // plugin, in its own process

#include <shunt/bus/lane_receiver.hpp>
#include <shunt/bus/lane_sender.hpp>
#include <shunt/bus/memory.hpp>
#include <shunt/bus/pool.hpp>

#include <memory>

namespace shunt::bus {

/// Everything from which both ends compute the same offsets.
struct LaneShape {
  SideShape host_side;    ///< Written by the host; its return ring takes outbound chunks back.
  SideShape plugin_side;  ///< Written by the plugin; its return ring takes inbound chunks back.
  PoolGeometry inbound;   ///< The host's pool, to plugins.
  PoolGeometry outbound;  ///< The plugin's pool: its size is the quota.

  /// `slots`: of each ring; a power of two, kSlotsMin .. kSlotsMax.
  /// Errors: BadConfiguration (see SideShape::of and PoolGeometry::of).
  [[nodiscard]] static Result<LaneShape> of(std::uint32_t slots, std::span<const SizeClass> inbound,
                                            std::span<const SizeClass> outbound);

  /// What open_host() makes of it, and nothing beside that. The inbound pool is the compartment's.
  struct Memory {
    Region host_side;
    Region plugin_side;
    Region outbound;
  };
  [[nodiscard]] Memory memory() const;
};

/// The descriptors of a lane. The host keeps none of them open after both ends are mapped.
struct LaneMemory {
  UniqueFd host_side;  ///< Sealed against future writes once the host has mapped it.
  UniqueFd plugin_side;
  UniqueFd outbound;
};

/// What both ends may assume about each other's waiting: a commit to a peer that never sleeps needs no fence.
struct Sleepers {
  bool host = true;
  bool plugin = true;
};

/// Neither copied nor moved; unmaps everything when it goes, so nothing that next() gave may be read afterwards. Sender
/// and receiver may be used by one thread each at the same time; neither is thread-safe by itself.
class LaneEnd {
 public:
  /// Makes the memory of a lane and maps the host's end; afterwards `memory` is ready to be handed over. The host's
  /// inbound pool is its own, because one pool serves every lane of a compartment. `caps` as in LaneSender. Allocates,
  /// maps and prefaults. Errors: System (out of memory or descriptors).
  [[nodiscard]] static Result<std::unique_ptr<LaneEnd>> open_host(const LaneShape& shape, LaneMemory& memory,
                                                                  std::vector<std::uint32_t> caps, Sleepers sleepers);

  /// Maps the plugin's end. `inbound` is the compartment's pool. The descriptors may be closed afterwards. Allocates,
  /// maps and prefaults. Errors: LayoutMismatch (build both sides with the same release), BadInput (memory that is not
  /// sealed or too small), System.
  [[nodiscard]] static Result<std::unique_ptr<LaneEnd>> open_plugin(const LaneShape& shape, const LaneMemory& memory,
                                                                    int inbound, Sleepers sleepers);

  LaneSender sender;
  LaneReceiver receiver;

  /// What this end sleeps on.
  [[nodiscard]] Bell bell() const noexcept { return {&mine_view_.fixed->doorbell, &their_view_.fixed->doorbell}; }
  [[nodiscard]] Side& mine() const noexcept { return *mine_view_.fixed; }
  [[nodiscard]] const Side& theirs() const noexcept { return *their_view_.fixed; }
  [[nodiscard]] const LaneShape& shape() const noexcept { return shape_; }
  /// The plugin's own pool; null at the host's end.
  [[nodiscard]] ChunkPool* pool() const noexcept { return pool_.get(); }
  /// The first thing the peer broke, or None.
  [[nodiscard]] Breach breach() const noexcept {
    return sender.breach() != Breach::None ? sender.breach() : receiver.breach();
  }

 private:
  struct Parts;
  LaneEnd(const LaneShape& shape, Parts&& parts, const PoolGeometry& sending, const PoolGeometry& receiving,
          std::vector<std::uint32_t> caps, bool peer_may_sleep);

  LaneShape shape_;
  Mapping mine_;
  Mapping theirs_;
  Mapping peer_pool_;
  Mapping own_pool_;
  std::unique_ptr<ChunkPool> pool_;
  SideView mine_view_;
  SideView their_view_;
};

}  // namespace shunt::bus
