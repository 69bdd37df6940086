/// A host to be killed: says on its output when its plugins serve, and goes on calling them.
#include "cast.hpp"

#include <unistd.h>

namespace shunt::test {
namespace {

[[noreturn]] void serve() {
  Host host = start({actor(), partner()});
  auto client = host.client<actor::Client>().value();
  for (bool told = false;;)
    if (client.act(order({.deed = Deed::Ask})) && !told) told = ::write(STDOUT_FILENO, "s", 1) == 1;
}

}  // namespace
}  // namespace shunt::test

int main() { shunt::test::serve(); }
