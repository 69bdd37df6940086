#include "installation.hpp"

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>

#include <fmt/format.h>

namespace shunt::test {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
  std::ifstream stream{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{stream}, {}};
}

}  // namespace

bool names_the_tree(const std::string& text) {
  return text.find(SHUNT_SOURCE_TREE "/") != std::string::npos || text.find(SHUNT_BUILD_TREE) != std::string::npos;
}

Installation::Installation(const std::string& staging, const std::string& component) {
  // What `cmake --install` runs, but for its list of what was installed, which it writes into the build folder: that
  // may be somebody else's, and several tests install at once.
  std::string script = text_of(fs::path{SHUNT_BUILD_TREE} / "cmake_install.cmake");
  const std::string_view list = "file(WRITE \"" SHUNT_BUILD_TREE "/";
  const auto at = script.rfind(list);
  if (at == std::string::npos) throw std::runtime_error("the install script writes no list where it used to");
  script.replace(at, list.size(), fmt::format("file(WRITE \"{}/", folder().string()));
  folder_.write("built/cmake_install.cmake", script);
  const auto ran = run(fmt::format("DESTDIR={} cmake --install built --prefix {} {}",
                                   staging.empty() ? staging : (folder() / staging).string(), prefix().string(),
                                   component.empty() ? component : "--component " + component));
  if (ran.exit_code != 0) throw std::runtime_error(ran.output);
  fs::copy(SHUNT_SOURCE_TREE "/examples/embedding", projects(), fs::copy_options::recursive);
}

void Installation::move_to(const std::string& place) {
  const auto to = folder() / place;
  fs::create_directories(to.parent_path());
  fs::rename(prefix_, to);
  prefix_ = to;
}

Ran Installation::make(const fs::path& project, const std::string& build) const {
  return run(
      fmt::format("cmake -S {} -B {} -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_CXX_COMPILER={} "
                  "-DCMAKE_PREFIX_PATH={} && cmake --build {} --verbose -j2",
                  project.string(), build, SHUNT_COMPILER, prefix().string(), build));
}

Ran Installation::configure(const std::string& text, const std::string& options, const std::string& languages) const {
  folder_.write("probe/CMakeLists.txt",
                fmt::format("cmake_minimum_required(VERSION 3.25)\nproject(Probe LANGUAGES {})\n", languages) + text);
  return run(fmt::format("cmake -S probe -B probe/build -G Ninja -DCMAKE_CXX_COMPILER={} -DCMAKE_PREFIX_PATH={} {}",
                         SHUNT_COMPILER, prefix().string(), options));
}

Ran Installation::run(const std::string& command) const {
  return run_command(fmt::format("cd {} && ( {} ) 2>&1", folder().string(), command));
}

std::vector<std::string> Installation::traces_of_the_tree() const {
  std::vector<std::string> traces;
  for (const auto& entry : fs::recursive_directory_iterator{prefix()})
    if (entry.is_regular_file() && names_the_tree(text_of(entry.path()))) traces.push_back(entry.path());
  return traces;
}

}  // namespace shunt::test
