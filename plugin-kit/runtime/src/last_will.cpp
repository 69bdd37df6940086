/// The service set_will: over the control socket, so that the host has it before it lets the plugin serve, and reads it
/// whatever the lane holds.

#include "publications.hpp"

#include <shunt/schemas/limits.hpp>

#include <algorithm>

namespace shunt::kit {

int set_will(shunt_runtime* runtime, const shunt_publication* how, const std::uint8_t* payload, std::size_t bytes) {
  auto& error = runtime->error;
  if (this_hand() == nullptr) return error.set(ErrorCode::BadInput, "only a handler can do this, on its own thread");
  const Contract& contract = runtime->contract;
  if (!runtime->may_set_will)
    return error.set(ErrorCode::Undeclared, "a last will is set in validate or activate, or while the plugin serves");
  shunt_publication said{};
  if (const int code = read_publication(*runtime, *how, said); code != SHUNT_OK) return code;
  if (std::ranges::find(contract.last_wills, said.topic_out) == contract.last_wills.end())
    return error.set(ErrorCode::Undeclared,
                     "the manifest of {} declares no last_will for its topic out number {}: write one there",
                     contract.plugin, said.topic_out);
  if (bytes > kLastWillBytesMax)
    return error.set(ErrorCode::TooLarge,
                     "the last will of {} for its topic out number {} has {} bytes, and at most {} may be: leave out "
                     "what its receivers can do without",
                     contract.plugin, said.topic_out, bytes, kLastWillBytesMax);
  if (payload == nullptr || bytes == 0) return error.set(ErrorCode::BadInput, "a last will has a payload");
  control::WillT will;
  will.topic_out = said.topic_out;
  will.key = said.key;
  will.payload.assign(payload, payload + bytes);
  // Without the threads' lock, which is the lane's: this may block, and the socket takes whole packets from any thread.
  if (const auto sent = runtime->control.send(std::move(will)); !sent)
    return error.set(sent.error().code, "{}", sent.error().message);
  return SHUNT_OK;
}

}  // namespace shunt::kit
