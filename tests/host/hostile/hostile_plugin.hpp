#pragma once
/// The plugin process that breaks its lane's contract.

#include <shunt/plugin-kit/runtime/control_channel.hpp>

#include <string>

namespace shunt::test {

/// Takes the lane that `attach` brings, goes through the phases, commits the act `breach`, and waits for its end.
[[noreturn]] void run_hostile_plugin(kit::ControlPacket& attach, const std::string& breach);

}  // namespace shunt::test
