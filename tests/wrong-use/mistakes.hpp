#pragma once
/// One row of docs/wrong-use.md each: a mistake, made as a user makes it, and what the program says to it.

#include "leftovers.hpp"

#include <functional>
#include <ostream>
#include <string>
#include <vector>

namespace shunt::test {

struct Mistake {
  std::string what;                     ///< The row's first cell.
  std::function<std::string()> made{};  ///< Gives what the program said.
};
inline std::ostream& operator<<(std::ostream& out, const Mistake& mistake) { return out << mistake.what; }

using Mistakes = std::vector<Mistake>;

[[nodiscard]] Mistakes mistakes_in_a_manifest();
[[nodiscard]] Mistakes mistakes_that_do_not_compile();
[[nodiscard]] Mistakes mistakes_in_host_toml();
[[nodiscard]] Mistakes mistakes_in_a_phase();
[[nodiscard]] Mistakes mistakes_in_a_handler();
[[nodiscard]] Mistakes mistakes_over_the_c_abi();
[[nodiscard]] Mistakes mistakes_with_names_and_types();
[[nodiscard]] Mistakes mistakes_in_a_callback();
[[nodiscard]] Mistakes mistakes_with_what_is_gone();

}  // namespace shunt::test
