#pragma once
/// RouDi, which brings iceoryx's publishers and subscribers together: the machine's, looked at from outside, and one of
/// our own. There is one at a time wherever processes share /tmp and /dev/shm.

#include <shunt/schemas/result.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/stat.h>

namespace shunt::bridges {

/// Which RouDi answers: another one after a restart, although its socket has the same name.
struct RoudiMark {
  dev_t device = 0;
  ino_t inode = 0;
  std::int64_t made_ns = 0;
  friend bool operator==(const RoudiMark&, const RoudiMark&) = default;
};

/// None: none listens. Sends nothing.
[[nodiscard]] std::optional<RoudiMark> listening_roudi();

/// Whether a process of iceoryx, or RouDi, answers to this name. Sends nothing.
[[nodiscard]] bool answers(const std::string& name);

struct PoolClass {
  std::uint32_t bytes = 0;
  std::uint32_t chunks = 0;
};

/// "256:1024,4096:256". Errors: BadInput.
[[nodiscard]] Result<std::vector<PoolClass>> parse_pool(const std::string& text);

/// A RouDi in this process, with one segment that this process's group may use. Takes some 250 ms to make, and removes
/// all its files when it goes. Call it where none listens: iceoryx ends the process of the second.
class OwnRoudi {
 public:
  /// `header_bytes`: on top of the payload, for the user header of each message.
  OwnRoudi(const std::vector<PoolClass>& classes, std::size_t header_bytes);
  ~OwnRoudi();
  OwnRoudi(const OwnRoudi&) = delete;
  OwnRoudi& operator=(const OwnRoudi&) = delete;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace shunt::bridges
