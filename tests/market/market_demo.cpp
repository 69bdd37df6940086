#include "market_demo.hpp"

#include <array>
#include <cerrno>
#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <flatbuffers/idl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace shunt::test {
namespace {

std::string text_of(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream{file, std::ios::binary}.rdbuf();
  return text.str();
}

/// Reaps what has ended. Whether no child is left, of ours or orphaned.
bool all_reaped() {
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {
  }
  return ::waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD;
}

void open_as(int number, const std::filesystem::path& file, int flags) {
  const int opened = ::open(file.c_str(), flags | O_CLOEXEC, 0600);
  if (opened < 0 || ::dup2(opened, number) < 0) ::_exit(127);
}

}  // namespace

Json::Json(const std::string& text) {
  const std::string whole = text.substr(0, text.find_last_not_of('\n') + 1);
  const std::string line = whole.substr(whole.rfind('\n') + 1);  // 0 where there is but one
  flatbuffers::Parser parser;
  flexbuffers::Builder builder;
  if (!parser.ParseFlexBuffer(line.c_str(), nullptr, &builder)) {
    ADD_FAILURE() << "no JSON: " << parser.error_ << "\n" << line;
    return;
  }
  bytes_ = builder.GetBuffer();
  root_ = flexbuffers::GetRoot(bytes_).AsMap();
}

void MarketTest::SetUp() {
  // A process of the demo whose parent has gone becomes our child, and is seen.
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  ASSERT_TRUE(all_reaped()) << "there are children already";
}

void MarketTest::TearDown() {
  EXPECT_TRUE(await(all_reaped)) << "a process is left";
  EXPECT_TRUE(std::filesystem::is_empty(working_.path())) << "a file is left in " << working_.path();
}

pid_t MarketTest::begin(const std::vector<std::string>& arguments, int terminal) const {
  std::vector<std::string> words{MARKET_DEMO};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (auto& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const auto output = folder_.path() / "output";
  const auto errors = folder_.path() / "errors";

  const pid_t child = ::fork();
  if (child != 0) return child;
  open_as(STDIN_FILENO, "/dev/null", O_RDONLY);
  open_as(STDOUT_FILENO, output, O_WRONLY | O_CREAT | O_TRUNC);
  if (terminal < 0) open_as(STDERR_FILENO, errors, O_WRONLY | O_CREAT | O_TRUNC);
  else ::dup2(terminal, STDERR_FILENO);
  ::setenv("TMPDIR", working_.path().c_str(), 1);
  if (::chdir(working_.path().c_str()) != 0) ::_exit(127);
  ::execv(MARKET_DEMO, pointers.data());
  ::_exit(127);
}

Ran MarketTest::end(pid_t process) const {
  int status = 0;
  while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, WIFSIGNALED(status) ? WTERMSIG(status) : 0,
          text_of(folder_.path() / "output"), errors_so_far()};
}

std::string MarketTest::errors_so_far() const { return text_of(folder_.path() / "errors"); }

std::string MarketTest::configuration(const std::string& from, const std::string& to) const {
  std::string text = text_of(MARKET_FOLDER "/market.toml");
  const auto replace_all = [&](const std::string& what, const std::string& with) {
    EXPECT_NE(text.find(what), std::string::npos) << what << " is not in\n" << text;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
      text.replace(at, what.size(), with);
  };
  replace_all("../plugins/", PLUGIN_FOLDER "/");
  replace_all(from, to);
  return folder_.write("host.toml", text);
}

}  // namespace shunt::test
