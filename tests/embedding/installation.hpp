#pragma once
/// An installation of this build in a folder of its own, and the examples of embedding, copied away from the tree.
///
///     const Installation shunt;
///     EXPECT_EQ(shunt.make(shunt.projects() / "trading", "build").exit_code, 0);
///     EXPECT_EQ(shunt.run("build/trading-host build/host.toml").output, "...");

#include <filesystem>
#include <string>
#include <vector>

#include <run_command.hpp>
#include <temporary_directory.hpp>

namespace shunt::test {

class Installation {
 public:
  /// Installed as with DESTDIR and --prefix; no DESTDIR where `staging` is empty. Throws what the installer said.
  explicit Installation(const std::string& staging = {}, const std::string& component = {});

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_.path(); }
  [[nodiscard]] const std::filesystem::path& prefix() const { return prefix_; }
  /// All of it, to another place in folder().
  void move_to(const std::string& place);
  /// A copy of examples/embedding.
  [[nodiscard]] std::filesystem::path projects() const { return folder_.path() / "projects"; }

  /// Configures and builds `project` in folder()/`build`, and says what every compiler run was given.
  [[nodiscard]] Ran make(const std::filesystem::path& project, const std::string& build) const;
  /// Configures a CMakeLists.txt with this text.
  [[nodiscard]] Ran configure(const std::string& text, const std::string& options = {},
                              const std::string& languages = "CXX") const;
  /// Any command, in folder(), with everything on standard output.
  [[nodiscard]] Ran run(const std::string& command) const;

  /// "file: folder" for each of our installed files that names the source or the build folder.
  [[nodiscard]] std::vector<std::string> traces_of_the_tree() const;

 private:
  TemporaryDirectory folder_;
  std::filesystem::path prefix_ = folder_.path() / "prefix";
};

[[nodiscard]] bool names_the_tree(const std::string& text);

}  // namespace shunt::test
