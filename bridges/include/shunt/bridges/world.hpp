#pragma once
/// What a bridge connects its topics to: iceoryx, or DDS. All of it is used by one thread.

#include <shunt/schemas/control_generated.h>
#include <shunt/schemas/result.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace shunt::bridges {

struct Topic {
  std::string name;
  std::string type;                        ///< "market.Bar"
  std::uint64_t schema = 0;                ///< SchemaHash
  std::vector<std::uint8_t> reflection{};  ///< The type, for PayloadCheck; empty where the host has sent none.
};

/// What the host has agreed with its bridge.
struct Agreement {
  std::uint64_t start = 0;  ///< Numbers this start of the bridge: rises with every restart.
  std::vector<Topic> topics;
  std::vector<std::pair<std::string, std::string>> settings;

  /// Empty: it has no such setting.
  [[nodiscard]] std::string setting(std::string_view key) const {
    for (const auto& [each, value] : settings)
      if (each == key) return value;
    return {};
  }
};

enum class Link : std::uint8_t {
  Waiting,    ///< Nobody is there yet.
  Connected,  ///< Messages can go both ways.
  Lost        ///< It was connected and cannot be again: the process has to start anew.
};

enum class Sent : std::uint8_t { Yes, NoMemory };

/// A message on its way out.
struct Outgoing {
  std::span<const std::byte> payload;
  std::uint64_t key = 0;     ///< Of what it tells; 0: its publisher does not say.
  bool redelivered = false;  ///< An earlier start of the bridge may have sent it.
  bool latched = false;      ///< The topic has kept it, from before this start.
  bool urgent = false;
};

struct Received {
  std::size_t topic = 0;
  std::span<const std::byte> payload;  ///< Until release(). Its writer may change it: copy it, then look.
  std::uint64_t key = 0;
  bool urgent = false;  ///< It overtakes what waits on the host's side.
};

class World {
 public:
  virtual ~World() = default;

  /// Connects if it can, and looks whether the other side is still there. Called every kLookAgain; may take as long as
  /// connecting does.
  virtual Link look() = 0;
  /// For people: what it is connected to, or waits for.
  [[nodiscard]] virtual std::string state() const = 0;

  // Only while look() says Connected.

  /// Copies a message to the outside. Never blocks: a reader there that does not keep up loses what is oldest.
  virtual Sent send(std::size_t topic, const Outgoing& message) = 0;
  /// The next message from the outside that is not our own; none: nothing there. release() it before the next.
  virtual std::optional<Received> receive() = 0;
  virtual void release() = 0;

  /// What it has lost and refused of a topic, since it was made.
  virtual void count(std::size_t topic, control::OpenCountersT& counters) const = 0;
};

/// Makes a bridge's world; `wake` may be called from any thread when there is something to receive. Errors end the
/// bridge.
using MakeWorld = std::function<Result<std::unique_ptr<World>>(const Agreement&, std::function<void()> wake)>;

}  // namespace shunt::bridges
