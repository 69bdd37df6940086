#pragma once
/// From the names of a manifest to its numbers and types, while the test is compiled.

#include <shunt/plugin-kit/payload.hpp>
#include <shunt/plugin-kit/test/stand_in.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace shunt::test {

/// A name as a template argument: call<"signal">.
template <std::size_t kBytes>
struct Name {
  // NOLINTNEXTLINE(google-explicit-constructor): a literal becomes one
  consteval Name(const char (&from)[kBytes]) { std::copy_n(from, kBytes, text); }
  [[nodiscard]] constexpr std::string_view view() const { return {text, kBytes - 1}; }
  char text[kBytes]{};
};

namespace detail {

template <typename T>
bool verifies(std::span<const std::uint8_t> payload) {
  return kit::verified<T>(payload.data(), payload.size()) != nullptr;
}
template <typename... Exchanges>
constexpr std::array<Verifies, sizeof...(Exchanges)> verify_replies(const std::tuple<Exchanges...>*) {
  return {verifies<typename Exchanges::Reply>...};
}
template <typename... Exchanges>
constexpr std::array<Verifies, sizeof...(Exchanges)> verify_requests(const std::tuple<Exchanges...>*) {
  return {verifies<typename Exchanges::Request>...};
}
template <typename... Topics>
constexpr std::array<Verifies, sizeof...(Topics)> verify_publications(const std::tuple<Topics...>*) {
  return {verifies<Topics>...};
}

}  // namespace detail

/// `Types` is Contract::ShuntTypes.
template <typename Types>
class Named {
 public:
  template <Name kName>
  static consteval std::uint32_t function() {
    constexpr auto kIndex = place(Types::functions(), [](std::string_view route) {
      return route == kName.view() || route.substr(route.find('/') + 1) == kName.view();
    });
    static_assert(kIndex < Types::functions().size(), "the manifest declares no function of this name");
    return kIndex;
  }
  template <Name kName>
  static consteval std::uint32_t call() {
    constexpr auto kIndex = place(Types::calls(), [](std::string_view route) { return route == kName.view(); });
    static_assert(kIndex < Types::calls().size(), "the manifest declares no call of this function");
    return kIndex;
  }
  template <Name kName>
  static consteval std::uint32_t topic_in() {
    constexpr auto kIndex = place(Types::topics_in(), [](std::string_view route) { return route == kName.view(); });
    static_assert(kIndex < Types::topics_in().size(), "the manifest declares no topic in of this name");
    return kIndex;
  }
  template <Name kName>
  static consteval std::uint32_t topic_out() {
    constexpr auto kIndex = place(Types::topics_out(), [](std::string_view route) { return route == kName.view(); });
    static_assert(kIndex < Types::topics_out().size(), "the manifest declares no topic out of this name");
    return kIndex;
  }

  template <Name kName>
  static consteval std::uint32_t last_will() {
    constexpr auto kIndex = topic_out<kName>();
    static_assert(*Types::topics_out()[kIndex].last_will != '\0', "the manifest declares no last will for this topic");
    return kIndex;
  }

  /// The number of a state, by its type.
  template <typename State>
  static consteval std::uint32_t state() {
    constexpr auto kIndex = place_of<State>(static_cast<const typename Types::States*>(nullptr));
    static_assert(kIndex < std::tuple_size_v<typename Types::States>, "the manifest's [state] has no such type");
    return Types::states()[kIndex];
  }

  template <Name kName>
  using Function = std::tuple_element_t<function<kName>(), typename Types::Functions>;
  template <Name kName>
  using Call = std::tuple_element_t<call<kName>(), typename Types::Calls>;
  template <Name kName>
  using TopicIn = std::tuple_element_t<topic_in<kName>(), typename Types::TopicsIn>;
  template <Name kName>
  using TopicOut = std::tuple_element_t<topic_out<kName>(), typename Types::TopicsOut>;

  static ContractView contract() {
    static constexpr auto kReplies = detail::verify_replies(static_cast<const typename Types::Functions*>(nullptr));
    static constexpr auto kRequests = detail::verify_requests(static_cast<const typename Types::Calls*>(nullptr));
    static constexpr auto kPublications =
        detail::verify_publications(static_cast<const typename Types::TopicsOut*>(nullptr));
    return {Types::plugin(),     Types::version(), Types::functions(), Types::calls(), Types::topics_in(),
            Types::topics_out(), kReplies,         kRequests,          kPublications,  Types::states()};
  }

 private:
  template <typename State, typename... States>
  static consteval std::size_t place_of(const std::tuple<States...>*) {
    std::size_t index = 0;
    static_cast<void>(((std::is_same_v<State, States> || (++index, false)) || ...));
    return index;
  }
  template <typename Routes, typename Matches>
  static consteval std::uint32_t place(Routes routes, Matches matches) {
    std::uint32_t index = 0;
    while (index < routes.size() && !matches(std::string_view(routes[index].name))) ++index;
    return index;
  }
};

}  // namespace shunt::test
