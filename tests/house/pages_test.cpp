/// The pages for people: their links lead somewhere, and the code they show is the code that is built.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>
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

std::string text_of(const fs::path& file) {
  std::ifstream stream{file};
  return {std::istreambuf_iterator<char>{stream}, {}};
}

std::vector<fs::path> pages_of(const fs::path& tree) {
  std::vector<fs::path> pages{tree / "README.md", tree / "CHANGELOG.md"};
  for (const auto& entry : fs::recursive_directory_iterator{tree / "docs"})
    if (entry.path().extension() == ".md") pages.push_back(entry.path());
  return pages;
}

/// Links of a page to files that are not there.
std::vector<std::string> broken_links(const fs::path& tree, const fs::path& page) {
  static const std::regex kLink{R"(\]\(([^)#\s]+)(#[^)]*)?\))"};
  std::vector<std::string> broken;
  const std::string text = text_of(page);
  for (std::sregex_iterator at{text.begin(), text.end(), kLink}, end; at != end; ++at) {
    const std::string target = (*at)[1];
    if (!target.starts_with("http") && !fs::exists(page.parent_path() / target))
      broken.push_back(fmt::format("{}: {}", fs::relative(page, tree).string(), target));
  }
  return broken;
}

/// Blocks that a page shows after a link to a file of examples/ and that are not that file's text. A block in a
/// language without such a link before it counts as one too.
std::vector<std::string> changed_blocks(const fs::path& tree, const fs::path& page) {
  static const std::regex kExample{R"(\]\((examples/[^)]+)\))"};
  std::vector<std::string> changed;
  std::istringstream lines{text_of(page)};
  std::string file;
  for (std::string line; std::getline(lines, line);) {
    if (std::smatch match; std::regex_search(line, match, kExample)) file = match[1];
    if (!line.starts_with("```")) continue;
    std::string block;
    for (std::string inner; std::getline(lines, inner) && inner != "```";) block += inner + '\n';
    if (line == "```") continue;
    if (file.empty() || block != text_of(tree / file)) changed.push_back(file.empty() ? line : file);
    file.clear();
  }
  return changed;
}

TEST(Pages, a_link_to_a_file_that_is_not_there_is_named) {
  const shunt::test::TemporaryDirectory tree;
  const auto page = tree.write("docs/page.md", "[there](page.md#part) [web](https://example.org) [gone](../gone.md)\n");

  EXPECT_THAT(broken_links(tree.path(), page), ElementsAre("docs/page.md: ../gone.md"));
}

TEST(Pages, a_block_that_differs_from_its_file_is_named) {
  const shunt::test::TemporaryDirectory tree;
  tree.write("examples/a.cpp", "int a;\n");
  tree.write("examples/b.cpp", "int b;\n");
  const auto page = tree.write("README.md",
                               "[a](examples/a.cpp)\n```cpp\nint a;\n```\n[b](examples/b.cpp)\n```cpp\nint c;\n```\n"
                               "```\nno language: no file\n```\n```toml\nnobody = 1\n```\n");

  EXPECT_THAT(changed_blocks(tree.path(), page), ElementsAre("examples/b.cpp", "```toml"));
}

TEST(SourceTree, every_link_of_a_page_leads_somewhere) {
  for (const fs::path& page : pages_of(SHUNT_SOURCE_TREE))
    EXPECT_THAT(broken_links(SHUNT_SOURCE_TREE, page), IsEmpty());
}

TEST(SourceTree, the_readme_shows_the_first_example_as_it_is_built) {
  EXPECT_THAT(changed_blocks(SHUNT_SOURCE_TREE, fs::path{SHUNT_SOURCE_TREE} / "README.md"), IsEmpty());
}

}  // namespace
