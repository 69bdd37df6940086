/// State that a test takes from the plugin and gives to it, as a switch from version to version does.

#include "inside.hpp"

#include <vector>

namespace shunt::test {
namespace {

constexpr std::size_t kTextBytes = 4096;

/// What a plugin's snapshot() is given.
struct Sink {
  StandInState& state;
  SharedBytes written{};

  static int write(void* sink, const std::uint8_t* bytes, std::size_t size) {
    auto& self = *static_cast<Sink*>(sink);
    auto& error = self.state.error;
    if (!self.written.span().empty())
      return error.set(ErrorCode::BadInput, "a snapshot is written once, and as a whole");
    if (bytes == nullptr || size == 0) return error.set(ErrorCode::BadInput, "a snapshot of nothing");
    self.written = SharedBytes::copy_of({bytes, size});
    return SHUNT_OK;
  }
};

template <typename Call>
Status run(StandInState& state, const Call& call) {
  std::vector<char> text(kTextBytes);
  int code = SHUNT_OK;
  std::optional<std::string> thrown;
  {
    const Inside inside(state);
    thrown = catch_all([&] { code = call(text.data(), text.size()); });
    text.back() = '\0';
  }
  SHUNT_CHECK(aftermath(state));
  if (thrown) return error(ErrorCode::PluginFailed, "{}", *thrown);
  if (code == SHUNT_OK) return {};
  const bool known = code >= 0 && code < 0xffff;
  return tl::make_unexpected(Error{known ? static_cast<ErrorCode>(code) : ErrorCode::PluginFailed, text.data()});
}

Status refuse_unless(const StandInState& state, kit::State at, std::string_view what) {
  SHUNT_CHECK(refuse_inside(state));
  if (state.at == at) return {};
  return error(ErrorCode::BadInput, "{} is out of turn", what);
}

}  // namespace

Result<Outgoing> StandIn::snapshot(std::uint32_t version) {
  auto& state = *state_;
  SHUNT_CHECK(refuse_unless(state, kit::State::Serving, "a snapshot"));
  Sink sink{state};
  const shunt_state_sink to{sizeof to, 0, &sink, Sink::write};
  const Status written = run(state, [&](char* text, std::size_t bytes) {
    return state.plugin.snapshot(state.self, version, &to, text, bytes);
  });
  state.at = kit::State::Frozen;
  SHUNT_CHECK(written);
  if (sink.written.span().empty())
    return error(ErrorCode::PluginFailed, "{}: snapshot() of state {} returned without one", state.contract.plugin,
                 version);
  return Outgoing{.index = version, .bytes = std::move(sink.written)};
}

Status StandIn::restore(std::uint32_t version, std::span<const std::uint8_t> bytes) {
  auto& state = *state_;
  SHUNT_CHECK(refuse_unless(state, kit::State::Serving, "a restore"));
  const SharedBytes copy = SharedBytes::copy_of(bytes);  // gone after it, as a host's is
  return run(state, [&](char* text, std::size_t text_bytes) {
    return state.plugin.restore(state.self, version, copy.span().data(), copy.span().size(), text, text_bytes);
  });
}

Status StandIn::thaw() {
  SHUNT_CHECK(refuse_unless(*state_, kit::State::Frozen, "thaw"));
  state_->at = kit::State::Serving;
  return {};
}

}  // namespace shunt::test
