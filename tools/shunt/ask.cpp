#include "ask.hpp"

#include "socket_path.hpp"

#include <algorithm>
#include <climits>
#include <cstdio>

#include <poll.h>

namespace shunt::tool {
namespace {

/// The code that the host wrote by its name.
ErrorCode code_named(std::string_view text) {
  constexpr std::uint16_t kCodesEnd = 128;
  for (std::uint16_t value = 1; value < kCodesEnd; ++value)
    if (name(static_cast<ErrorCode>(value)) == text) return static_cast<ErrorCode>(value);
  return ErrorCode::Unknown;
}

Result<Json> read_answer(const std::string& text) {
  Json answer = Json::parse(text, nullptr, false);
  if (!answer.is_object())
    return error(ErrorCode::BadInput, "the answer is not JSON: is that the admin socket of a host?");
  if (const auto why = answer.find("error"); why != answer.end())
    return tl::make_unexpected(Error{code_named(text_of(*why, "code")), text_of(*why, "message")});
  return std::move(answer["result"]);
}

}  // namespace

Result<HostConnection> HostConnection::open(const HostChoice& choice) {
  SHUNT_TRY(socket, find_socket(choice.socket, choice.config));
  SHUNT_TRY(client, AdminClient::connect(socket, choice.timeout));
  return HostConnection{std::move(client), choice};
}

Result<Json> HostConnection::ask(const Json& request) {
  SHUNT_CHECK(client_.set_patience(choice_.timeout));
  auto answer = client_.ask(to_line(request));
  if (!answer && answer.error().code == ErrorCode::DeadlineExceeded)
    answer.error().message += "; --timeout waits longer";
  SHUNT_CHECK(client_.set_patience({}));
  if (!answer) return tl::make_unexpected(std::move(answer).error());
  return read_answer(*answer);
}

/// Whether nothing has come within the time of what a host answers at once.
bool HostConnection::is_silent() const {
  pollfd answer{client_.fd(), POLLIN, 0};
  const std::chrono::milliseconds most{choice_.timeout};
  return ::poll(&answer, 1, static_cast<int>(std::min<std::int64_t>(most.count(), INT_MAX))) == 0;
}

/// The question whether it lives takes no work of it.
Result<Json> HostConnection::wait_for(const Json& request) {
  SHUNT_CHECK(client_.send(to_line(request)));
  while (is_silent())
    if (const auto lives = tool::ask(choice_, {{"command", "version"}}); !lives)
      return tl::make_unexpected(lives.error());
  SHUNT_TRY(answer, client_.next());
  return read_answer(answer);
}

Result<Json> HostConnection::next() {
  SHUNT_TRY(answer, client_.next());
  return read_answer(answer);
}

Result<Json> ask(const HostChoice& choice, const Json& request) {
  SHUNT_TRY(host, HostConnection::open(choice));
  return host.ask(request);
}

Result<Json> wait_for(const HostChoice& choice, const Json& request) {
  SHUNT_TRY(host, HostConnection::open(choice));
  return host.wait_for(request);
}

std::string to_line(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

void print_line(std::string_view line) {
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fputc('\n', stdout);
  std::fflush(stdout);
}

void print_error(const Error& why, bool json) {
  const Json line{{"error", {{"code", name(why.code)}, {"message", why.message}}}};
  std::fprintf(stderr, "%s\n", json ? to_line(line).c_str() : ("shunt: " + to_string(why)).c_str());
}

Status printed() {
  if (std::ferror(stdout) == 0) return {};
  return error(ErrorCode::System, "the output cannot be written: see whether it is open and its disk has room");
}

std::string text_of(const Json& object, const char* member) {
  const auto found = object.is_object() ? object.find(member) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

std::uint64_t number_of(const Json& object, const char* member) {
  const auto found = object.is_object() ? object.find(member) : object.end();
  return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

const Json& list_of(const Json& object, const char* member) {
  static const Json kEmpty = Json::array();
  const auto found = object.is_object() ? object.find(member) : object.end();
  return found != object.end() && found->is_array() ? *found : kEmpty;
}

}  // namespace shunt::tool
