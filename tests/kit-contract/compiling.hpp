#pragma once
/// Compiles manifests that are written in a test.

#include "declaration.hpp"
#include "resolved.hpp"
#include "schema_set.hpp"
#include "temporary_directory.hpp"

#include <memory>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace shunt::test {

namespace compiler = shunt::manifest_compiler;

inline constexpr std::string_view kMarketSchema = R"(namespace market;
struct Point { x: double; y: double; }
table Bar { sequence: ulong; close: double = 1.5; }
table Signal { sequence: ulong; }
)";

/// A folder with a plugin.toml and a market.fbs, compiled as far as it goes.
class Compiled {
 public:
  explicit Compiled(std::string_view manifest, std::string_view schema = kMarketSchema) {
    folder_.write("plugin.toml", manifest);
    folder_.write("market.fbs", schema);
    declaration_ = compiler::read_declaration((folder_.path() / "plugin.toml").string(), problems_);
    schemas_.load(declaration_, {}, problems_);
    if (problems_.none()) resolved_ = std::make_unique<compiler::Resolved>(resolve(declaration_, schemas_, problems_));
  }

  /// What is wrong, one line each, without the folder.
  [[nodiscard]] std::string problems() const {
    auto text = fmt::format("{}", fmt::join(problems_.lines(), "\n"));
    const auto folder = folder_.path().string() + "/";
    for (auto at = text.find(folder); at != std::string::npos; at = text.find(folder)) text.erase(at, folder.size());
    return text;
  }
  [[nodiscard]] const compiler::Declaration& declaration() const { return declaration_; }
  [[nodiscard]] const compiler::Resolved& resolved() const { return *resolved_; }

 private:
  TemporaryDirectory folder_;
  compiler::Problems problems_;
  compiler::Declaration declaration_;
  compiler::SchemaSet schemas_;
  std::unique_ptr<compiler::Resolved> resolved_;
};

}  // namespace shunt::test
