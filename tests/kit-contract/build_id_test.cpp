// The build hash names the sources: the same ones give it in any folder, others do not.
#include "note.hpp"
#include "temporary_directory.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shunt::test {
namespace {

/// A copy of tests/kit-contract/outside, somewhere else.
class Checkout {
 public:
  explicit Checkout(const std::string& sources, std::string build)
      : sources_(folder_.path() / sources), build_(std::move(build)) {
    std::filesystem::create_directories(sources_.parent_path());
    std::filesystem::copy(OUTSIDE_SOURCES, sources_, std::filesystem::copy_options::recursive);
  }

  [[nodiscard]] const std::filesystem::path& sources() const { return sources_; }
  [[nodiscard]] std::filesystem::path plugin() const { return folder_.path() / build_ / "plugins/liboutside.so"; }

  void build() const {
    const auto ran =
        run(fmt::format("cmake -S {} -B {} -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_CXX_COMPILER={} "
                        "-DCMAKE_PREFIX_PATH={} && cmake --build {} -j1",
                        sources_.string(), (folder_.path() / build_).string(), SHUNT_COMPILER, SHUNT_BUILD,
                        (folder_.path() / build_).string()));
    ASSERT_EQ(ran.exit, 0) << ran.output;
  }

 private:
  TemporaryDirectory folder_;
  std::filesystem::path sources_;
  std::string build_;
};

TEST(BuildId, is_the_same_for_the_same_sources_in_any_folder_and_another_for_others) {
  const Checkout one("project", "project/build");
  const Checkout other("somewhere/else/entirely", "a-build-folder-beside-it");

  ASSERT_NO_FATAL_FAILURE(one.build());
  ASSERT_NO_FATAL_FAILURE(other.build());
  ASSERT_EQ(build_id(one.plugin()).size(), 40u);
  EXPECT_EQ(build_id(one.plugin()), build_id(other.plugin()));
  EXPECT_EQ(file_bytes(one.plugin()), file_bytes(other.plugin()));

  std::ofstream(other.sources() / "outside.cpp", std::ios::app) << "// one comment more, and one line\nint unused_;\n";
  ASSERT_NO_FATAL_FAILURE(other.build());
  EXPECT_NE(build_id(one.plugin()), build_id(other.plugin()));
}

#ifdef BUILT_PLUGIN
/// A copy of this whole source tree, somewhere else, as far as a plugin is made of it.
TEST(BuildId, is_the_same_from_another_checkout_of_the_whole_tree) {
  const TemporaryDirectory folder;
  const auto tree = folder.path() / "another/checkout", build = folder.path() / "built";
  std::filesystem::create_directories(tree);
  for (const char* part :
       {"CMakeLists.txt", "cmake", "schemas", "bus", "plugin-kit", "host", "tools", "bridges", "examples"})
    std::filesystem::copy(std::filesystem::path(SOURCE_TREE) / part, tree / part,
                          std::filesystem::copy_options::recursive);

  const auto ran = run(fmt::format(
      "cmake -S {} -B {} -G Ninja -DCMAKE_BUILD_TYPE={} -DCMAKE_CXX_COMPILER={} '-DCMAKE_CXX_FLAGS_{}={}' "
      "-DSHUNT_TESTS=OFF -DSHUNT_BENCH=OFF && cmake --build {} -j1 --target risk",
      tree.string(), build.string(), BUILD_TYPE, SHUNT_COMPILER, BUILD_FLAVOUR, BUILD_FLAGS, build.string()));

  ASSERT_EQ(ran.exit, 0) << ran.output;
  const auto plugin = build / "plugins/librisk.so";
  EXPECT_EQ(build_id(plugin), build_id(BUILT_PLUGIN));
  EXPECT_EQ(file_bytes(plugin), file_bytes(BUILT_PLUGIN));
}
#endif

}  // namespace
}  // namespace shunt::test
