#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <temporary_directory.hpp>

namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::ptrdiff_t kLinesMax = 400;

bool is_written_by_hand(const fs::path& file) {
  static const std::set<std::string> kExtensions{".hpp", ".cpp", ".h", ".c", ".in", ".fbs", ".toml", ".cmake", ".bash"};
  return kExtensions.contains(file.extension().string()) || file.filename() == "CMakeLists.txt" ||
         file == fs::path{"tools/dev"};
}

/// "path: N lines" for each file past the limit; tests may be longer, as each of their ideas is short.
std::vector<std::string> long_files(const fs::path& tree) {
  std::vector<std::string> found;
  for (const std::string folder :
       {"schemas", "bus", "plugin-kit", "host", "tools", "bridges", "bench", "examples", "cmake"}) {
    if (!fs::exists(tree / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator{tree / folder}) {
      const auto name = fs::relative(entry.path(), tree);
      if (!entry.is_regular_file() || !is_written_by_hand(name)) continue;
      std::ifstream text{entry.path()};
      const auto lines = std::count(std::istreambuf_iterator<char>{text}, {}, '\n');
      if (lines > kLinesMax) found.push_back(fmt::format("{}: {} lines", name.string(), lines));
    }
  }
  std::ranges::sort(found);
  return found;
}

std::string lines(std::size_t count) { return std::string(count, '\n'); }

TEST(Files, one_line_more_than_the_limit_is_named) {
  const shunt::test::TemporaryDirectory tree;
  tree.write("host/src/long.cpp", lines(401));
  tree.write("host/src/full.cpp", lines(400));
  tree.write("examples/market/data/series.csv", lines(9'000));
  tree.write("tests/host/long_test.cpp", lines(900));

  EXPECT_THAT(long_files(tree.path()), ElementsAre("host/src/long.cpp: 401 lines"));
}

TEST(SourceTree, no_file_is_longer_than_one_idea) { EXPECT_THAT(long_files(SHUNT_SOURCE_TREE), IsEmpty()); }

}  // namespace
