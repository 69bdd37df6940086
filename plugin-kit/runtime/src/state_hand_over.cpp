#include "state_hand_over.hpp"

#include "catch_all.hpp"

#include <cerrno>
#include <memory>
#include <new>
#include <vector>

#include <unistd.h>

namespace shunt::kit {
namespace {

constexpr std::size_t kTextBytes = 4096;

/// What a plugin's snapshot() is given.
struct Sink {
  LastError& error;
  const StateCommand& command;
  std::uint64_t written = 0;

  int write(const std::uint8_t* state, std::size_t bytes) noexcept {
    if (written != 0) return error.set(ErrorCode::BadInput, "a snapshot is written once, and as a whole");
    if (state == nullptr || bytes == 0) return error.set(ErrorCode::BadInput, "a snapshot of nothing");
    if (bytes > command.bytes)
      return error.set(ErrorCode::TooLarge, "a snapshot of {} bytes, and {} fit: raise the plugin's state_max", bytes,
                       command.bytes);
    for (std::size_t done = 0; done < bytes;) {
      const auto count = ::write(command.file.get(), state + done, bytes - done);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return error.set(ErrorCode::System, "writing a snapshot: error {}", errno);
      done += static_cast<std::size_t>(count);
    }
    written = bytes;
    return SHUNT_OK;
  }
};

int write_to(void* sink, const std::uint8_t* state, std::size_t bytes) {
  return static_cast<Sink*>(sink)->write(state, bytes);
}

/// Into memory of our own: the version that wrote it still has the file.
Result<std::unique_ptr<std::uint64_t[]>> copy_of(const StateCommand& command) {
  const auto bytes = static_cast<std::size_t>(command.bytes);
  std::unique_ptr<std::uint64_t[]> copy{new (std::nothrow) std::uint64_t[bytes / sizeof(std::uint64_t) + 1]};
  if (copy == nullptr)
    return error(ErrorCode::System, "no memory for a state of {} bytes: raise the plugin's memory limit", bytes);
  auto* const to = reinterpret_cast<std::uint8_t*>(copy.get());
  for (std::size_t done = 0; done < bytes;) {
    const auto count = ::pread(command.file.get(), to + done, bytes - done, static_cast<off_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error("reading a state");
    if (count == 0) return error(ErrorCode::BadInput, "a state of {} bytes ends after {}", bytes, done);
    done += static_cast<std::size_t>(count);
  }
  return copy;
}

}  // namespace

template <typename Call>
StateHandOver::Outcome StateHandOver::run(Call&& call) {
  std::vector<char> text(kTextBytes);
  int code = SHUNT_OK;
  runtime_.hand.thrown.count = 0;
  const char* const thrown =
      catch_all(runtime_, runtime_.hand, [&] { code = Phases::checked_code(call(text.data(), text.size())); });
  if (thrown != nullptr) return {static_cast<int>(ErrorCode::PluginFailed), thrown};
  text.back() = '\0';
  return {code, code == SHUNT_OK ? std::string{} : std::string{text.data()}};
}

template <typename Answer>
Answer StateHandOver::answer(Outcome&& outcome) const {
  Answer result;
  result.code = outcome.code == SHUNT_OK ? std::uint16_t{0} : static_cast<std::uint16_t>(outcome.code + 1);
  result.message = std::move(outcome.text);
  result.frames.assign(runtime_.hand.thrown.span().begin(), runtime_.hand.thrown.span().end());
  return result;
}

control::SnapshottedT StateHandOver::snapshot(const StateCommand& command) {
  Sink sink{runtime_.error, command};
  const shunt_state_sink to{sizeof to, 0, &sink, write_to};
  auto result = answer<control::SnapshottedT>(run([&](char* text, std::size_t text_bytes) {
    return phases_.descriptor().snapshot(phases_.self(), command.version, &to, text, text_bytes);
  }));
  result.bytes = sink.written;
  return result;
}

control::RestoredT StateHandOver::restore(const StateCommand& command) {
  const auto copy = copy_of(command);
  if (!copy) {
    runtime_.hand.thrown.count = 0;
    return answer<control::RestoredT>({static_cast<int>(copy.error().code), copy.error().message});
  }
  const auto* const state = reinterpret_cast<const std::uint8_t*>(copy->get());
  return answer<control::RestoredT>(run([&](char* text, std::size_t text_bytes) {
    return phases_.descriptor().restore(phases_.self(), command.version, state, command.bytes, text, text_bytes);
  }));
}

}  // namespace shunt::kit
