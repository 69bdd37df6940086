/// What plugins say of their failures that nobody waits for: counted, and told as events.
#include "supervisor.hpp"

#include <span>
#include <utility>

namespace shunt::host {

void Supervisor::on_failures(Instance& instance, const control::Failures& said) {
  Running* const running = find(instance);
  if (running == nullptr) return;
  running->failures = said.count();
  if (!running->failure_events.take(EventLoop::Clock::now())) return;
  std::span<const std::uint64_t> thrown;
  if (said.thrown() != nullptr) thrown = {said.thrown()->data(), said.thrown()->size()};
  const auto text = said.text() == nullptr ? std::string_view{} : said.text()->string_view();
  const auto before = std::exchange(running->failures_told, said.count());
  std::string account = instance.account(text, thrown);
  if (said.count() > before + 1) account += fmt::format("\n  the last of {}", said.count() - before);
  note(HostEventKind::HandlerFailed, instance, std::move(account));
}

}  // namespace shunt::host
