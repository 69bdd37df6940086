#pragma once
/// Why a message goes where it goes: what each rule leaves, of one plugin that gets it.

#include <cstdint>
#include <string>
#include <vector>

namespace shunt {

struct RouteExplanation {
  std::string plugin;
  /// One hint, in the order in which they are asked.
  struct Rule {
    std::string text;                 ///< "version ^1.5", "tag nightly" or "region=bj".
    std::vector<std::string> suit{};  ///< The versions that do. None: it is passed over, or nobody gets the message.
    bool required = false;
  };
  std::vector<Rule> rules{};
  /// A seat that may get it.
  struct Seat {
    std::string version;
    std::uint32_t seat = 0;
    double share = 1;  ///< Of such messages; 0 .. 1.
  };
  std::vector<Seat> seats{};  ///< None: a hint is required that nobody suits.
  bool by_key = false;        ///< The seat is that of the message's key.
};

}  // namespace shunt
