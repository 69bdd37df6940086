// Compiled once for each way to stumble: STUMBLE is a statement.
#include "stumbler_contract.hpp"

#include <cstdlib>
#include <stdexcept>

#include <unistd.h>

namespace {

struct Stumble {
  Stumble() { STUMBLE; }
};
const Stumble kStumble;

class Stumbler final : public stumbler::Contract {};

}  // namespace

SHUNT_PLUGIN(Stumbler)
