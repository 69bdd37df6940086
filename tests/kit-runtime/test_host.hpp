#pragma once
/// A host in miniature: one lane, one launcher, driven step by step by a test.
///
///     TestHost host{{.plugin = ABI_PLUGIN, .functions = {11, 12}}};
///     host.start();                                     // shunt-launch --attach, Spawned, loaded
///     host.activate();                                  // init, validate, activate
///     const Answer answer = host.call(11, "ping");

#include <shunt/bus/lane.hpp>
#include <shunt/plugin-kit/runtime/control_channel.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace shunt::test {

struct TestHostOptions {
  std::string plugin{};
  std::string launcher = SHUNT_LAUNCH;
  std::vector<std::uint32_t> functions{};
  std::vector<std::uint32_t> calls{};
  std::vector<std::uint32_t> topics_in{};
  std::vector<std::uint32_t> topics_out{};
  std::vector<std::uint32_t> last_wills{};
  std::vector<std::pair<std::string, std::string>> settings{};
  std::vector<bus::SizeClass> outbound{{256, 8}, {65536, 2}};
  bus::Wait plugin_wait = bus::Wait::Sleep;
  bool host_sleeps = true;
  std::uint16_t layout = bus::kLayoutVersion;
  std::uint32_t slots = 64;
  std::uint32_t in_flight_max = 50;
  std::uint32_t workers = 1;
  std::chrono::nanoseconds health_period{std::chrono::seconds{1}};
  std::uint32_t slots_said = 0;  ///< To the plugin, where it is to be lied to.
  std::vector<std::uint32_t> cpus{};
  std::uint64_t data_bytes_max = 0;
  std::uint32_t open_files_max = 0;
  bool sealed = true;                    ///< Whether the plugin's bytes are.
  std::vector<std::string> libraries{};  ///< Files that are handed over before it.
  bool libraries_sealed = true;
  std::size_t libraries_named = SIZE_MAX;  ///< At most so many are announced, however many are handed over.
  std::vector<std::string> environment{};
};

/// A message from the plugin, copied; its chunk was given back.
struct Answer {
  bus::MessageHeader header;
  std::vector<std::byte> payload;

  [[nodiscard]] std::string text() const { return {reinterpret_cast<const char*>(payload.data()), payload.size()}; }
  /// Of a failed Reply.
  [[nodiscard]] std::string failure() const;
  [[nodiscard]] std::vector<std::uint64_t> frames() const;
};

class TestHost {
 public:
  explicit TestHost(TestHostOptions options);
  ~TestHost();
  TestHost(const TestHost&) = delete;
  TestHost& operator=(const TestHost&) = delete;

  /// Spawns the launcher, attaches, and waits for Spawned and for Entered{Load}.
  control::EnteredT start();
  /// Spawns the launcher and attaches, no more.
  void spawn();
  /// Listens on a socket, starts `shunt-launch --host`, takes its Join and attaches.
  void spawn_by_hand();
  control::EnteredT await_loaded();

  control::EnteredT enter(control::Phase phase);
  /// Says which phase comes next, and does not wait for it.
  void ask(control::Phase phase);
  /// What the plugin said of its health before it answered a phase; none: nothing.
  [[nodiscard]] const std::optional<control::HealthT>& health() const { return health_; }
  /// init, validate and activate, each of which must succeed.
  void activate();

  /// Sends; payloads above 192 bytes go by chunk. The correlation.
  std::uint64_t send(bus::Kind kind, std::uint32_t route, std::string_view payload, std::int64_t deadline_ns = 0);
  /// The same for a publication, on the ring of replies.
  std::uint64_t send_urgent(std::uint32_t route, std::string_view payload);
  void cancel(std::uint64_t correlation);
  void reply(const bus::MessageHeader& request, std::string_view payload, std::uint16_t status = 0);
  /// The next message of a ring, whatever it is.
  Answer next(bus::Ring ring);
  /// Waits until `condition()` is true.
  template <typename Condition>
  void await(Condition&& condition) {
    for (int i = 0; !condition(); ++i) nap_or_give_up(i);
  }
  /// Takes a reply if one is there, and waits for an instant if not.
  bool take_reply();
  [[nodiscard]] bool plugin_alive() const;
  /// One request and its reply.
  Answer call(std::uint32_t route, std::string_view payload = {});

  /// The next packet of the plugin, which is a last will.
  control::WillT next_will();

  /// The next packet of the warden; an HostGone error when it has ended.
  Result<kit::ControlPacket> warden_says();
  /// What the warden says in the end.
  control::ExitedT await_exit();
  /// Waits until warden, init and plugin process have ended, and reaps them. The warden's wait status.
  int await_all_gone();

  void close_warden_socket() { warden_.close(); }
  void close_control_socket() { control_.close(); }
  [[nodiscard]] pid_t warden_pid() const { return warden_pid_; }
  [[nodiscard]] pid_t init_pid() const { return init_pid_; }
  [[nodiscard]] pid_t plugin_pid() const { return plugin_pid_; }
  [[nodiscard]] bus::LaneEnd& lane() { return *lane_; }
  [[nodiscard]] bus::ChunkPool& inbound() { return *inbound_; }
  void harvest();
  /// From now on chunks of answers are kept; false gives them back.
  void hold(bool holding);

 private:
  static void nap_or_give_up(int naps);
  std::optional<Answer> take(bus::Ring ring);
  std::uint64_t push(bus::Ring ring, bus::MessageHeader header, std::string_view payload);
  void make_lane();
  void send_attach(const bus::UniqueFd& plugin);
  pid_t run_launcher(std::vector<std::string> arguments, int inherited);
  void await_spawned();

  TestHostOptions options_;
  bus::LaneMemory memory_;
  bus::UniqueFd inbound_memory_;
  bus::Mapping inbound_mapping_;
  std::unique_ptr<bus::ChunkPool> inbound_;
  std::unique_ptr<bus::LaneEnd> lane_;
  kit::ControlChannel warden_{bus::UniqueFd{}};
  kit::ControlChannel control_{bus::UniqueFd{}};
  std::uint64_t correlation_ = 0;
  bool holding_ = false;
  std::optional<control::HealthT> health_;
  std::vector<bus::MessageHeader> held_;
  pid_t warden_pid_ = 0;
  pid_t init_pid_ = 0;
  pid_t plugin_pid_ = 0;
  bus::UniqueFd warden_pidfd_;
  bus::UniqueFd init_pidfd_;
  bus::UniqueFd plugin_pidfd_;
};

/// The file's bytes in a memfd.
bus::UniqueFd memory_of(const std::string& path, bool sealed);

/// Open descriptors of this process.
std::size_t open_descriptors();

}  // namespace shunt::test
