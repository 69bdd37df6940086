#pragma once
/// A host with the tidy plugin, and what tests ask of it.

#include "tidy_client.hpp"

#include <shunt/host.hpp>

#include <chrono>
#include <map>
#include <string>

#include <gtest/gtest.h>
#include <sys/types.h>

namespace shunt::test {

class TidyHost : public testing::Test {
 protected:
  using Settings = std::map<std::string, std::string>;

  [[nodiscard]] static HostConfiguration configuration(const Settings& settings = {});
  /// Throws what went wrong.
  [[nodiscard]] static Host start(HostConfiguration configuration);

  struct Outcome {
    int stopped_by = 0;
    std::string text;
  };
  [[nodiscard]] static Outcome act(Host& host, tidy::Deed deed, const std::string& text = {}, std::int64_t number = 0);

  static constexpr std::chrono::seconds kPatience{30};

  /// The record of this call in this phase, once there is one; throws when there is none in time.
  [[nodiscard]] static AuditRecord await_record(Host& host, const std::string& phase, const std::string& call,
                                                std::chrono::seconds patience = kPatience);
  /// Of the plugin process; the host hears its number a moment after it serves.
  [[nodiscard]] static pid_t await_pid(Host& host);
  /// The first event of this kind; throws when there is none in time.
  static HostEvent await_event(Host& host, HostEventKind kind);
};

}  // namespace shunt::test
