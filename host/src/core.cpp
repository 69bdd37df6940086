#include "core.hpp"

#include <future>

namespace shunt::host {

Core::~Core() { shut_down(); }

Status Core::on_loop(const std::function<void(Supervisor::Done)>& work) {
  {
    const std::lock_guard lock{shut_mutex};
    if (shut) return error(ErrorCode::Stopped, "the host \"{}\" was stopped", configuration.name);
  }
  const auto promise = std::make_shared<std::promise<Status>>();
  auto future = promise->get_future();
  if (!loop->post([&work, promise] { work([promise](Status status) { promise->set_value(std::move(status)); }); }))
    return error(ErrorCode::Stopped, "the host \"{}\" was stopped", configuration.name);
  return future.get();
}

void Core::shut_down() {
  {
    const std::lock_guard lock{shut_mutex};
    if (std::exchange(shut, true) || loop == nullptr || !loop->is_running()) return;
  }
  if (admin != nullptr) admin->stop();  // whoever asks from now on finds no host
  std::promise<void> ended;
  loop->post([&] { supervisor->stop_all([&](const Status&) { ended.set_value(); }); });
  ended.get_future().wait();
  hub->shut({ErrorCode::Stopped, "the host was stopped"});
  if (admin != nullptr) admin->finish();  // its calls have ended with the hub
  loop->stop();
}

}  // namespace shunt::host
