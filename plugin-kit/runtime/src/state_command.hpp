#pragma once
/// What the host asks of a plugin that hands its state to another version of it, or takes it over.

#include <shunt/bus/unique_fd.hpp>

#include <cstdint>

namespace shunt::kit {

struct StateCommand {
  enum class What : std::uint8_t { Snapshot, Restore, Thaw };

  What what = What::Thaw;
  std::uint32_t version = 0;  ///< Of the state; not of Thaw, as the next.
  std::uint64_t bytes = 0;    ///< Room for a snapshot, or of the one to restore.
  bus::UniqueFd file{};       ///< Invalid: the host sent none.
};

}  // namespace shunt::kit
