#include <shunt/bus/breach.hpp>

#include <array>

namespace shunt::bus {
namespace {

struct Text {
  std::string_view name;
  std::string_view sentence;
};

constexpr std::array<Text, 16> kTexts{{
    {"None", "nothing"},
    {"PositionBackwards", "a read position or a mark went backwards"},
    {"PositionAhead", "a read position or a mark is beyond what was sent"},
    {"CommitWord", "a commit word is neither the last lap's nor the next"},
    {"ReturnTag", "a returned item carries the tag of neither the last lap nor the next"},
    {"ReturnOutOfRange", "a returned item names a chunk that the pool does not have"},
    {"ReturnNotHeld", "a returned chunk is not held by this lane at this generation"},
    {"PayloadPlace", "a payload lies neither in its message nor in a chunk of the sender's pool"},
    {"PayloadOutOfRange", "a payload names a chunk that the pool does not have"},
    {"PayloadSize", "a payload is larger than its place"},
    {"PayloadStillHeld", "a chunk was sent again before it was returned"},
    {"Kind", "a message is of a kind that this side does not accept"},
    {"Route", "a message names a route that this instance may not use"},
    {"Correlation", "a reply answers nothing that is in flight on this lane"},
    {"Parent", "a nested call names a parent that is not in flight on this lane"},
    {"Control", "a control packet is malformed or out of turn"},
}};

const Text& text(Breach breach) noexcept {
  const auto place = static_cast<std::size_t>(breach);
  return kTexts[place < kTexts.size() ? place : 0];
}

}  // namespace

std::string_view describe(Breach breach) noexcept { return text(breach).sentence; }
std::string_view name(Breach breach) noexcept { return text(breach).name; }

}  // namespace shunt::bus
