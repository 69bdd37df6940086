#pragma once
/// A declaration whose types were found: what the writers need, and nothing that can still be wrong.

#include "declaration.hpp"
#include "schema_set.hpp"

#include <shunt/schemas/ids.hpp>
#include <shunt/schemas/version.hpp>

#include <map>
#include <string>

namespace shunt::manifest_compiler {

struct Resolved {
  const Declaration& declaration;
  const SchemaSet& schemas;
  Version version;
  std::map<std::string, SchemaHash> hashes;  ///< Of every type the declaration names.

  [[nodiscard]] SchemaHash hash(const std::string& type) const { return hashes.at(type); }
};

/// Looks up every type. Usable when `problems.none()`.
Resolved resolve(const Declaration& declaration, const SchemaSet& schemas, Problems& problems);

}  // namespace shunt::manifest_compiler
