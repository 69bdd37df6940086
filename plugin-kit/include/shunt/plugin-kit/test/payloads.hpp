#pragma once
/// Payloads that a test builds for a plugin: its messages, and the answers to its calls.

#include <shunt/plugin-kit/payload.hpp>
#include <shunt/plugin-kit/test/sent.hpp>
#include <shunt/plugin-kit/test/stand_in.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

#include <flatbuffers/flatbuffers.h>

namespace shunt::test {

/// A FlatBuffer as a sender of Shunt finishes it; `arguments` follow the builder.
template <typename Root, typename Build, typename... Arguments>
[[nodiscard]] SharedBytes built(Build& build, const Arguments&... arguments) {
  if constexpr (bus::kIsRaw<Root>) {
    Root payload{};
    if constexpr (std::is_convertible_v<const Build&, const Root&>) payload = static_cast<const Root&>(build);
    else build(payload, arguments...);
    return SharedBytes::copy_of({reinterpret_cast<const std::uint8_t*>(&payload), sizeof payload});
  } else {
    static_assert(std::is_same_v<std::invoke_result_t<Build&, flatbuffers::FlatBufferBuilder&, const Arguments&...>,
                                 flatbuffers::Offset<Root>>,
                  "this builder makes another type than the manifest declares for this function or topic");
    flatbuffers::FlatBufferBuilder builder(256, nullptr, false, 8);
    const auto root = build(builder, arguments...);
    builder.Align(8);
    builder.Finish(root);
    return SharedBytes::copy_of({builder.GetBufferPointer(), builder.GetSize()});
  }
}

/// What `content` stands for: bytes as they are, or a builder of a `Root`.
template <typename Root, typename Content>
[[nodiscard]] SharedBytes payload(Content& content) {
  if constexpr (std::is_convertible_v<const Content&, std::span<const std::uint8_t>>)
    return SharedBytes::copy_of(content);
  else return built<Root>(content);
}

template <typename Request, typename Reply, typename Answer>
[[nodiscard]] Answerer make_answerer(Answer&& answer) {
  using Content = std::remove_cvref_t<Answer>;
  using Builder = std::conditional_t<bus::kIsRaw<Reply>, Reply&, flatbuffers::FlatBufferBuilder&>;
  if constexpr (std::same_as<Content, Error>) {
    return [answer](std::span<const std::uint8_t>) -> Result<SharedBytes> { return tl::make_unexpected(answer); };
  } else if constexpr (std::same_as<Content, tl::unexpected<Error>>) {
    return [answer](std::span<const std::uint8_t>) -> Result<SharedBytes> { return answer; };
  } else if constexpr (std::is_convertible_v<const Content&, std::span<const std::uint8_t>>) {
    return
        [bytes = SharedBytes::copy_of(answer)](std::span<const std::uint8_t>) -> Result<SharedBytes> { return bytes; };
  } else if constexpr (std::is_invocable_v<Content&, Builder, const Request&>) {
    return [build = Content(std::forward<Answer>(answer))](
               std::span<const std::uint8_t> request) mutable -> Result<SharedBytes> {
      return built<Reply>(build, *kit::root_of<Request>(request.data()));
    };
  } else if constexpr (std::is_invocable_r_v<Result<Sent<Reply>>, Content&, std::span<const std::uint8_t>>) {
    return [ask = Content(std::forward<Answer>(answer))](
               std::span<const std::uint8_t> request) mutable -> Result<SharedBytes> {
      SHUNT_TRY(reply, ask(request));
      return SharedBytes::copy_of(reply.bytes());
    };
  } else {
    return [build = Content(std::forward<Answer>(answer))](
               std::span<const std::uint8_t>) mutable -> Result<SharedBytes> { return built<Reply>(build); };
  }
}

}  // namespace shunt::test
