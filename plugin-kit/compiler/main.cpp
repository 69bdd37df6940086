// shunt-manifest: compiles a plugin.toml and its schemas into what the plugin is built from.
#include "declaration.hpp"
#include "libraries.hpp"
#include "names.hpp"
#include "schema_set.hpp"
#include "writers.hpp"

#include <shunt/schemas/limits.hpp>
#include <shunt/schemas/tool_chain.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <sodium.h>
#include <spawn.h>
#include <sys/wait.h>

namespace {

using namespace shunt::manifest_compiler;

constexpr int kDone = 0;
constexpr int kBadInput = 1;
constexpr int kMisused = 2;

struct Options {
  std::string manifest;
  std::string out = ".";
  std::vector<std::string> schema_folders;
  std::string flatc;
  std::string name;
  std::string depfile;
  std::vector<std::string> libraries;
  std::string tool_chain;
};

void write_file(const std::filesystem::path& path, std::string_view bytes, Problems& problems) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file)
    problems.add_line(fmt::format("{}:1: It cannot be written; is the folder there and not full?", path.string()));
}

/// Runs flatc for every schema, also for those that one includes: their headers include each other.
void make_headers(const Options& options, const SchemaSet& schemas, Problems& problems) {
  if (schemas.all_paths().empty()) return;  // a plugin without messages; flatc takes that for misuse
  std::vector<std::string> arguments{options.flatc,   "--cpp",     "--scoped-enums", "--gen-object-api",
                                     "--gen-mutable", "--cpp-std", "c++17",          "-o",
                                     options.out};
  const auto beside = std::filesystem::path(options.manifest).parent_path().string();
  arguments.insert(arguments.end(), {"-I", beside.empty() ? "." : beside});
  for (const auto& folder : options.schema_folders) arguments.insert(arguments.end(), {"-I", folder});
  for (const auto& path : schemas.all_paths()) arguments.push_back(path);
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (auto& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  pid_t child = 0;
  int status = 0;
  if (posix_spawnp(&child, options.flatc.c_str(), nullptr, nullptr, argv.data(), environ) != 0 ||
      waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
    problems.add_line(fmt::format("{}:1: {} made no headers of its schemas.", options.manifest, options.flatc));
}

/// A Makefile rule that names everything the outputs were made of.
std::string depfile_text(const Options& options, const std::string& target, const SchemaSet& schemas) {
  std::string text = target + ":";
  const auto add = [&](const std::string& path) {
    text += " \\\n  ";
    for (const char c : std::filesystem::absolute(path).lexically_normal().string()) {
      if (c == ' ') text += '\\';
      text += c;
    }
  };
  add(options.manifest);
  for (const auto& path : schemas.all_paths()) add(path);
  return text + "\n";
}

void write_outputs(const Options& options, const Resolved& resolved, Problems& problems) {
  const auto binary = binary_manifest(resolved);
  if (binary.size() > shunt::kManifestBytesMax)
    return problems.add({options.manifest, 1}, "The compiled manifest has {} bytes; at most {} are possible.",
                        binary.size(), shunt::kManifestBytesMax);
  std::error_code ignored;  // a folder that cannot be made shows as files that cannot be written
  std::filesystem::create_directories(options.out, ignored);
  const auto stem = std::filesystem::path(options.out) / identifier(resolved.declaration.name);
  write_file(stem.string() + ".manifest", {reinterpret_cast<const char*>(binary.data()), binary.size()}, problems);
  write_file(stem.string() + "_note.cpp", note_source(binary), problems);
  write_file(stem.string() + "_client.hpp", client_header(resolved), problems);
  write_file(stem.string() + "_contract.h", c_header(resolved), problems);
  if (!options.flatc.empty()) make_headers(options, resolved.schemas, problems);
  if (!options.depfile.empty())
    write_file(options.depfile, depfile_text(options, stem.string() + "_contract.hpp", resolved.schemas), problems);
  write_file(stem.string() + "_contract.hpp", contract_header(resolved), problems);
}

void compile(const Options& options, Problems& problems) {
  auto declaration = read_declaration(options.manifest, problems);
  declaration.libraries = read_libraries(options.libraries, declaration.place, problems);
  declaration.tool_chain = options.tool_chain;
  if (!options.tool_chain.empty())
    if (const auto tool_chain = shunt::ToolChain::parse(options.tool_chain); !tool_chain)
      problems.add(declaration.place, "The build names its tool chain, but {}.", tool_chain.error().message);
  if (!options.name.empty() && !declaration.name.empty() && declaration.name != options.name)
    problems.add(declaration.place,
                 "The plugin is called \"{}\" here and \"{}\" by the build; make them one (NAME of "
                 "shunt_add_plugin).",
                 declaration.name, options.name);
  SchemaSet schemas;
  schemas.load(declaration, options.schema_folders, problems);
  if (!problems.none()) return;
  const auto resolved = resolve(declaration, schemas, problems);
  if (problems.none()) write_outputs(options, resolved, problems);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Compiles a plugin's manifest and schemas into its ELF note, its typed contract and a client for hosts.",
               "shunt-manifest"};
  app.add_option("manifest", options.manifest, "The plugin.toml")->required();
  app.add_option("--out,-o", options.out, "Folder for the outputs, made if it is not there")->capture_default_str();
  app.add_option("--schemas,-I", options.schema_folders, "Folder to look for schemas in, after the manifest's own");
  app.add_option("--flatc", options.flatc, "flatc, to make the schemas' headers with; without it none are made");
  app.add_option("--name", options.name, "Refuse a manifest of another plugin");
  app.add_option("--depfile", options.depfile, "Where to list the files that were read, for the build");
  app.add_option("--library", options.libraries, "SONAME=FILE of a shared library that the plugin is linked with");
  app.add_option("--tool-chain", options.tool_chain,
                 "What compiles the plugin, such as \"GNU 12.2.0\"; without it the manifest does not say");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& stopped) {
    return app.exit(stopped) == 0 ? kDone : kMisused;
  }
  if (sodium_init() < 0) return kBadInput;
  Problems problems;
  compile(options, problems);
  for (const auto& line : problems.lines()) std::fprintf(stderr, "%s\n", line.c_str());
  return problems.none() ? kDone : kBadInput;
}
