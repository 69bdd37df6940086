#pragma once
/// Everything a host is made of, in the order in which it is built and the reverse in which it goes.

#include "admin_server.hpp"
#include "audit_log.hpp"
#include "callback_signal.hpp"
#include "catalog.hpp"
#include "crash_log.hpp"
#include "event_log.hpp"
#include "event_loop.hpp"
#include "hub.hpp"
#include "incidents.hpp"
#include "rollouts.hpp"
#include "room_watch.hpp"
#include "slow_thread.hpp"
#include "supervisor.hpp"
#include "watched_folders.hpp"

#include <memory>

namespace shunt::host {

struct Core : std::enable_shared_from_this<Core> {
  explicit Core(HostConfiguration host_configuration)
      : configuration(std::move(host_configuration)),
        directory(configuration.routes),
        catalog(configuration, directory) {}
  ~Core();

  /// One that can be told of plugins and starts none: its loop does not run, and hub and socket are not there.
  /// Errors: BadConfiguration, System.
  [[nodiscard]] static Result<std::shared_ptr<Core>> create(HostConfiguration configuration);
  /// Reads every configured plugin and makes it known, before the loop starts. Errors: those of Catalog::load,
  /// Supervisor::add and check_configured_routes.
  [[nodiscard]] Result<std::vector<std::shared_ptr<PluginVersion>>> load_plugins();
  /// Of an entry whose path is a folder. What of it cannot be taken is an event. Errors: BadConfiguration, System.
  [[nodiscard]] Status load_folder(const PluginConfiguration& entry,
                                   std::vector<std::shared_ptr<PluginVersion>>& versions);

  HostConfiguration configuration;
  RouteDirectory directory;
  PublishedTable tables;
  EventLog events;
  AuditLog audit;
  CrashLog crashes;
  Catalog catalog;
  std::unique_ptr<EventLoop> loop;
  std::unique_ptr<Supervisor> supervisor;
  SlowThread slow;
  std::unique_ptr<WatchedFolders> folders;
  std::unique_ptr<Incidents> incidents;
  std::unique_ptr<Rollouts> rollouts;
  std::unique_ptr<Hub> hub;
  std::unique_ptr<AdminServer> admin;  // when a socket is configured

  std::mutex inboxes_mutex;
  std::vector<std::shared_ptr<Inbox>> inboxes;  // under inboxes_mutex: what poll() runs
  std::atomic<bool> has_inboxes{false};
  std::vector<std::shared_ptr<RoomWatch>> room_watches;  // under inboxes_mutex
  std::atomic<bool> has_room_watches{false};
  std::atomic<CallbackSignal*> signal{nullptr};  // once event_fd() has asked for it

  /// One of them that is due, and goes; or null. Whether any is, without taking it.
  [[nodiscard]] std::shared_ptr<RoomWatch> take_writable();
  [[nodiscard]] bool is_writable_due();
  void forget(const RoomWatch& watch);

  /// Whether a poll() now would run a callback.
  [[nodiscard]] bool is_callback_due();
  /// Host::event_fd().
  [[nodiscard]] Result<int> event_fd();

  /// Runs `work(done)` on the loop's thread and waits until it calls `done`.
  [[nodiscard]] Status on_loop(const std::function<void(Supervisor::Done)>& work);
  /// Ends every process and then the loop. Once.
  void shut_down();

  std::mutex shut_mutex;
  bool shut = false;                             // under shut_mutex
  std::unique_ptr<CallbackSignal> owned_signal;  // under shut_mutex
};

}  // namespace shunt::host
