#include "oversight.hpp"

#include <algorithm>

#include <poll.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>

namespace shunt::launcher {
namespace {

constexpr std::uint32_t kThreadsMax = 50;  // of a host that says nothing about it

std::vector<int> numbers_of(const std::vector<bus::UniqueFd>& descriptors) {
  std::vector<int> numbers;
  numbers.reserve(descriptors.size());
  for (const auto& descriptor : descriptors) numbers.push_back(descriptor.get());
  return numbers;
}

}  // namespace

Oversight::Oversight(Attachment& attachment, std::set<int> granted)
    : granted_(std::move(granted)), data_bytes_max_(attachment.agreement.data_bytes_max) {
  if (attachment.agreement.sandbox) rules_ = *attachment.agreement.sandbox;
  if (rules_.threads_max == 0) rules_.threads_max = kThreadsMax;
  objects_.push_back(std::move(attachment[control::Descriptor::Plugin]));
  for (bus::UniqueFd& library : attachment.libraries) objects_.push_back(std::move(library));
}

void Oversight::plugin_is(pid_t inside, pid_t outside) {
  inside_ = inside;
  outside_ = outside;
  memory_.emplace(outside, rules_.memory_high, data_bytes_max_);
  begin();
}

void Oversight::take(bus::UniqueFd listener) {
  listener_ = std::move(listener);
  begin();
}

void Oversight::begin() {
  if (!listener_ || outside_ == 0) return;
  Judge judge{
      {rules_.threads_max, granted_, inside_}, GrantedFiles{numbers_of(objects_), rules_.reads}, ThreadCount{outside_}};
  judge.enter(phase_);
  calls_.emplace(Listener{std::move(listener_)}, std::move(judge), rules_.denials_max);
}

control::ConfinedT Oversight::complete(const control::Confined& confined) const {
  control::ConfinedT result;
  confined.UnPackTo(&result);
  const auto add = [&](control::Layer layer, bool applied, std::string detail) {
    auto& each = *result.layers.emplace_back(std::make_unique<control::LayerStateT>());
    each.layer = layer;
    each.applied = applied;
    each.detail = std::move(detail);
  };
  add(control::Layer::ThreadLimit, calls_ || listener_, fmt::format("{} threads", rules_.threads_max));
  add(control::Layer::MemoryWatch, true, fmt::format("looked at every {} ms", MemoryWatch::kBetweenLooks.count()));
  return result;
}

Status Oversight::schedule() const {
  const bool real_time =
      rules_.scheduling == control::Scheduling::Fifo || rules_.scheduling == control::Scheduling::RoundRobin;
  if (real_time) {
    sched_param priority{};
    priority.sched_priority = static_cast<int>(rules_.priority);
    const int policy = rules_.scheduling == control::Scheduling::Fifo ? SCHED_FIFO : SCHED_RR;
    if (::sched_setscheduler(outside_, policy, &priority) != 0)
      return error(ErrorCode::BadConfiguration,
                   "real-time scheduling at priority {}: {}; it takes root, or a limit (ulimit -r) as high",
                   rules_.priority, std::generic_category().message(errno));
  }
  if (rules_.nice < 0 && ::setpriority(PRIO_PROCESS, static_cast<id_t>(outside_), rules_.nice) != 0)
    return error(ErrorCode::BadConfiguration, "nice {}: {}; below 0 takes root", rules_.nice,
                 std::generic_category().message(errno));
  return {};
}

int Oversight::patience_ms() const noexcept {
  const int calls = calls_ ? calls_->patience_ms() : -1;
  if (!memory_ || !memory_->is_wanted()) return calls;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(look_again_ - Clock::now()).count();
  const int memory = static_cast<int>(std::clamp<std::int64_t>(left, 0, MemoryWatch::kBetweenLooks.count()));
  return calls < 0 ? memory : std::min(calls, memory);
}

std::optional<WaitingCall> Oversight::take_call(short events) {
  if ((events & POLLIN) != 0) return calls_->take();
  calls_->close();  // nobody is left who could call
  return std::nullopt;
}

/// A plugin that signals itself is about to end, by abort() or by the handler that has noted its crash.
void Oversight::decide(const WaitingCall& call) {
  if ((call.number == SYS_tgkill || call.number == SYS_kill) && memory_) memory_->look_once_more();
  calls_->decide(call);
}

void Oversight::enter(control::Phase phase) noexcept {
  phase_ = phase;
  if (calls_) calls_->enter(phase);
}

Oversight::News Oversight::news() {
  News result;
  if (calls_) result.audit = calls_->news();
  if (memory_ && memory_->is_wanted() && Clock::now() >= look_again_) {
    result.memory = memory_->look();
    over_limit_ = over_limit_ || (result.memory && result.memory->ended);
    look_again_ = Clock::now() + MemoryWatch::kBetweenLooks;
  }
  return result;
}

Oversight::News Oversight::last_news() {
  News result;
  if (calls_) result.audit = calls_->last_news();
  return result;
}

bool Oversight::must_end() const noexcept { return over_limit_ || (calls_ && calls_->limit_reached()); }

}  // namespace shunt::launcher
