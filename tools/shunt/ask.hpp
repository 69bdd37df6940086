#pragma once
/// Asking the host that the command line means.

#include <shunt/host/admin_client.hpp>
#include <shunt/schemas/result.hpp>

#include <chrono>
#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

namespace shunt::tool {

using Json = nlohmann::ordered_json;

/// Which host is meant, as far as the command line says.
struct HostChoice {
  std::filesystem::path socket;                   ///< --socket
  std::filesystem::path config;                   ///< --config
  std::chrono::seconds timeout = kAdminPatience;  ///< --timeout: of what a host answers at once.
  bool timeout_given = false;                     ///< Else it is what nobody has said.
};

/// A connection that speaks JSON.
class HostConnection {
 public:
  /// Errors: those of find_socket and AdminClient::connect.
  [[nodiscard]] static Result<HostConnection> open(const HostChoice& choice);

  /// The result of a request that the host answers at once. Errors: what the host answered; DeadlineExceeded, HostGone,
  /// TooLarge, System.
  [[nodiscard]] Result<Json> ask(const Json& request);
  /// The result of one that takes as long as its plugins do, while the host lives: it is asked for that each time it
  /// has been silent for long. Errors: those of ask.
  [[nodiscard]] Result<Json> wait_for(const Json& request);
  /// The next result of a stream.
  [[nodiscard]] Result<Json> next();

 private:
  HostConnection(AdminClient client, HostChoice choice) : client_(std::move(client)), choice_(std::move(choice)) {}
  [[nodiscard]] bool is_silent() const;

  AdminClient client_;
  HostChoice choice_;
};

/// One request on a connection of its own.
[[nodiscard]] Result<Json> ask(const HostChoice& choice, const Json& request);
[[nodiscard]] Result<Json> wait_for(const HostChoice& choice, const Json& request);

/// One line.
[[nodiscard]] std::string to_line(const Json& json);
/// Prints one line on stdout, at once.
void print_line(std::string_view line);
/// Prints a sentence, or with `json` one object, on stderr.
void print_error(const Error& why, bool json);
/// Whether all lines so far could be written. Errors: System.
[[nodiscard]] Status printed();

/// Of a host's answer, which is of its release and not of ours: what is missing or of another type is empty or 0.
[[nodiscard]] std::string text_of(const Json& object, const char* member);
[[nodiscard]] std::uint64_t number_of(const Json& object, const char* member);
[[nodiscard]] const Json& list_of(const Json& object, const char* member);

}  // namespace shunt::tool
