#pragma once
/// A plugin's side of the evidence.

#include "evidence.hpp"
#include "storm_generated.h"

#include <shunt/plugin.hpp>

#include <algorithm>
#include <csignal>
#include <string>

namespace storm {

class Recorder {
 public:
  shunt::Status open(const std::string& path) {
    evidence_ = Evidence::map(path.c_str());
    if (evidence_ == nullptr) return shunt::error(shunt::ErrorCode::System, "the evidence {} cannot be mapped", path);
    return {};
  }

  /// Records that a handler was entered. Comes back with what to call done when the handler is through.
  Entry& begin(Actor actor, Sheet sheet, const shunt::Context& context, const Item& item) {
    Entry& entry = evidence_->entry(sheet, item.id());
    ++(context.redelivered() ? entry.flagged : entry.fresh);
    if (!is_whole(item)) ++entry.spoiled;
    ++evidence_->handled_by(actor);
    if (item.fatal()) ::kill(::getpid(), SIGKILL);
    return entry;
  }

 private:
  static bool is_whole(const Item& item) {
    return item.filler() == nullptr || std::all_of(item.filler()->begin(), item.filler()->end(),
                                                   [&](std::uint8_t byte) { return byte == (item.id() & 0xff); });
  }

  Evidence* evidence_ = nullptr;
};

/// Sends until it is sent: a pool that is used up, or a host that is behind, is no reason to lose a message here.
template <typename Send>
shunt::Status insist(const Send& send) {
  auto status = send();
  while (!status && (status.error().code == shunt::ErrorCode::QuotaExceeded ||
                     status.error().code == shunt::ErrorCode::RingFull)) {
    ::usleep(100);
    status = send();
  }
  return status;
}

/// The same item again, on another sheet.
template <typename Builder>
flatbuffers::Offset<Item> copy_of(Builder& build, const Item& item, Sheet sheet) {
  flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>> filler;
  if (item.filler() != nullptr) filler = build.CreateVector(item.filler()->data(), item.filler()->size());
  return CreateItem(build, static_cast<std::uint8_t>(sheet), item.id(), false, filler);
}

}  // namespace storm
