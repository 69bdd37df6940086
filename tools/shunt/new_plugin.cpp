/// `shunt new`: a project for a plugin, from the templates of examples/new, all of it or nothing.

#include "commands.hpp"

#include <shunt/schemas/plugin_name.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace shunt::tool {
namespace {

namespace fs = std::filesystem;

struct Template {
  std::string_view file;  ///< "name" at its start becomes the plugin's.
  std::string_view text;
};

constexpr Template kTemplates[] = {
#include "new_files.inc"
};

using Words = std::vector<std::pair<std::string_view, std::string>>;  ///< "@NAME@" and what takes its place.

std::string filled(std::string_view text, const Words& words) {
  std::string out(text);
  for (const auto& [word, value] : words)
    for (auto at = out.find(word); at != std::string::npos; at = out.find(word, at + value.size()))
      out.replace(at, word.size(), value);
  return out;
}

/// "limit-checker" as a class is called: "LimitChecker".
std::string class_name(std::string_view name) {
  std::string out;
  bool starts = true;
  for (const char c : name) {
    if (c == '-' || c == '_') {
      starts = true;
      continue;
    }
    out += starts && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    starts = false;
  }
  return out == "Test" ? "TestPlugin" : out;  // in a TEST of GoogleTest, Test is the class of its own
}

fs::path this_program() {
  std::error_code code;
  return fs::read_symlink("/proc/self/exe", code);
}

/// Where the Shunt is installed, or built, that this program belongs to; what is to be filled in where that is unknown.
std::string prefix() {
  std::error_code code;
  const auto folder = this_program().parent_path().parent_path();
  for (const char* const libraries : {SHUNT_LIBDIR, "lib"})
    if (fs::exists(folder / libraries / "cmake/Shunt/ShuntConfig.cmake", code)) return folder.string();
  return "WHERE-SHUNT-IS-INSTALLED";
}

/// A word that a shell reads as it is.
std::string shell_word(const std::string& word) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./+:@%,=-";
  if (word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

/// How a shell calls this program: "shunt" where PATH leads to it.
std::string command() {
  const auto self = this_program();
  const char* const path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? std::string_view() : path;
  while (!rest.empty()) {
    const auto folder = fs::path(rest.substr(0, rest.find(':')));
    rest.remove_prefix(std::min(rest.size(), folder.native().size() + 1));
    std::error_code code;
    if (const auto found = folder / "shunt"; ::access(found.c_str(), X_OK) == 0)
      return fs::equivalent(found, self, code) ? "shunt" : shell_word(self.string());
  }
  return shell_word(self.string());
}

/// A folder without a name that anybody would look for, which goes with what is left in it.
class Scaffold {
 public:
  static Result<Scaffold> beside(const fs::path& folder) {
    std::string place = (folder.parent_path() / ".shunt-new-XXXXXX").string();
    if (::mkdtemp(place.data()) == nullptr)
      return system_error(fmt::format("making a folder in {}", folder.parent_path().string()));
    return Scaffold(place);
  }
  Scaffold(Scaffold&& other) noexcept : place_(std::exchange(other.place_, {})) {}
  Scaffold& operator=(Scaffold&&) = delete;
  ~Scaffold() {
    std::error_code ignored;
    if (!place_.empty()) fs::remove_all(place_, ignored);
  }

  [[nodiscard]] fs::path project() const { return place_ / "project"; }

 private:
  explicit Scaffold(fs::path place) : place_(std::move(place)) {}
  fs::path place_;
};

Status write(const fs::path& file, const std::string& text) {
  std::ofstream stream(file, std::ios::binary);
  stream << text;
  stream.close();
  if (stream) return {};
  return system_error(fmt::format("writing {}", file.filename().string()));
}

tl::unexpected<Error> exists_already(const fs::path& folder) {
  return error(ErrorCode::BadInput, "{} exists already: choose another name, or remove it", folder.string());
}

/// Gives the project its name, unless something has it by now.
Status put_in_place(const fs::path& project, const fs::path& folder) {
  if (::renameat2(AT_FDCWD, project.c_str(), AT_FDCWD, folder.c_str(), RENAME_NOREPLACE) == 0) return {};
  if (errno == EEXIST) return exists_already(folder);
  // Some network file systems do not know the flag. Without it an empty folder could be replaced, and nothing else.
  if (errno == EINVAL && ::rename(project.c_str(), folder.c_str()) == 0) return {};
  return system_error(fmt::format("naming the project {}", folder.string()));
}

/// Why a project of this name would not compile, as the end of a sentence; nothing when it would.
std::optional<std::string> refuse_project(const std::string& name) {
  if (auto why = refuse_name(name)) return why;
  // The contract is a namespace of this name, and headers of the system may declare the function.
  if (::dlsym(RTLD_DEFAULT, identifier(name).c_str()) != nullptr) return "is that of a function of the C library";
  return {};
}

/// The folder that is meant, with the plugin's name as its last part.
Result<fs::path> folder_of(const std::string& named) {
  auto folder = fs::path(named).lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();
  const auto name = folder.filename().string();
  if (const auto why = refuse_project(name))
    return error(ErrorCode::BadInput, "{:?} cannot be a plugin's name: it {}", name, *why);
  std::error_code code;
  if (fs::exists(fs::symlink_status(folder, code))) return exists_already(folder);
  if (!folder.has_parent_path()) return fs::path(".") / folder;
  return folder;
}

constexpr std::string_view kNextSteps = R"(@NAME@ is written. To build, test and call it:

  cd @FOLDER@
  cmake -B build -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH=@PREFIX@
  cmake --build build
  ctest --test-dir build
  @SHUNT@ run host.toml

and, while that runs, in another terminal in the same folder:

  @SHUNT@ --config host.toml call @NAME@/scale '{"value": 2.5}')";

void tell(const Options& options, const fs::path& folder, const std::vector<std::string>& files, Words words) {
  const auto shown = folder.lexically_normal().string();
  if (options.json) return print_line(to_line(Json{{"folder", shown}, {"files", files}}));
  words.emplace_back("@FOLDER@", shell_word(shown));
  print_line(filled(kNextSteps, words));
}

}  // namespace

Status new_plugin(const Options& options) {
  SHUNT_TRY(folder, folder_of(options.name));
  const auto name = folder.filename().string();
  const Words words{{"@NAME@", name},
                    {"@IDENTIFIER@", identifier(name)},
                    {"@CLASS@", class_name(name)},
                    {"@PREFIX@", shell_word(prefix())},
                    {"@SHUNT@", command()},
                    {"@VERSION@", SHUNT_VERSION}};
  SHUNT_TRY(scaffold, Scaffold::beside(folder));
  if (::mkdir(scaffold.project().c_str(), 0777) != 0) return system_error("making the project's folder");
  std::vector<std::string> files;
  for (const Template& each : kTemplates) {
    constexpr std::string_view kName = "name";
    const bool is_named = each.file.starts_with(kName);
    files.push_back(is_named ? identifier(name) + std::string(each.file.substr(kName.size())) : std::string(each.file));
    SHUNT_CHECK(write(scaffold.project() / files.back(), filled(each.text, words)));
  }
  SHUNT_CHECK(put_in_place(scaffold.project(), folder));

  tell(options, folder, files, words);
  return {};
}

}  // namespace shunt::tool
