#include "conformance.hpp"

#include "reflection_writer.hpp"

#include <flatbuffers/idl.h>

namespace shunt {
namespace {

bool read(const PayloadSchema& schema, flatbuffers::Parser& parser) {
  const auto bytes = write_reflection(schema, ReflectionUse::Layout);
  return parser.Deserialize(bytes.data(), bytes.size());
}

}  // namespace

std::string conformance_objection(const PayloadSchema& newer, const PayloadSchema& older) {
  flatbuffers::Parser newer_parser;
  flatbuffers::Parser older_parser;
  if (!read(newer, newer_parser) || !read(older, older_parser)) return "it does not read one of the schemas";
  return newer_parser.ConformTo(older_parser);
}

}  // namespace shunt
