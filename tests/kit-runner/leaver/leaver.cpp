// Opens a file and starts a thread in activate; gives both back in cleanup, if it is told to.
#include "leaver_contract.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

namespace {

class Leaver final : public leaver::Contract {
 public:
  /// For the test, which would have them till its end.
  static inline std::atomic<bool> stop_all{false};
  static inline std::atomic<int> threads{0};
  static inline std::atomic<int> left_descriptor{-1};

 private:
  shunt::Status init(const leaver::Config& config) override {
    config_ = config;
    return fail_in("init");
  }
  shunt::Status validate() override { return fail_in("validate"); }
  shunt::Status activate() override {
    descriptor_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    stop_ = std::make_shared<std::atomic<bool>>(false);
    ++threads;
    thread_.emplace([stop = stop_] {  // of nothing that goes with the plugin
      while (!*stop && !stop_all) std::this_thread::yield();
      --threads;
    });
    return fail_in("activate");
  }
  void cleanup() noexcept override {
    if (descriptor_ >= 0 && config_.leaves == "descriptor") left_descriptor = descriptor_;
    else if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
    if (thread_ && config_.leaves == "thread") {
      thread_->detach();
    } else if (thread_) {
      *stop_ = true;
      thread_->join();
    }
    thread_.reset();
    if (config_.cleans_once && cleanups_++ == 1) left_descriptor = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  }

  shunt::Status fail_in(std::string_view phase) const {
    if (config_.fails_in == phase) return shunt::error(shunt::ErrorCode::PluginFailed, "{} fails on purpose", phase);
    return {};
  }

  leaver::Config config_;
  int descriptor_ = -1;
  int cleanups_ = 0;
  std::shared_ptr<std::atomic<bool>> stop_;
  std::optional<std::thread> thread_;
};

}  // namespace

SHUNT_PLUGIN(Leaver)
