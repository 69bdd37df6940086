#include "host_subject.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

namespace shunt::bench {
namespace {

/// How many bytes of data make a FlatBuffer of `bytes`; none when it is too small for any.
std::optional<std::size_t> data_bytes_for(std::size_t bytes) {
  for (std::size_t data = bytes; data > 0; --data) {
    if (data + 96 < bytes) break;
    flatbuffers::FlatBufferBuilder builder;
    std::uint8_t* ignored = nullptr;
    const auto vector = builder.CreateUninitializedVector(data, 1, &ignored);
    builder.Finish(::bench::CreateBlob(builder, 1, flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>>(vector)));
    if (builder.GetSize() <= bytes) return data;
  }
  return std::nullopt;
}

/// The sum that the build wrote beside the plugin: it is listed, as users' plugins are.
Result<std::string> listed_sha256(const std::filesystem::path& plugin) {
  std::ifstream file{plugin.string() + ".sha256"};
  std::string sum;
  if (!(file >> sum))
    return error(ErrorCode::System, "{}.sha256 cannot be read: build the benchmark anew", plugin.string());
  return sum;
}

bus::Wait to_bus(Wait wait) {
  switch (wait) {
    case Wait::Spin: return bus::Wait::Spin;
    case Wait::Sleep: return bus::Wait::Sleep;
    case Wait::SpinThenSleep: return bus::Wait::SpinThenSleep;
  }
  return bus::Wait::Spin;
}

}  // namespace

HostSubject::Running::Running(const std::vector<pid_t>& plugins) : plugins_(plugins) {
  for (const pid_t plugin : plugins_) ::kill(plugin, SIGCONT);
}

HostSubject::Running::~Running() {
  for (const pid_t plugin : plugins_) ::kill(plugin, SIGSTOP);
}

Status HostSubject::supports(const Setup& setup) const {
  if (!data_bytes_for(setup.bytes))
    return error(ErrorCode::BadInput, "a FlatBuffer with a checked payload needs more than {} bytes", setup.bytes);
  if (setup.payload == Payload::Inline && setup.bytes > bus::kInlineBytesMax)
    return error(ErrorCode::BadInput, "at most {} bytes travel inline: use --payload chunk", bus::kInlineBytesMax);
  if (setup.consumers > 2) return error(ErrorCode::BadInput, "there are two consumer plugins: use --consumers 2");
  return {};
}

Status HostSubject::start(const Setup& setup) {
  setup_ = setup;
  data_bytes_ = *data_bytes_for(setup.bytes);
  HostConfiguration configuration;
  configuration.name = "shunt-bench";
  const auto folder = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "../plugins";
  const auto size_class = static_cast<std::uint32_t>((setup.bytes + 1024 + 63) / 64 * 64);
  for (unsigned consumer = 0; consumer < setup.consumers; ++consumer) {
    PluginConfiguration plugin;
    plugin.path = folder / (consumer == 0 ? "libbench-a.so" : "libbench-b.so");
    SHUNT_TRY(sum, listed_sha256(plugin.path));
    plugin.sha256 = sum;
    plugin.slots = std::max(setup.depth, bus::kSlotsMin);
    plugin.inbound = {{512, 64}, {std::max(size_class, 1024u), setup.depth * 3}};
    plugin.outbound = {{512, 64}, {std::max(size_class, 1024u), 64}};
    plugin.wait = to_bus(wait(setup));
    plugin.compartment = "bench";
    plugin.sandbox.cpus = {static_cast<std::uint32_t>(setup.placement.consumer_cpu(consumer))};
    plugin.handler_max = std::chrono::minutes(10);  // it is stopped between measurements
    plugin.config["chunk"] = {payload_ == Payload::Chunk};
    configuration.plugins.push_back(std::move(plugin));
  }
  for (const char* const name : {"bench-a/echo", "bench-a/served", "bench-b/served", "bench.stream"}) {
    RouteConfiguration route;
    route.name = name;
    route.wait = to_bus(wait(setup));
    route.backlog = 0;
    route.payload = payload_ == Payload::Chunk ? PayloadPlace::Chunk : PayloadPlace::Auto;
    configuration.routes.push_back(std::move(route));
  }
  SHUNT_TRY(host, Host::start(std::move(configuration)));
  host_.emplace(std::move(host));
  for (const PluginSnapshot& plugin : host_->snapshot().plugins) {
    plugins_.push_back(static_cast<pid_t>(plugin.pid));
    ::kill(plugins_.back(), SIGSTOP);
  }
  return {};
}

void HostSubject::stop() noexcept {
  for (const pid_t plugin : plugins_) ::kill(plugin, SIGCONT);
  plugins_.clear();
  host_.reset();
}

}  // namespace shunt::bench
