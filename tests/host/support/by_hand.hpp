#pragma once
/// A plugin that is started beside the host, as a person does: `shunt-launch --host SOCKET plugin.so`.
///
///     ByHand partner{host, socket, "libhost_partner.so", "partner"};   // serves now
///     partner.end();                                                   // killed and reaped; its scope does so too

#include <shunt/host.hpp>

#include <filesystem>
#include <string>

#include <sys/types.h>

namespace shunt::test {

class ByHand {
 public:
  /// Blocks until the host says that `plugin` has joined; throws when it does not in time.
  ByHand(Host& host, const std::filesystem::path& socket, const std::string& file, const std::string& plugin);
  ~ByHand();
  ByHand(const ByHand&) = delete;
  ByHand& operator=(const ByHand&) = delete;

  void end() noexcept;

 private:
  pid_t pid_ = 0;
};

}  // namespace shunt::test
