#include "process.hpp"

#include "waiting.hpp"

#include <csignal>
#include <cstring>
#include <ostream>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace shunt::test {
namespace {

std::vector<char*> pointers_to(Words& words) {
  std::vector<char*> result;
  for (std::string& each : words) result.push_back(each.data());
  result.push_back(nullptr);
  return result;
}

Words environment_with(const Words& added) {
  Words result;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view old{*each};
    const auto is_replaced = [&](const std::string& fresh) {
      return old.substr(0, old.find('=')) == fresh.substr(0, fresh.find('='));
    };
    if (std::ranges::none_of(added, is_replaced)) result.emplace_back(old);
  }
  result.insert(result.end(), added.begin(), added.end());
  return result;
}

}  // namespace

Json Ran::json() const {
  if (out.find('\n') != out.size() - 1) ADD_FAILURE() << "not one line: " << *this;
  return Json::parse(out);
}

std::string Ran::error_code() const {
  const Json line = Json::parse(errors, nullptr, false);
  return line.is_object() ? line["error"]["code"].get<std::string>() : "no JSON: " + errors;
}

std::ostream& operator<<(std::ostream& out, const Ran& ran) {
  return out << "exit code " << ran.code << ", signal " << ran.signal << "\n--- output\n"
             << ran.out << "--- errors\n"
             << ran.errors << "---";
}

Process::Process(const std::string& program, const Words& arguments, const Words& environment) {
  int out[2];
  int errors[2];
  if (::pipe2(out, O_CLOEXEC) != 0 || ::pipe2(errors, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  out_.end.reset(out[0]);
  errors_.end.reset(errors[0]);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, errors[1], STDERR_FILENO);
  ::posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);  // what we were started with ourselves
  Words words{program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  Words variables = environment_with(environment);
  const int code = ::posix_spawnp(&pid_, program.c_str(), &actions, nullptr, pointers_to(words).data(),
                                  pointers_to(variables).data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(out[1]);
  ::close(errors[1]);
  if (code != 0) throw std::runtime_error(program + ": " + std::strerror(code));
}

Process::~Process() {
  if (pid_ == 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Process::signal(int number) const { ::kill(pid_, number); }

bool Process::read_more(std::chrono::steady_clock::time_point until) {
  pollfd ends[] = {{out_.end.get(), POLLIN, 0}, {errors_.end.get(), POLLIN, 0}};  // one of -1 is left out
  if (!out_.end && !errors_.end) return false;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
  const int ready = ::poll(ends, 2, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
  if (ready < 0 && errno == EINTR) return true;
  if (ready <= 0)
    throw std::runtime_error("waited in vain for a program; so far:\n" + out_.text + "--- errors\n" + errors_.text);
  for (Stream* stream : {&out_, &errors_}) {
    if (ends[stream == &out_ ? 0 : 1].revents == 0) continue;
    char part[4096];
    const auto count = ::read(stream->end.get(), part, sizeof part);
    if (count > 0) stream->text.append(part, static_cast<std::size_t>(count));
    else stream->end.reset();
  }
  return true;
}

std::string Process::line_of(Stream& stream) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (stream.text.find('\n') == std::string::npos) {
    if (!stream.end) throw std::runtime_error("the program ended:\n" + stream.text + "--- errors\n" + errors_.text);
    read_more(until);
  }
  const auto end = stream.text.find('\n');
  std::string line = stream.text.substr(0, end);
  stream.text.erase(0, end + 1);
  return line;
}

std::string Process::read_line() { return line_of(out_); }
std::string Process::read_error_line() { return line_of(errors_); }

Ran Process::finish() {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (read_more(until)) {
  }
  int status = 0;
  if (!await([&] { return ::waitpid(pid_, &status, WNOHANG) != 0; })) throw std::runtime_error("it does not end");
  pid_ = 0;
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, WIFSIGNALED(status) ? WTERMSIG(status) : 0,
          std::move(out_.text), std::move(errors_.text)};
}

Ran run(const std::string& program, const Words& arguments, const Words& environment) {
  return Process{program, arguments, environment}.finish();
}

ProcessTest::ProcessTest() {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // whoever is orphaned comes to us
}

ProcessTest::~ProcessTest() {
  const auto none_is_left = [] {
    pid_t reaped = 0;
    while ((reaped = ::waitpid(-1, nullptr, WNOHANG)) > 0) {
    }
    return reaped < 0;
  };
  EXPECT_TRUE(await(none_is_left)) << "a process of this test still runs";
}

}  // namespace shunt::test
