#include "dds_log.hpp"

#include <mutex>

#include <dds/ddsrt/log.h>

namespace shunt::bridges {
namespace {

/// DDS has one log for the process, and keeps calling it from its threads until the very end.
struct LastComplaint {
  std::mutex mutex;
  std::string text;
};

LastComplaint& last_complaint() {
  static auto* const kOnly = new LastComplaint;
  return *kOnly;
}

void keep(void*, const dds_log_data_t* said) {
  if (said->message == nullptr || (said->priority & (DDS_LC_FATAL | DDS_LC_ERROR | DDS_LC_WARNING)) == 0) return;
  LastComplaint& last = last_complaint();
  const std::lock_guard lock{last.mutex};
  last.text = said->message;
  while (!last.text.empty() && last.text.back() == '\n') last.text.pop_back();
}

}  // namespace

void listen_to_dds() { dds_set_log_sink(keep, nullptr); }

std::string last_complaint_of_dds() {
  LastComplaint& last = last_complaint();
  const std::lock_guard lock{last.mutex};
  return last.text;
}

}  // namespace shunt::bridges
