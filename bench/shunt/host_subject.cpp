#include "host_subject.hpp"

#include "listed.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <thread>

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

/// Of the plugin processes, which the host may hear of a moment after they serve.
Result<std::vector<pid_t>> await_pids(Host& host) {
  for (int i = 0; i < 10'000; ++i) {
    std::vector<pid_t> pids;
    bool all = true;
    for (const PluginSnapshot& plugin : host.snapshot().plugins) {
      pids.push_back(static_cast<pid_t>(plugin.pid));
      all &= plugin.pid > 0;
    }
    if (all) return pids;
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  return error(ErrorCode::DeadlineExceeded, "the host did not hear of its plugins' processes within 10 s");
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
  configuration.launcher = launcher_;
  const auto size_class = static_cast<std::uint32_t>((setup.bytes + 1024 + 63) / 64 * 64);
  for (unsigned consumer = 0; consumer < setup.consumers; ++consumer) {
    SHUNT_TRY(plugin, listed_plugin(consumer == 0 ? "libbench-a.so" : "libbench-b.so"));
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
  SHUNT_TRY(plugins, await_pids(*host_));
  plugins_ = std::move(plugins);
  for (const pid_t plugin : plugins_) ::kill(plugin, SIGSTOP);
  return {};
}

void HostSubject::stop() noexcept {
  for (const pid_t plugin : plugins_) ::kill(plugin, SIGCONT);
  plugins_.clear();
  host_.reset();
}

}  // namespace shunt::bench
