// Compiled once for each way to stumble: STUMBLE is a statement while it is loaded, MADE one while the plugin is made.
#include "stumbler_contract.hpp"

#include <cstdlib>
#include <stdexcept>

#include <unistd.h>

#ifndef STUMBLE
#define STUMBLE static_cast<void>(0)
#endif
#ifndef MADE
#define MADE static_cast<void>(0)
#endif

namespace {

struct Stumble {
  Stumble() { STUMBLE; }
};
const Stumble kStumble;

class Stumbler final : public stumbler::Contract {
 public:
  Stumbler() { MADE; }
};

}  // namespace

SHUNT_PLUGIN(Stumbler)
