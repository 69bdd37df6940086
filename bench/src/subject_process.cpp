#include "subject_process.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include <sys/mman.h>

namespace shunt::bench {
namespace {

/// From the coordinator: measure, or with no messages at all, stop.
struct Request {
  Plan plan;
};

/// To the coordinator: started, or measured, or why not.
struct Answer {
  bool good = false;
  ErrorCode code = ErrorCode::Unknown;
  Measured measured = {};
  std::uint64_t samples = 0;
  std::array<char, 512> message{};
};

Answer answer_of(const Error& failure) {
  Answer answer{.code = failure.code};
  std::memcpy(answer.message.data(), failure.message.data(),
              std::min(failure.message.size(), answer.message.size() - 1));
  return answer;
}

/// The life of a subject's process.
int serve(const SubjectEntry& entry, const Setup& setup, std::span<std::uint64_t> room, Channel& coordinator) {
  std::fill(room.begin(), room.end(), 0);  // no page fault in a timed loop
  const std::unique_ptr<Subject> subject = entry.create();
  if (const Status started = subject->start(setup); !started) {
    subject->stop();
    return coordinator.send(answer_of(started.error())) ? 1 : 2;
  }
  if (!coordinator.send(Answer{.good = true})) return 2;

  while (const auto request = coordinator.receive<Request>()) {
    if (request->plan.messages == 0) break;
    Samples samples{room};
    const auto measured = setup.bench == Bench::Roundtrip ? subject->roundtrip(request->plan, samples)
                                                          : subject->stream(request->plan, samples);
    const Answer answer =
        measured ? Answer{.good = true, .measured = *measured, .samples = samples.size()} : answer_of(measured.error());
    if (!coordinator.send(answer)) return 2;
  }
  subject->stop();
  return 0;
}

Result<Answer> good_answer(Child& child, std::chrono::milliseconds limit) {
  auto answer = child.channel().receive<Answer>(limit);
  if (!answer) return tl::make_unexpected(std::move(answer).error());
  if (!answer->good) return error(answer->code, "{}", answer->message.data());
  return *answer;
}

}  // namespace

void SubjectProcess::Unmap::operator()(std::uint64_t* base) const noexcept { munmap(base, bytes); }

Result<SubjectProcess> SubjectProcess::start(const SubjectEntry& entry, const Setup& setup, std::size_t samples_max) {
  const std::size_t bytes = samples_max * sizeof(std::uint64_t);
  void* const base = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) return system_error(fmt::format("making room for {} samples", samples_max));
  SharedRoom room{static_cast<std::uint64_t*>(base), Unmap{bytes}};

  const auto body = [&](Channel& coordinator) { return serve(entry, setup, {room.get(), samples_max}, coordinator); };
  SHUNT_TRY(child, Child::start(entry.name, setup.placement.sender_cpu(), body));
  SHUNT_TRY(started, good_answer(child, std::chrono::seconds{30}));
  (void)started;
  return SubjectProcess{std::move(child), std::move(room)};
}

Result<SubjectProcess::Round> SubjectProcess::measure(const Plan& plan, std::chrono::seconds limit) {
  SHUNT_CHECK(child_->channel().send(Request{plan}));
  auto answer = good_answer(*child_, limit);
  if (!answer) {
    child_.reset();  // it may hang: ends it, and the processes that die with it
    return tl::make_unexpected(std::move(answer).error());
  }
  return Round{.measured = answer->measured, .samples = {room_.get(), static_cast<std::size_t>(answer->samples)}};
}

SubjectProcess::~SubjectProcess() {
  if (child_ == nullptr) return;
  (void)child_->channel().send(Request{});
  child_->finish(std::chrono::seconds{5});
}

}  // namespace shunt::bench
