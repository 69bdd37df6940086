#pragma once
/// What a shared object asks of the loader: which libraries, which symbols, and anything odd.

#include <shunt/schemas/result.hpp>

#include <string>
#include <vector>

namespace shunt {

class ElfSegments;

struct ElfDynamic {
  std::vector<std::string> needed;  ///< DT_NEEDED, as written.
  std::string soname;               ///< DT_SONAME; empty when it has none.
  /// What would make the loader look for files by itself, for people: "RUNPATH \"/opt/lib\"".
  std::vector<std::string> searches;
  /// The symbols that it has relocated and does not define: what it calls in others. Ascending, each once.
  std::vector<std::string> undefined;
};

/// Found as the loader finds it, by addresses. Errors: NotAPlugin (cut short, or contradicts itself).
Result<ElfDynamic> read_dynamic(const ElfSegments& segments);

}  // namespace shunt
