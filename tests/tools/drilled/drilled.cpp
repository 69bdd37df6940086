// Opens a file, starts a thread and loans a chunk in activate; gives all of it back in cleanup, unless it is told not
// to.
#include "drilled_contract.hpp"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include <fcntl.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

/// Never run: what `shunt check` sees of it are its names.
[[gnu::used]] void block() {
  addrinfo* found = nullptr;
  if (::getaddrinfo("localhost", nullptr, nullptr, &found) == 0)
    if (::connect(0, found->ai_addr, found->ai_addrlen) != 0) std::abort();
  ::sleep(1);
  if (std::system("true") != 0) std::abort();
}

class Drilled final : public drilled::Contract {
  shunt::Status init(const drilled::Config& config) override {
    config_ = config;
    if (config.trouble == "fail when tried twice" && ++inits_ > 1)
      return shunt::error(shunt::ErrorCode::PluginFailed, "init was done before");
    return enter("init");
  }
  shunt::Status validate() override { return enter("validate"); }
  shunt::Status activate() override {
    std::puts("the plugin prints");
    descriptor_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    SHUNT_CHECK(link_status(shunt_link().services->loan(shunt_link().runtime, 64, &sample_)));
    stop_ = std::make_shared<std::atomic<bool>>(false);
    thread_.emplace([stop = stop_] {
      while (!stop->load(std::memory_order_relaxed)) std::this_thread::yield();
    });
    return enter("activate");
  }
  void cleanup() noexcept override {
    static_cast<void>(enter("cleanup"));
    if (config_.trouble != "leave descriptor" && descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
    if (config_.trouble != "leave chunk" && sample_.handle != 0)
      shunt_link().services->give_back(shunt_link().runtime, &sample_), sample_ = {};
    if (thread_ && config_.trouble == "leave thread") thread_->detach();
    else if (thread_) stop_->store(true, std::memory_order_relaxed), thread_->join();
    thread_.reset();
  }

  shunt::Status enter(const std::string& phase) const {
    if (config_.trouble == phase + " hang")
      for (;;) ::pause();
    if (config_.trouble == phase + " crash") std::abort();
    if (config_.trouble == phase + " exit") ::_exit(7);
    if (config_.trouble == phase + " fork" && ::fork() == 0)
      for (;;) ::pause();
    if (config_.trouble == phase + " daemon") start_daemon([] { ::pause(); });
    if (config_.trouble == phase + " short-lived daemon") start_daemon([] { ::_exit(0); });
    if (config_.trouble == phase + " kill") ::kill(::getppid(), SIGKILL), ::pause();
    if (config_.fails_in == phase) return shunt::error(shunt::ErrorCode::BadInput, "{} was told to fail", phase);
    return {};
  }

  /// Of another session, whose parent has ended.
  template <typename Work>
  static void start_daemon(Work&& work) {
    const pid_t parent = ::fork();
    if (parent > 0) return static_cast<void>(::waitpid(parent, nullptr, 0));
    if (::setsid() < 0 || ::fork() != 0) ::_exit(0);
    for (;;) work();
  }

  shunt::Status link_status(int code) const { return shunt_link().status(code); }

  drilled::Config config_;
  int inits_ = 0;
  int descriptor_ = -1;
  shunt_sample sample_{};
  std::shared_ptr<std::atomic<bool>> stop_;
  std::optional<std::thread> thread_;
};

}  // namespace

SHUNT_PLUGIN(Drilled)
