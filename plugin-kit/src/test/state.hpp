#pragma once
/// What a stand-in and its services share: the thing that the plugin holds as `shunt_runtime*`.

#include "last_error.hpp"
#include "lifecycle.hpp"
#include "outbound.hpp"
#include "owed_answers.hpp"
#include "timers.hpp"

#include <shunt/plugin-kit/test/stand_in.hpp>

#include <array>
#include <atomic>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace shunt::test {

inline constexpr std::size_t kAnswersMax = 64;  ///< Held by a plugin at once, as with the launcher.

struct Scripted {
  Answerer answer;
  AnswerOptions options;
};

/// The message whose handler runs.
struct InHand {
  shunt_message message{};  ///< Token 0: there is none.
  bool is_request = false;
  bool answered = false;
  bool is_timer = false;
  Outgoing reply{};
  std::optional<Error> failure{};
  OwedAnswers::Owed deferred{};
};

/// Of the thread that drives it; others reach what is atomic, `outbound`, `owed`, and what has a mutex under that.
struct StandInState {
  StandInState(const shunt_plugin& its_plugin, const ContractView& its_contract,
               Result<std::vector<Setting>> its_settings, const RunnerOptions& options)
      : plugin(its_plugin),
        contract(its_contract),
        settings(std::move(its_settings)),
        outbound(options.outbound, error),
        standing(its_contract.calls.size()),
        once(its_contract.calls.size()),
        clock_step(options.clock_step.count()),
        patience(options.patience) {}

  const shunt_plugin& plugin;
  ContractView contract;
  Result<std::vector<Setting>> settings;
  void* self = nullptr;
  kit::State at = kit::State::Loaded;

  kit::LastError error;
  Outbound outbound;
  InHand in_hand{};
  bool inside = false;                     ///< Code of the plugin is on the stack.
  std::atomic<std::thread::id> serving{};  ///< The thread that it is on.
  bool may_send = false;                   ///< From activate on.
  bool may_set_will = false;               ///< From validate on.
  bool may_start_timers = false;           ///< From activate on, until cleanup begins.
  std::atomic<bool> ring_full{false};
  std::uint64_t last_token = 0;
  std::optional<Error> breach{};       ///< What makes the step in hand fail, whatever it says.
  std::exception_ptr test_threw{};     ///< By an answer of the test, on its way around the plugin.
  std::array<char, 2048> described{};  ///< Text of describe_exception.

  std::vector<Outgoing> published{};
  std::vector<Outgoing> called{};
  std::map<std::uint32_t, Outgoing> last_wills{};  ///< By topic out.
  std::vector<std::optional<Scripted>> standing;
  std::vector<std::deque<Scripted>> once;
  std::map<std::uint64_t, SharedBytes> answers{};
  std::map<std::uint64_t, std::int64_t> answer_origins{};
  std::uint64_t last_answer = 0;

  std::atomic<std::int64_t> clock_ns{1'000'000'000'000};
  std::int64_t clock_step;
  std::chrono::nanoseconds patience;
  std::shared_ptr<OwedAnswers> owed = std::make_shared<OwedAnswers>(clock_ns);
  std::mutex in_hand_mutex;
  OwedAnswers::Owed deferred_in_hand{};  ///< Under it: whose handler runs, and whose answer comes later.
  std::atomic<bool> cancelled{false};
  std::atomic<unsigned> looks{0};         ///< At cancelled(), for the message in hand.
  std::atomic<unsigned> cancelled_at{0};  ///< 0: at no look.

  kit::Timers timers{};
  std::vector<Error> timer_failures{};
  std::map<std::string, Validated, std::less<>> validated{};

  mutable std::mutex log_mutex;
  std::vector<LogLine> log{};
};

/// The table that the plugin is given.
extern const shunt_services kStandInServices;

/// The service of that name (last_will.cpp).
int set_will(shunt_runtime* runtime, const shunt_publication* how, const std::uint8_t* payload, std::size_t bytes);

StandInState& of(shunt_runtime* runtime);
/// Whether code of the plugin runs on the calling thread.
bool is_serving_thread(const StandInState& state);
/// What a plugin of whatever release says of a publication. Errors: BadInput, for a `size` that cannot be.
int read_publication(StandInState& state, const shunt_publication& how, shunt_publication& said);

/// For a handler that did not answer; with an answer already, an error of the launcher's own.
Error not_of_its_type(std::string_view route, std::string_view what, std::size_t bytes, const kit::TypeName& type);

}  // namespace shunt::test
