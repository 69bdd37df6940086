#pragma once
/// A host of momentum 1.4.0 and 1.5.0 whose topics are open to DDS, and applications on the other side.

#include "network.hpp"
#include "running_host.hpp"

#include <memory>

namespace shunt::test {

/// `dds_application` with these words.
class DdsApplication {
 public:
  explicit DdsApplication(const Words& words);

  [[nodiscard]] Process& process() { return process_; }
  /// The next that it says of itself for which `holds`. Throws when there is none in time.
  template <typename Holds>
  Json await(Holds&& holds) {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    Json said;
    do {
      if (std::chrono::steady_clock::now() > until) throw std::runtime_error("it says last: " + said.dump());
      said = Json::parse(process_.read_line());
    } while (!holds(said));
    return said;
  }
  /// It publishes its bars, or the next batch of them.
  void go_on();
  /// Told to end: what it says last.
  Json end();

 private:
  Process process_;
};

class DdsHost {
 public:
  struct Options {
    std::string interface = "lo";
    std::string bridge = {};           ///< Further lines of [bridges.dds].
    std::string route = {};            ///< Of both topics' routes.
    std::string topic = {};            ///< Of both topics in [bridges.dds.topics].
    const Network* network = nullptr;  ///< Null: that of the test.
    bool with_plugin = true;           ///< False: momentum hears no bars here, and its topics are only carried.
  };
  explicit DdsHost(Options options);
  DdsHost() : DdsHost(Options{}) {}

  [[nodiscard]] RunningHost& host() { return *host_; }
  /// Who else reads and writes the topics already.
  struct Others {
    int bridges = 0;  ///< Of other hosts.
    int applications = 0;
  };
  /// Starts an application beside it, once the bridge is connected, and lets it publish when it and the bridge know of
  /// each other: what is sent before is lost to nobody.
  [[nodiscard]] std::unique_ptr<DdsApplication> application(Words more = {}, Others others = {0, 0});
  /// One that is waited for by nobody, and may never be known to the bridge: it publishes when told to go on.
  [[nodiscard]] std::unique_ptr<DdsApplication> stranger(Words more = {}) const;
  /// `shunt pub market.signals` of this sequence; `more` are further arguments.
  void publish(std::uint64_t sequence, const Words& more = {}) const;

  /// Of `ls`.
  [[nodiscard]] Json bridge() const { return host_->listed("bridge:dds"); }
  /// What the bridge says of one topic.
  [[nodiscard]] Json says(const std::string& topic) const;
  /// Of the bridge as a receiver of a topic.
  [[nodiscard]] Json receiver(const std::string& topic) const;
  /// Until the instance that is not `not_this` is connected; gives its number.
  std::uint64_t await_connected(std::uint64_t not_this = 0) const;
  /// Until it knows of them, and of nobody else.
  void await_others(Others others) const;
  /// Ends it, and looks whether the bridge ended in good order.
  void end();

 private:
  Options options_;
  std::unique_ptr<RunningHost> host_;
};

void kill_process(std::int64_t pid);

}  // namespace shunt::test
