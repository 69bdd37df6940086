#pragma once
/// Runs a plugin in the process of its test: without host, sandbox or shared memory, over the same C ABI as the
/// launcher.
///
///     #include <shunt/test.hpp>
///
///     #include "momentum.cpp"                                  // the plugin, as it is
///
///     TEST(Momentum, buys_on_a_day_that_rose) {
///       shunt::test::Runner<Momentum> momentum({.threshold = 500});
///       ASSERT_TRUE(momentum.start());                         // init, validate, activate
///
///       const auto signal = momentum.call<"signal">([](auto& build) { return market::CreateBar(build, ...); });
///
///       ASSERT_TRUE(signal) << to_string(signal.error());
///       EXPECT_EQ((*signal)->direction(), market::Direction::Buy);
///     }
///
/// The program links `<plugin>_runner`, which shunt_add_plugin makes: the contract, this, and the manifest, by which
/// the configuration is checked as a host would. Several plugins fit into one program when this is included before
/// their sources: SHUNT_PLUGIN exports nothing then.
///
/// Names are those of the manifest: "signal" or "momentum/signal", "market.bars", "risk/check". One that it does not
/// declare does not compile. Time is a clock of the runner's own, which goes on by a step when the plugin looks at it,
/// and by advance().

#include <shunt/plugin-kit/test/drill.hpp>
#include <shunt/plugin-kit/test/named.hpp>
#include <shunt/plugin-kit/test/payloads.hpp>
#include <shunt/plugin-kit/test/pending.hpp>
#include <shunt/plugin-kit/test/sent.hpp>
#include <shunt/plugin-kit/test/settings.hpp>
#include <shunt/plugin-kit/test/stand_in.hpp>
#include <shunt/plugin.hpp>

#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#undef SHUNT_PLUGIN
#define SHUNT_PLUGIN(Class) \
  static_assert(std::is_base_of_v<::shunt::kit::ContractBase, Class>, "a plugin derives from its contract");

namespace shunt::test {

/// Configurations, a plugin's Config or Settings, with which a phase of it fails, as far as there are such.
template <typename Given>
struct Failing {
  std::optional<Given> init{};
  std::optional<Given> validate{};
  std::optional<Given> activate{};
};

/// One instance of a plugin. One thread at a time; cancel(), advance() and log() are any thread's, and so is what
/// call_async() gives. `Plugin` is the
/// class of the plugin, or for one that is written in C, or loaded from its file, its generated contract.
template <typename Plugin>
class Runner {
  using Types = typename Plugin::ShuntTypes;
  using Names = Named<Types>;

 public:
  using Config = typename Types::Config;

  /// With the configuration as a value of its type; what it does not set is the manifest's default.
  explicit Runner(const Config& config = {}, const RunnerOptions& options = {})
      : Runner(descriptor(), given(config), options) {}
  /// By key and value, as host.toml has it.
  explicit Runner(const Settings& settings, const RunnerOptions& options = {})
      : Runner(descriptor(), settings, options) {}
  /// The plugin whose descriptor this is; it outlives the runner.
  explicit Runner(const shunt_plugin& plugin, const Settings& settings = {}, const RunnerOptions& options = {})
      : stand_in_(plugin, Names::contract(), settings_of(Names::contract(), settings.given()), options) {}

  // ---- The phases, in any order that the launcher allows. Errors: what the plugin returned or threw (PluginFailed);
  //      BadInput when it is not the phase's turn.

  /// Makes the plugin, if there is none, and runs its init. Errors: BadConfiguration, before anything of the plugin
  /// runs, for a configuration that a host would refuse. After cleanup it is another instance, as in a new process.
  [[nodiscard]] Status init() { return stand_in_.init(); }
  [[nodiscard]] Status validate() { return stand_in_.validate(); }
  [[nodiscard]] Status activate() { return stand_in_.activate(); }
  /// Any number of times, after any phase. From an answer of the test it does nothing but make the message in hand fail
  /// (WouldDeadlock).
  void cleanup() { stand_in_.cleanup(); }
  /// init, validate and activate, until one fails; what has failed is cleaned up.
  [[nodiscard]] Status start() {
    Status status = init();
    if (status) status = validate();
    if (status) status = activate();
    if (!status) cleanup();
    return status;
  }
  [[nodiscard]] kit::Health health() const { return stand_in_.health(); }

  // ---- Messages. `build` gets a flatbuffers::FlatBufferBuilder& and returns the offset of what the manifest declares;
  //      bytes instead of it reach the plugin as they are.

  /// Runs a function's handler and gives its reply, verified. Errors: what the handler answered with or threw
  /// (PluginFailed), and what the launcher says for it (DeadlineExceeded and Cancelled before it is entered,
  /// BadPayload, NotServing before activate).
  template <Name kFunction, typename Build>
  [[nodiscard]] auto call(Build&& build, const RequestOptions& options = {})
      -> Result<Sent<typename Names::template Function<kFunction>::Reply>> {
    using Route = typename Names::template Function<kFunction>;
    SHUNT_TRY(reply, stand_in_.request(Names::template function<kFunction>(),
                                       payload<typename Route::Request>(build).span(), options));
    return Sent<typename Route::Reply>(std::move(reply));
  }

  /// The same for a function whose answer may be deferred: what comes later is waited for there. call() waits in place,
  /// so it has an answer only if a thread of the plugin gives it.
  template <Name kFunction, typename Build>
  [[nodiscard]] auto call_async(Build&& build, const RequestOptions& options = {})
      -> Pending<typename Names::template Function<kFunction>::Reply> {
    using Route = typename Names::template Function<kFunction>;
    return Pending<typename Route::Reply>(stand_in_.start(Names::template function<kFunction>(),
                                                          payload<typename Route::Request>(build).span(), options));
  }

  /// Runs a topic's handler. Errors: what it returned or threw; a host would count and report it.
  template <Name kTopic, typename Build>
  [[nodiscard]] Status deliver(Build&& build, const PublicationOptions& options = {}) {
    return stand_in_.publication(Names::template topic_in<kTopic>(),
                                 payload<typename Names::template TopicIn<kTopic>>(build).span(), options);
  }

  // ---- State, as a switch hands it from version to version. `State` is a type of the manifest's [state]. Errors: what
  //      the plugin returned or threw; BadInput when it is not the turn of it.

  /// What the plugin knows; from then on nothing of it runs, until thaw() or cleanup(). Errors: also BadPayload.
  template <typename State>
  [[nodiscard]] Result<Sent<State>> snapshot() {
    SHUNT_TRY(state, stand_in_.snapshot(Names::template state<State>()));
    if (kit::verified_state<State>(state.bytes.span()) == nullptr)
      return error(ErrorCode::BadPayload, "what {} wrote down is not its state {}", Types::plugin(),
                   Names::template state<State>());
    return Sent<State>(std::move(state));
  }
  /// `build` as that of a message; or the bytes() of a snapshot, also of another version's runner.
  template <typename State, typename Build>
  [[nodiscard]] Status restore(Build&& build) {
    return stand_in_.restore(Names::template state<State>(), payload<State>(build).span());
  }
  /// It was not handed over: the plugin goes on after a snapshot.
  [[nodiscard]] Status thaw() { return stand_in_.thaw(); }

  // ---- What the plugin did, since it was made or since forget()

  /// What it published on a topic, in order.
  template <Name kTopic>
  [[nodiscard]] std::vector<Sent<typename Names::template TopicOut<kTopic>>> published() const {
    return all<typename Names::template TopicOut<kTopic>>(stand_in_.published(), Names::template topic_out<kTopic>());
  }
  /// The requests with which it called a function of another plugin, in order.
  template <Name kCall>
  [[nodiscard]] std::vector<Sent<typename Names::template Call<kCall>::Request>> called() const {
    return all<typename Names::template Call<kCall>::Request>(stand_in_.called(), Names::template call<kCall>());
  }
  /// What a host would publish on a topic if this instance vanished now; none before validate.
  template <Name kTopic>
  [[nodiscard]] std::optional<Sent<typename Names::template TopicOut<kTopic>>> last_will() const {
    const Outgoing* const will = stand_in_.last_will(Names::template last_will<kTopic>());
    if (will == nullptr) return std::nullopt;
    return Sent<typename Names::template TopicOut<kTopic>>(*will);
  }
  [[nodiscard]] std::vector<LogLine> log() const { return stand_in_.log(); }
  /// What came of the plugin's validator of a type, "market.Bar".
  [[nodiscard]] Validated validated(std::string_view type) const { return stand_in_.validated(type); }
  /// What timers' handlers returned or threw, in order.
  [[nodiscard]] const std::vector<Error>& timer_failures() const { return stand_in_.timer_failures(); }
  void forget() { stand_in_.forget(); }

  /// Chunks that the plugin has on loan and has neither sent nor given back.
  [[nodiscard]] std::size_t chunks_held() const { return stand_in_.chunks_held(); }
  /// Answers to its calls that it has not released.
  [[nodiscard]] std::size_t answers_held() const { return stand_in_.answers_held(); }

  // ---- What is around it

  /// What its calls of a function get from now on: an Error, bytes, a builder `(auto& build)` or
  /// `(auto& build, const Request&)`, or `(std::span<const std::uint8_t>)`, which returns a Result<Sent<Reply>>, such
  /// as another runner's call(). Without an answer they get NotServing.
  template <Name kCall, typename Answer>
  void answer(Answer&& answer, AnswerOptions options = {}) {
    stand_in_.answer(Names::template call<kCall>(), answerer<kCall>(std::forward<Answer>(answer)), options);
  }
  /// The same for one call, before what answer() says; several in the order in which they are given.
  template <Name kCall, typename Answer>
  void answer_once(Answer&& answer, AnswerOptions options = {}) {
    stand_in_.answer_once(Names::template call<kCall>(), answerer<kCall>(std::forward<Answer>(answer)), options);
  }

  /// The caller of the request in hand cancels it: what the handler calls for it ends as Cancelled. The handler's
  /// answer is returned nevertheless; one that it defers is over.
  void cancel() { stand_in_.cancel(); }
  /// The clock goes on by this much, and timers that are due until then run, each at its moment, in the order in which
  /// they are due; nowhere else do they run. While code of the plugin runs, as from an answer of the test, the clock
  /// goes on alone.
  void advance(std::chrono::nanoseconds by) { stand_in_.advance(by); }
  [[nodiscard]] std::chrono::nanoseconds now() const { return stand_in_.now(); }
  /// From now on nothing goes out: what the plugin sends is refused with RingFull, until false.
  void fill_ring(bool full = true) { stand_in_.fill_ring(full); }

  /// The lifecycle drill (drill.hpp) with `good`, and with each of `failing` that is there.
  [[nodiscard]] static Status drill(const Config& good = {}, const Failing<Config>& failing = {},
                                    const RunnerOptions& options = {}) {
    const auto settings = [](const std::optional<Config>& config) {
      return config ? std::optional(given(*config)) : std::nullopt;
    };
    return drill(descriptor(), given(good),
                 {settings(failing.init), settings(failing.validate), settings(failing.activate)}, options);
  }
  /// The same for the plugin whose descriptor this is.
  [[nodiscard]] static Status drill(const shunt_plugin& plugin, const Settings& good,
                                    const Failing<Settings>& failing = {}, const RunnerOptions& options = {}) {
    const auto contract = Names::contract();
    const auto maybe = [&](const std::optional<Settings>& settings) {
      return settings ? std::optional(settings_of(contract, settings->given())) : std::nullopt;
    };
    return test::drill(
        plugin, contract,
        {settings_of(contract, good.given()), maybe(failing.init), maybe(failing.validate), maybe(failing.activate)},
        options);
  }

 private:
  static const shunt_plugin& descriptor() {
    static_assert(!std::is_abstract_v<Plugin>,
                  "Runner needs the plugin's class; for one that is not C++ give it the descriptor");
    static constexpr shunt_plugin kDescriptor = kit::Descriptor<Plugin>::value();
    return kDescriptor;
  }

  static Settings given(const Config& config) {
    Settings settings;
    Types::each_setting(config, [&](std::string_view key, const auto& value) { settings.add(key, value); });
    return settings;
  }

  template <typename T>
  static std::vector<Sent<T>> all(const std::vector<Outgoing>& sent, std::uint32_t index) {
    std::vector<Sent<T>> found;
    for (const Outgoing& each : sent)
      if (each.index == index) found.emplace_back(each);
    return found;
  }

  template <Name kCall, typename Answer>
  static Answerer answerer(Answer&& answer) {
    using Route = typename Names::template Call<kCall>;
    return make_answerer<typename Route::Request, typename Route::Reply>(std::forward<Answer>(answer));
  }

  StandIn stand_in_;
};

}  // namespace shunt::test
