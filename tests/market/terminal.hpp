#pragma once
/// A terminal that a program may write to.
///
///     Terminal terminal;
///     const pid_t demo = begin({...}, terminal.end());
///     terminal.close_end();
///     EXPECT_TRUE(terminal.shows(" 50 %"));

#include <array>
#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <unistd.h>

namespace shunt::test {

class Terminal {
 public:
  Terminal() : master_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    if (::grantpt(master_) == 0 && ::unlockpt(master_) == 0)
      end_ = ::open(::ptsname(master_), O_RDWR | O_NOCTTY | O_CLOEXEC);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal() {
    close_end();
    ::close(master_);
  }

  /// Below 0 when this machine gives none.
  [[nodiscard]] int end() const { return end_; }
  /// Once the program has it: what it shows ends when the program does.
  void close_end() {
    if (end_ >= 0) ::close(end_);
    end_ = -1;
  }

  /// Reads until `text` was shown; false when the program ended without.
  bool shows(const std::string& text) {
    while (shown_.find(text) == std::string::npos)
      if (!read_more()) return false;
    return true;
  }
  /// Everything, once the program has ended.
  const std::string& all() {
    while (read_more()) {
    }
    return shown_;
  }

 private:
  bool read_more() {
    std::array<char, 4096> part{};
    const ssize_t got = ::read(master_, part.data(), part.size());
    if (got > 0) shown_.append(part.data(), static_cast<std::size_t>(got));
    return got > 0;
  }

  int master_;
  int end_ = -1;
  std::string shown_;
};

}  // namespace shunt::test
