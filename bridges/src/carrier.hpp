#pragma once
/// Carries messages both ways between a lane and a world, on one thread of its own.
///
///     Carrier carrier{*lane, std::move(ids), std::move(world), report};
///     std::thread thread{[&] { carrier.run(); }};
///     carrier.stop();
///
/// What finds no room towards the host stays where it came from: that queue has the outside's own policy. What is sent
/// to a bridge that is not connected is dropped and counted, since nobody is there who could miss it.

#include <shunt/bridges/world.hpp>
#include <shunt/bus/lane.hpp>

#include <atomic>

namespace shunt::bridges {

/// RouteIds by topic, towards the bridge and from it.
struct RouteIds {
  std::vector<std::uint32_t> in;
  std::vector<std::uint32_t> out;
};

class Carrier {
 public:
  using Report = std::function<void(control::BridgeReportT)>;

  /// `comes_by()` is called by run() before each look at the world, every 100 ms: as long as no call of the world
  /// hangs.
  Carrier(bus::LaneEnd& lane, RouteIds routes, Report report, std::function<void()> comes_by = {});

  /// Before run(); wake() may be called before it.
  void connect_to(std::unique_ptr<World> world) { world_ = std::move(world); }
  /// Until stop(), or until the host breaks the lane's contract (false) or the world is lost (false). The world goes at
  /// its end, on the same thread; one that is lost stays, as long as we do.
  [[nodiscard]] bool run();
  /// From any thread.
  void stop() noexcept;
  /// There is something to receive. From any thread.
  void wake() noexcept;

 private:
  [[nodiscard]] Link look();
  bool carry_out();
  bool carry_out(bus::Ring ring);
  bool carry_in();
  bool take_in(const Received& received);
  void harvest() noexcept;
  void send_out(const bus::Incoming& incoming);
  /// Unless wake() or stop() was called since `seen` was read.
  void sleep(std::uint32_t seen) noexcept;
  void report_if_changed(bool now);

  bus::LaneEnd& lane_;
  RouteIds routes_;
  Report report_;
  std::function<void()> comes_by_;
  std::unique_ptr<World> world_;
  Link link_ = Link::Waiting;
  std::vector<control::OpenCountersT> counters_;  // by topic
  std::optional<Received> pending_;               // for which there was no room
  std::string reported_;                          // last
  std::int64_t look_at_ns_ = 0;
  std::int64_t report_at_ns_ = 0;
  std::atomic<std::uint32_t> word_{0};  // changed and woken by wake() and stop()
  std::atomic<bool> stopping_{false};
};

}  // namespace shunt::bridges
