#pragma once
/// Stands in for the launcher and the host of one plugin, in the process of a test: the services of plugin.h, with the
/// launcher's rules and its words. Untyped; Runner<Plugin> of <shunt/test.hpp> is what a test uses.

#include <shunt/plugin-kit/contract_base.hpp>
#include <shunt/plugin-kit/route.hpp>
#include <shunt/plugin-kit/test/options.hpp>
#include <shunt/plugin-kit/test/shared_bytes.hpp>
#include <shunt/plugin.h>
#include <shunt/schemas/key.hpp>
#include <shunt/schemas/settings.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shunt::test {

/// Whether bytes are of one type.
using Verifies = bool (*)(std::span<const std::uint8_t> payload);

/// A contract without its types. All of it outlives the stand-in.
struct ContractView {
  std::string_view plugin;
  std::string_view version;
  std::span<const kit::FunctionRoute> functions;
  std::span<const kit::FunctionRoute> calls;
  std::span<const kit::TopicRoute> topics_in;
  std::span<const kit::TopicRoute> topics_out;
  std::span<const Verifies> replies;       ///< One for each of functions.
  std::span<const Verifies> requests;      ///< One for each of calls.
  std::span<const Verifies> publications;  ///< One for each of topics_out.
  std::span<const std::uint32_t> states;   ///< The numbers of the manifest's [state].
};

/// What a plugin sent. `index` is that of the function, the call or the topic.
struct Outgoing {
  std::uint32_t index = 0;
  SharedBytes bytes{};
  bool in_chunk = false;
  std::chrono::nanoseconds allowed{0};  ///< Of a call: from its sending to its deadline.
  Key key{};                            ///< Of a publication, as is the next.
  bool urgent = false;
  std::chrono::nanoseconds origin{0};  ///< 0: none.
};

/// How often a validator of the plugin was asked about a type, and refused.
struct Validated {
  std::uint64_t checked = 0;
  std::uint64_t refused = 0;
};

struct LogLine {
  kit::LogLevel level = kit::LogLevel::Info;
  std::string text{};
};

/// Answers a call of the plugin.
using Answerer = std::function<Result<SharedBytes>(std::span<const std::uint8_t> request)>;

/// The checked settings of `given`, with the defaults of the manifest that is linked into this program. Errors: those
/// of resolve_settings; NotAPlugin when the manifest is not there.
[[nodiscard]] Result<std::vector<Setting>> settings_of(const ContractView& contract,
                                                       std::span<const GivenSetting> given);

struct StandInState;
struct StartedState;

/// A request whose handler was run. Any thread; may outlive its stand-in. Copies are of the same request.
class Started {
 public:
  explicit Started(std::shared_ptr<StartedState> state) : state_(std::move(state)) {}

  /// Whether there is an outcome.
  [[nodiscard]] bool ready() const;
  /// The outcome, as often as it is asked for. Waits for an answer that was deferred; the stand-in may be driven by
  /// another thread meanwhile. Errors: also DeadlineExceeded, when none comes within RunnerOptions::patience.
  [[nodiscard]] Result<Outgoing> get() const;
  /// Its caller cancels. False: there was an outcome before.
  bool cancel() const;

 private:
  std::shared_ptr<StartedState> state_;
};

/// One thread at a time drives it; cancel(), advance() and log() may be called by any.
class StandIn {
 public:
  /// `settings` that are an error are what init() answers; nothing of the plugin runs then.
  StandIn(const shunt_plugin& plugin, const ContractView& contract, Result<std::vector<Setting>> settings,
          const RunnerOptions& options);
  ~StandIn();
  StandIn(const StandIn&) = delete;
  StandIn& operator=(const StandIn&) = delete;

  /// Makes the plugin, if it is not there; init() does it too.
  [[nodiscard]] Status load();
  [[nodiscard]] Status init();
  [[nodiscard]] Status validate();
  [[nodiscard]] Status activate();
  void cleanup();
  [[nodiscard]] kit::Health health() const;
  /// What the next init() gives.
  void use(Result<std::vector<Setting>> settings);

  /// `payload` is copied first.
  [[nodiscard]] Result<Outgoing> request(std::uint32_t function, std::span<const std::uint8_t> payload,
                                         const RequestOptions& options) {
    return start(function, payload, options).get();
  }
  /// Runs the handler; an answer that it defers comes later.
  [[nodiscard]] Started start(std::uint32_t function, std::span<const std::uint8_t> payload,
                              const RequestOptions& options);
  [[nodiscard]] Status publication(std::uint32_t topic, std::span<const std::uint8_t> payload,
                                   const PublicationOptions& options);

  /// What it knows, as the state of that number; from then on nothing of it runs, until thaw() or cleanup().
  [[nodiscard]] Result<Outgoing> snapshot(std::uint32_t version);
  /// `state` is copied first.
  [[nodiscard]] Status restore(std::uint32_t version, std::span<const std::uint8_t> state);
  [[nodiscard]] Status thaw();

  void answer(std::uint32_t call, Answerer answer, AnswerOptions options);
  void answer_once(std::uint32_t call, Answerer answer, AnswerOptions options);

  [[nodiscard]] const std::vector<Outgoing>& published() const;
  [[nodiscard]] const std::vector<Outgoing>& called() const;
  /// What a host would publish on it if the plugin vanished now; null: it has set none.
  [[nodiscard]] const Outgoing* last_will(std::uint32_t topic) const;
  [[nodiscard]] std::vector<LogLine> log() const;
  [[nodiscard]] const std::vector<Error>& timer_failures() const;
  [[nodiscard]] Validated validated(std::string_view type) const;
  void forget();

  void cancel();
  void advance(std::chrono::nanoseconds by);
  [[nodiscard]] std::chrono::nanoseconds now() const;
  void fill_ring(bool full);

  [[nodiscard]] std::size_t chunks_held() const;
  [[nodiscard]] std::size_t answers_held() const;

 private:
  std::unique_ptr<StandInState> state_;
};

}  // namespace shunt::test
