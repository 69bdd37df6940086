#pragma once
/// Where what happens in a host is written down.

#include "audit_log.hpp"
#include "crash_log.hpp"
#include "event_log.hpp"

namespace shunt::host {

struct Records {
  EventLog& events;
  AuditLog& audit;
  CrashLog& crashes;
};

}  // namespace shunt::host
