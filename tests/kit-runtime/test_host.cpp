#include "test_host.hpp"

#include <shunt/bus/clock.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

namespace shunt::test {
namespace {

/// A test that waits longer than this has failed; nothing takes nearly as long.
constexpr std::int64_t kPatienceNs = 60'000'000'000;

template <typename T>
T must(Result<T> result, std::string_view what) {
  if (!result) throw std::runtime_error(fmt::format("{}: {}", what, to_string(result.error())));
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

void await_readable(int fd, std::string_view what) {
  pollfd each{fd, POLLIN, 0};
  int ready = 0;
  while ((ready = ::poll(&each, 1, static_cast<int>(kPatienceNs / 1'000'000))) < 0 && errno == EINTR) {
  }
  if (ready != 1) throw std::runtime_error(fmt::format("waited in vain for {}", what));
}

/// None: it has ended, and somebody has waited for it.
bus::UniqueFd pidfd_if_there(pid_t pid) { return bus::UniqueFd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))}; }

bus::UniqueFd pidfd_of(pid_t pid) {
  bus::UniqueFd pidfd = pidfd_if_there(pid);
  if (!pidfd) throw std::runtime_error(fmt::format("no process {}", pid));
  return pidfd;
}

/// 0: it has ended already.
pid_t parent_of(pid_t pid) {
  std::ifstream status{fmt::format("/proc/{}/status", pid)};
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("PPid:")) return std::stoi(line.substr(5));
  return 0;
}

std::pair<bus::UniqueFd, bus::UniqueFd> socket_pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) throw std::runtime_error("socketpair");
  return {bus::UniqueFd{ends[0]}, bus::UniqueFd{ends[1]}};
}

std::vector<std::unique_ptr<control::SizeClassT>> packed(std::span<const bus::SizeClass> classes) {
  std::vector<std::unique_ptr<control::SizeClassT>> result;
  for (const auto& each : classes) {
    result.push_back(std::make_unique<control::SizeClassT>());
    result.back()->bytes = each.bytes;
    result.back()->chunks = each.chunks;
  }
  return result;
}

constexpr std::array<bus::SizeClass, 2> kInbound{{{256, 32}, {65536, 4}}};

}  // namespace

TestHost::TestHost(TestHostOptions options) : options_(std::move(options)) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // orphans of a killed warden are ours to reap and to count
}

TestHost::~TestHost() {
  control_.close();
  warden_.close();
  while (::waitpid(-1, nullptr, 0) > 0 || errno == EINTR) {
  }
}

void TestHost::make_lane() {
  const auto shape = must(bus::LaneShape::of(options_.slots, kInbound, options_.outbound), "the lane's shape");
  inbound_memory_ = must(bus::create_memory("inbound", shape.inbound.bytes()), "the inbound pool");
  inbound_mapping_ =
      must(bus::Mapping::map(inbound_memory_.get(), shape.inbound.bytes(), bus::Access::ReadWrite), "mapping it");
  inbound_ = std::make_unique<bus::ChunkPool>(
      must(bus::ChunkPool::create(shape.inbound, inbound_mapping_.data()), "its chunks"));
  must(bus::seal_future_writes(inbound_memory_.get()), "sealing it");
  lane_ = must(bus::LaneEnd::open_host(shape, memory_, {32, 4}, {true, options_.plugin_wait != bus::Wait::Spin}),
               "the lane");
}

pid_t TestHost::run_launcher(std::vector<std::string> arguments, int inherited) {
  arguments.insert(arguments.begin(), options_.launcher);
  std::vector<char*> pointers;
  pointers.reserve(arguments.size() + 1);
  for (auto& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  std::vector<char*> environment;
  for (char** each = environ; *each != nullptr; ++each) environment.push_back(*each);
  for (auto& each : options_.environment) environment.push_back(each.data());
  environment.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  if (inherited >= 0) ::posix_spawn_file_actions_adddup2(&actions, inherited, inherited);  // clears its close-on-exec
  pid_t pid = 0;
  const int failed = ::posix_spawn(&pid, pointers[0], &actions, nullptr, pointers.data(), environment.data());
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) throw std::runtime_error("starting " + arguments[0]);
  warden_pid_ = pid;
  warden_pidfd_ = pidfd_of(pid);
  return pid;
}

void TestHost::send_attach(const bus::UniqueFd& plugin) {
  make_lane();
  auto [ours, theirs] = socket_pair();
  control_ = kit::ControlChannel{std::move(ours)};
  control::AttachT attach;
  attach.layout = options_.layout;
  attach.instance = 7;
  attach.plugin = "tested";
  attach.version = "1.2.3";
  attach.in_flight_max = options_.in_flight_max;
  attach.workers = options_.workers;
  attach.health_period_ns = static_cast<std::uint64_t>(options_.health_period.count());
  attach.slots = options_.slots_said != 0 ? options_.slots_said : options_.slots;
  attach.plugin_wait = static_cast<control::Wait>(options_.plugin_wait);
  attach.host_sleeps = options_.host_sleeps;
  attach.inbound = packed(kInbound);
  attach.outbound = packed(options_.outbound);
  attach.functions = options_.functions;
  attach.calls = options_.calls;
  attach.topics_in = options_.topics_in;
  attach.topics_out = options_.topics_out;
  attach.last_wills = options_.last_wills;
  attach.cpus = options_.cpus;
  attach.data_bytes_max = options_.data_bytes_max;
  attach.open_files_max = options_.open_files_max;
  for (const auto& [key, value] : options_.settings) {
    attach.settings.push_back(std::make_unique<control::KeyValueT>());
    attach.settings.back()->key = key;
    attach.settings.back()->value = value;
  }
  std::vector<int> descriptors{plugin.get(),          memory_.host_side.get(), memory_.plugin_side.get(),
                               inbound_memory_.get(), memory_.outbound.get(),  theirs.get()};
  std::vector<bus::UniqueFd> libraries;
  for (const std::string& each : options_.libraries) {
    if (attach.libraries.size() < options_.libraries_named) attach.libraries.push_back(each);
    descriptors.push_back(libraries.emplace_back(memory_of(each, options_.libraries_sealed)).get());
  }
  must(warden_.send(std::move(attach), descriptors), "attaching");
  memory_ = {};
  inbound_memory_.reset();
}

void TestHost::spawn() {
  auto [ours, theirs] = socket_pair();
  run_launcher({"--attach", std::to_string(theirs.get())}, theirs.get());
  warden_ = kit::ControlChannel{std::move(ours)};
  theirs.reset();
  send_attach(memory_of(options_.plugin, options_.sealed));
}

void TestHost::spawn_by_hand() {
  std::string folder = (std::filesystem::temp_directory_path() / "shunt-join-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) throw std::runtime_error("mkdtemp");
  const std::string path = folder + "/host";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const bus::UniqueFd listener{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)};
  if (::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
      ::listen(listener.get(), 1) != 0)
    throw std::runtime_error("listening on " + path);
  run_launcher({"--host", path, options_.plugin}, -1);
  await_readable(listener.get(), "a launcher that joins");
  warden_ = kit::ControlChannel{bus::UniqueFd{::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)}};
  std::filesystem::remove_all(folder);
  const auto join = must(warden_says(), "Join");
  if (join.message().body_as_Join() == nullptr || join.descriptors.size() != 1)
    throw std::runtime_error("not a Join with the plugin");
  send_attach(memory_of(fmt::format("/proc/self/fd/{}", join.descriptors.front().get()), true));
}

Result<kit::ControlPacket> TestHost::warden_says() {
  await_readable(warden_.fd(), "the warden");
  return warden_.receive();
}

void TestHost::await_spawned() {
  auto packet = must(warden_says(), "Spawned");
  while (packet.message().body_as_Confined() != nullptr) packet = must(warden_says(), "Spawned");
  const auto* const spawned = packet.message().body_as_Spawned();
  if (spawned == nullptr || packet.descriptors.size() != 1) throw std::runtime_error("not Spawned with a pidfd");
  plugin_pid_ = spawned->pid();
  plugin_pidfd_ = std::move(packet.descriptors.front());
}

control::EnteredT TestHost::await_loaded() {
  await_spawned();
  init_pid_ = parent_of(plugin_pid_);
  if (init_pid_ != 0) init_pidfd_ = pidfd_if_there(init_pid_);
  if (!init_pidfd_) init_pid_ = 0;  // it may have ended since
  await_readable(control_.fd(), "Entered{Load}");
  const auto packet = must(control_.receive(), "Entered{Load}");
  control::EnteredT entered;
  packet.message().body_as_Entered()->UnPackTo(&entered);
  return entered;
}

control::EnteredT TestHost::start() {
  spawn();
  return await_loaded();
}

void TestHost::ask(control::Phase phase) {
  control::EnterT enter;
  enter.phase = phase;
  if (warden_.fd() >= 0) static_cast<void>(warden_.send(enter));  // one that was killed hears nothing
  must(control_.send(enter), "Enter");
}

control::EnteredT TestHost::enter(control::Phase phase) {
  ask(phase);
  while (true) {
    await_readable(control_.fd(), "Entered");
    const auto packet = must(control_.receive(), "Entered");
    if (const auto* const health = packet.message().body_as_Health(); health != nullptr) {
      health->UnPackTo(&health_.emplace());
      continue;
    }
    control::EnteredT entered;
    packet.message().body_as_Entered()->UnPackTo(&entered);
    return entered;
  }
}

control::WillT TestHost::next_will() {
  await_readable(control_.fd(), "a last will");
  const auto packet = must(control_.receive(), "a last will");
  const auto* const will = packet.message().body_as_Will();
  if (will == nullptr) throw std::runtime_error("another packet than a last will");
  control::WillT result;
  will->UnPackTo(&result);
  return result;
}

void TestHost::activate() {
  for (const auto phase : {control::Phase::Init, control::Phase::Validate, control::Phase::Activate})
    if (const auto entered = enter(phase); entered.phase != phase || entered.code != 0)
      throw std::runtime_error(fmt::format("{}: {}", control::EnumNamePhase(phase), entered.message));
}

std::uint64_t TestHost::send(bus::Kind kind, std::uint32_t route, std::string_view payload, std::int64_t deadline_ns) {
  bus::MessageHeader header;
  header.route = route;
  header.kind = kind;
  header.deadline_ns = deadline_ns;
  return push(bus::Ring::Data, header, payload);
}

std::uint64_t TestHost::send_urgent(std::uint32_t route, std::string_view payload) {
  bus::MessageHeader header;
  header.route = route;
  header.kind = bus::Kind::Publication;
  header.flags = bus::flag::kUrgent;
  return push(bus::Ring::Reply, header, payload);
}

std::uint64_t TestHost::push(bus::Ring ring, bus::MessageHeader header, std::string_view payload) {
  await([&] { return lane_->sender.has_room(ring); });
  if (header.correlation == 0) header.correlation = ++correlation_;
  std::span<const std::byte> inline_payload = std::as_bytes(std::span{payload});
  header.place = payload.empty() ? bus::Place::None : bus::Place::Inline;
  header.payload_bytes = static_cast<std::uint32_t>(payload.size());
  if (payload.size() > bus::kInlineBytesMax) {
    harvest();
    const auto loan = inbound_->loan(payload.size());
    if (!loan) throw std::runtime_error("the inbound pool is used up");
    std::copy(inline_payload.begin(), inline_payload.end(), loan->data);
    inline_payload = {};
    header.place = bus::Place::Chunk;
    header.chunk = loan->chunk;
    header.generation = loan->generation;
  }
  lane_->sender.push(ring, header, inline_payload);
  lane_->sender.wake();
  return header.correlation;
}

void TestHost::harvest() {
  lane_->sender.harvest([this](bus::ChunkId chunk) { inbound_->release(chunk); });
}

void TestHost::cancel(std::uint64_t correlation) {
  bus::MessageHeader header;
  header.kind = bus::Kind::Cancel;
  header.correlation = correlation;
  header.parent = correlation - 1;  // send() numbers from 1 on what it puts into the ring of data
  lane_->sender.push(bus::Ring::Reply, header, {});
  lane_->sender.wake();
}

void TestHost::reply(const bus::MessageHeader& request, std::string_view payload, std::uint16_t status) {
  bus::MessageHeader header;
  header.route = request.route;
  header.kind = bus::Kind::Reply;
  header.correlation = request.correlation;
  header.status = status;
  push(bus::Ring::Reply, header, payload);
}

std::optional<Answer> TestHost::take(bus::Ring ring) {
  const auto incoming = lane_->receiver.next(ring);
  if (!incoming) return std::nullopt;
  Answer answer{incoming->header, {incoming->payload.begin(), incoming->payload.end()}};
  lane_->receiver.free(ring);
  if (incoming->header.place == bus::Place::Chunk) held_.push_back(incoming->header);
  if (!holding_) hold(false);
  return answer;
}

void TestHost::hold(bool holding) {
  holding_ = holding;
  if (holding) return;
  for (const auto& header : held_) lane_->receiver.give_back(header.chunk, header.generation);
  held_.clear();
}

void TestHost::nap_or_give_up(int naps) {
  if (naps > 60'000) throw std::runtime_error("waited in vain for a condition");
  std::this_thread::sleep_for(std::chrono::milliseconds{1});
}

bool TestHost::take_reply() {
  if (take(bus::Ring::Reply)) return true;
  const bus::Bell bell = lane_->bell();
  bus::sleep_until_rung(*bell.mine, *bell.peer, std::chrono::milliseconds{1},
                        [&] { return lane_->receiver.has_message(bus::Ring::Reply); });
  return false;
}

bool TestHost::plugin_alive() const {
  pollfd each{plugin_pidfd_.get(), POLLIN, 0};
  return ::poll(&each, 1, 0) == 0;
}

Answer TestHost::next(bus::Ring ring) {
  const std::int64_t until = bus::now_ns() + kPatienceNs;
  while (bus::now_ns() < until) {
    if (auto answer = take(ring)) return std::move(*answer);
    if (lane_->breach() != bus::Breach::None) throw std::runtime_error(std::string{bus::describe(lane_->breach())});
    const bus::Bell bell = lane_->bell();
    if (!options_.host_sleeps) {
      std::this_thread::yield();
      continue;
    }
    bus::sleep_until_rung(*bell.mine, *bell.peer, bus::kSleepMax, [&] { return lane_->receiver.has_message(ring); });
  }
  throw std::runtime_error("waited in vain for a message of the plugin");
}

Answer TestHost::call(std::uint32_t route, std::string_view payload) {
  const auto correlation = send(bus::Kind::Request, route, payload);
  Answer answer = next(bus::Ring::Reply);
  if (answer.header.correlation != correlation || answer.header.route != route ||
      answer.header.kind != bus::Kind::Reply)
    throw std::runtime_error("an answer to something else");
  return answer;
}

control::ExitedT TestHost::await_exit() {
  while (true) {
    const auto packet = must(warden_says(), "Exited");
    control::ExitedT exited;
    if (const auto* body = packet.message().body_as_Exited()) {
      body->UnPackTo(&exited);
      return exited;
    }
  }
}

int TestHost::await_all_gone() {
  await_readable(warden_pidfd_.get(), "the warden's end");
  if (init_pidfd_) await_readable(init_pidfd_.get(), "init's end");
  if (plugin_pidfd_) await_readable(plugin_pidfd_.get(), "the plugin process's end");
  int status = 0;
  while (::waitpid(warden_pid_, &status, 0) < 0 && errno == EINTR) {
  }
  while (::waitpid(-1, nullptr, 0) > 0 || errno == EINTR) {
  }  // whoever became ours when the warden was killed
  return status;
}

}  // namespace shunt::test
