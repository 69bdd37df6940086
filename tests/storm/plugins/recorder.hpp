#pragma once
/// A plugin's side of the evidence.

#include "record.hpp"
#include "storm_generated.h"

#include <shunt/plugin.hpp>

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include <unistd.h>

namespace storm {

/// Any thread.
class Recorder {
 public:
  explicit Recorder(Actor actor) : actor_(actor) {}

  /// A handler was entered.
  void begin(Sheet sheet, const shunt::Context& context, const Item& item) const {
    if (!is_whole(item)) write(sheet, Deed::Spoiled, item);
    write(sheet, context.redelivered() ? Deed::Flagged : Deed::Fresh, item);
    if (item.fatal()) ::kill(::getpid(), SIGKILL);
  }
  /// It is through, but for the reply.
  void done(Sheet sheet, const Item& item) const { write(sheet, Deed::Done, item); }
  void done(Sheet sheet, std::uint32_t id) const { write(sheet, Deed::Done, id); }

 private:
  void write(Sheet sheet, Deed deed, const Item& item) const { write(sheet, deed, item.id()); }
  void write(Sheet sheet, Deed deed, std::uint32_t id) const {
    const Record record{.actor = actor_, .sheet = sheet, .deed = deed, .id = id};
    if (::write(STDOUT_FILENO, &record, sizeof record) != sizeof record) std::abort();  // a test without evidence fails
  }
  static bool is_whole(const Item& item) {
    return item.filler() == nullptr || std::all_of(item.filler()->begin(), item.filler()->end(),
                                                   [&](std::uint8_t byte) { return byte == (item.id() & 0xff); });
  }

  Actor actor_;
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
