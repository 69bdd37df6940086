#pragma once
/// The plugin process: confined, attached to its lane, and only then running a line of the plugin.

#include "attachment.hpp"
#include "sandbox/filter.hpp"
#include "sandbox/layers.hpp"

#include <functional>

#include <sys/types.h>

namespace shunt::launcher {

/// What the launchers of tests and benchmarks hook in; as it stands here in what users run.
struct PluginHooks {
  std::function<void()> on_serving;        ///< On the serving thread, before the first message.
  void (*on_step)(const char*) = nullptr;  ///< In whichever process comes to the step, right after it.
  bool confined = true;                    ///< False: limits and nothing else, to measure what the rest costs.

  void reached(const char* step) const {
    if (on_step != nullptr) on_step(step);
  }
};

enum class Purpose : std::uint8_t {
  Serve,
  Probe,  ///< Be confined, say what holds, and end: there is neither lane nor plugin.
};

/// What was made ready for a plugin process before it was forked.
struct PluginStart {
  Attachment attachment;
  std::optional<Filter> filter;  ///< None: none is wanted, or it is built in the plugin process.
  Purpose purpose = Purpose::Serve;
  PluginHooks hooks;
};

/// `parent` and `layers`: init's number, as the plugin process sees it, and what init found to hold.
[[noreturn]] void run_plugin_process(PluginStart start, kit::ControlChannel warden, pid_t parent, Layers layers);

}  // namespace shunt::launcher
