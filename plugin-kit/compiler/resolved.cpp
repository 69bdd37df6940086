#include "resolved.hpp"

#include "names.hpp"

namespace shunt::manifest_compiler {

Resolved resolve(const Declaration& declaration, const SchemaSet& schemas, Problems& problems) {
  Resolved resolved{declaration, schemas, Version::parse(declaration.version).value_or(Version{}), {}};
  const auto add = [&](const std::string& type, const Place& place) {
    resolved.hashes[type] = schemas.hash_of(type, place, problems);
  };
  for (const auto& function : declaration.functions) {
    add(function.request, function.place);
    add(function.reply, function.place);
  }
  for (const auto& call : declaration.calls) {
    add(call.request, call.place);
    add(call.reply, call.place);
  }
  for (const auto& topic : declaration.topics_in) add(topic.type, topic.place);
  for (const auto& topic : declaration.topics_out) add(topic.type, topic.place);
  for (const auto& state : declaration.state) {
    add(state.type, state.place);
    if (schemas.is_struct(state.type))
      problems.add(state.place, "{} in [state] is a struct; a state is a table, which can grow.", state.type);
  }

  // The contract lives in a namespace named for the plugin, where a schema may have types too.
  for (const auto* taken : {"Contract", "Config", "Calls", "Client"}) {
    const auto type = identifier(declaration.name) + "." + taken;
    if (schemas.has_type(type))
      problems.add(declaration.place,
                   "A schema has the type {}, which is what the contract calls its own; rename either.", type);
  }
  return resolved;
}

}  // namespace shunt::manifest_compiler
