#pragma once
/// The plugin process: confined, attached to its lane, and only then running a line of the plugin.

#include "attachment.hpp"

#include <functional>

#include <sys/types.h>

namespace shunt::launcher {

/// What the kill storm's launcher hooks in; empty in what users run.
struct PluginHooks {
  std::function<void()> on_serving;  ///< On the serving thread, before the first message.
};

[[noreturn]] void run_plugin_process(Attachment attachment, pid_t parent, const PluginHooks& hooks);

}  // namespace shunt::launcher
