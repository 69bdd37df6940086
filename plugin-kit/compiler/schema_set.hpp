#pragma once
/// The FlatBuffers schemas a manifest names, parsed, and the types in them.

#include "declaration.hpp"

#include <shunt/schemas/ids.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace flatbuffers {
struct StructDef;
class Parser;
}  // namespace flatbuffers

namespace shunt::manifest_compiler {

class SchemaSet {
 public:
  SchemaSet();
  ~SchemaSet();

  /// Parses every schema of the declaration; looks beside the manifest, then in `folders`.
  void load(const Declaration& declaration, const std::vector<std::string>& folders, Problems& problems);

  /// The hash of a table or struct; a problem at `place` when there is none of that name, or it cannot be a payload.
  SchemaHash hash_of(const std::string& type, const Place& place, Problems& problems) const;

  [[nodiscard]] bool has_type(const std::string& type) const;
  /// Whether it is of a fixed size: then a payload is the struct itself.
  [[nodiscard]] bool is_struct(const std::string& type) const;

  struct File {
    std::string name;  ///< Without its folder: "market.fbs".
    std::string path;
    std::vector<std::string> included;  ///< Paths of it and of all that it includes.
    std::vector<std::uint8_t> binary;   ///< flatc's reflection schema.
    std::unique_ptr<flatbuffers::Parser> parser;
  };
  [[nodiscard]] const std::vector<File>& files() const { return files_; }

  /// Every file read, included ones too: each once, sorted.
  [[nodiscard]] std::vector<std::string> all_paths() const;

 private:
  void parse(const Schema& schema, const std::string& path, const std::vector<std::string>& folders,
             Problems& problems);
  [[nodiscard]] const flatbuffers::StructDef* find(const std::string& type) const;
  [[nodiscard]] std::vector<std::string> type_names() const;

  std::vector<File> files_;
};

}  // namespace shunt::manifest_compiler
