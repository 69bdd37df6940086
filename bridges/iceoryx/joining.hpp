#pragma once
/// Registers with the machine's RouDi, which may never answer: with a thread of its own, so that nobody else waits.
///
/// A bridge that was killed inside of iceoryx left a lock taken. RouDi waits for it for ever as it clears up, which it
/// does when the next bridge of that name registers.

#include "open_topic.hpp"
#include "roudi_probe.hpp"

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <vector>

namespace shunt::bridges {

/// What a bridge has at RouDi.
struct Ports {
  std::vector<std::unique_ptr<OpenIceoryxTopic>> topics;  // by topic
  std::unique_ptr<RoudiProbe> probe;
};

/// Once a runtime is there. Asks RouDi for each, and waits for its answers.
[[nodiscard]] Ports make_ports(const Agreement& agreement);

class Joining {
 public:
  Joining(const iox::RuntimeName_t& name, const Agreement& agreement);
  /// Where RouDi has not answered, its thread stays inside of iceoryx, and the process ends without what libraries do
  /// at its end.
  ~Joining();
  Joining(const Joining&) = delete;
  Joining& operator=(const Joining&) = delete;

  /// Once; none: RouDi has not answered yet.
  [[nodiscard]] std::optional<Ports> ports_within(std::chrono::milliseconds patience);

 private:
  std::future<Ports> ports_;
};

}  // namespace shunt::bridges
