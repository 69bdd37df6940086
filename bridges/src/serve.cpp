#include "serve.hpp"

#include "carrier.hpp"
#include "exit_codes.hpp"

#include <shunt/bridges/complaints.hpp>

#include <csignal>
#include <cstdlib>
#include <thread>

#include <pthread.h>
#include <unistd.h>

namespace shunt::bridges {
namespace {

/// For a world that does not come to its end: longer than an orderly one takes.
constexpr unsigned kEndSecondsMax = 5;
/// For one whose library does not come back: longer than it takes to connect.
constexpr unsigned kStuckSecondsMax = 15;

/// What SIGALRM does. A new start finds another world.
void give_up(int /*signal*/) {
  complain("shunt bridge: the library of its world does not come back");
  ::_exit(kWorldLost);
}

control::EnteredT failed(control::Phase phase, const Error& why) {
  control::EnteredT entered;
  entered.phase = phase;
  entered.code = static_cast<std::uint16_t>(static_cast<std::uint16_t>(why.code) + 1);
  entered.message = why.message;
  return entered;
}

class Server {
 public:
  Server(const Program& program, Agreement agreement, std::uint64_t data_bytes_max, bus::LaneEnd& lane, RouteIds routes,
         kit::ControlChannel control, const kit::ControlChannel& warden)
      : program_(program),
        agreement_(std::move(agreement)),
        data_bytes_max_(data_bytes_max),
        warden_(warden),
        control_(std::move(control)),
        carrier_(
            lane, std::move(routes),
            [&warden](control::BridgeReportT report) { static_cast<void>(warden.send(std::move(report))); },
            [] { ::alarm(kStuckSecondsMax); }) {}

  int run() {
    if (!tell(control::Phase::Load, {})) return end_carrying(), kDone;
    while (true) {
      const auto packet = control_.receive();
      if (!packet) return end_carrying(), packet.error().code == ErrorCode::HostGone ? kDone : kFailed;
      const auto* const enter = packet->message().body_as_Enter();
      if (enter == nullptr) continue;
      const control::Phase phase = enter->phase();
      const Status status = phase == control::Phase::Activate ? activate() : Status{};
      if (phase == control::Phase::Cleanup) end_carrying();
      if (!tell(phase, status)) return end_carrying(), kDone;
      if (phase == control::Phase::Cleanup) return kDone;
    }
  }

 private:
  Status activate() {
    if (program_.confine) static_cast<void>(warden_.send(program_.confine(agreement_, data_bytes_max_)));
    SHUNT_TRY(world, program_.make_world(agreement_, [this] { carrier_.wake(); }));
    carrier_.connect_to(std::move(world));
    thread_ = std::thread{[this] {
      ::pthread_setname_np(::pthread_self(), "shunt-carry");
      if (!carrier_.run()) ::_exit(kWorldLost);  // without destructors: they would speak with who is gone
    }};
    return {};
  }

  void end_carrying() {
    ::alarm(kEndSecondsMax);
    carrier_.stop();
    if (thread_.joinable()) thread_.join();
  }

  /// False: the host has gone.
  bool tell(control::Phase phase, const Status& status) {
    control::EnteredT entered;
    entered.phase = phase;
    return control_.send(status ? std::move(entered) : failed(phase, status.error())).has_value();
  }

  const Program& program_;
  Agreement agreement_;
  std::uint64_t data_bytes_max_;
  const kit::ControlChannel& warden_;
  kit::ControlChannel control_;
  Carrier carrier_;
  std::thread thread_;
};

}  // namespace

void serve(const Program& program, Attachment attachment, const kit::ControlChannel& warden) {
  kit::ControlChannel control{std::move(attachment[control::Descriptor::Control])};
  auto lane = open_lane(attachment);
  attachment.descriptors.clear();
  if (!lane) {
    complain(program.name + ": " + to_string(lane.error()));
    static_cast<void>(control.send(failed(control::Phase::Load, lane.error())));  // nobody is left to tell
    ::_exit(kFailed);
  }
  std::signal(SIGALRM, give_up);
  RouteIds routes{std::move(attachment.said.topics_in), std::move(attachment.said.topics_out)};
  const control::AttachT& said = attachment.said;
  const int code =
      Server{program, agreement_of(said), said.data_bytes_max, **lane, std::move(routes), std::move(control), warden}
          .run();
  std::exit(code);  // a world's library may have to say goodbye
}

}  // namespace shunt::bridges
