#include "joining.hpp"

#include <cstdlib>
#include <thread>
#include <utility>

#include <iceoryx_posh/runtime/posh_runtime.hpp>
#include <unistd.h>

namespace shunt::bridges {

Ports make_ports(const Agreement& agreement) {
  Ports ports;
  for (const Topic& each : agreement.topics)
    ports.topics.push_back(std::make_unique<OpenIceoryxTopic>(each, agreement.start));
  ports.probe = std::make_unique<RoudiProbe>();
  return ports;
}

Joining::Joining(const iox::RuntimeName_t& name, const Agreement& agreement) {
  std::packaged_task<Ports()> task{[name, agreement] {
    iox::runtime::PoshRuntime::initRuntime(name);
    return make_ports(agreement);
  }};
  ports_ = task.get_future();
  std::thread{std::move(task)}.detach();
}

Joining::~Joining() {
  if (ports_.valid()) ::on_exit([](int code, void*) { ::_exit(code); }, nullptr);
}

std::optional<Ports> Joining::ports_within(std::chrono::milliseconds patience) {
  if (ports_.wait_for(patience) != std::future_status::ready) return std::nullopt;
  return ports_.get();
}

}  // namespace shunt::bridges
