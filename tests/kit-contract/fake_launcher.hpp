#pragma once
/// A launcher in the test's own process: drives a plugin through its C ABI and keeps what comes out.
///
///     FakeLauncher launcher(shunt_plugin_descriptor);
///     ASSERT_EQ(launcher.init({{"account", "a"}}).code, SHUNT_OK);
///     launcher.request(kEcho, bytes);
///     EXPECT_EQ(launcher.answer().code, SHUNT_OK);
///
/// Once made it allocates nothing by itself, so that a test can count what the plugin allocates.

#include <shunt/plugin.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace shunt::test {

class FakeLauncher {
 public:
  static constexpr std::int64_t kNow = 1'000'000;

  /// How a phase ended.
  struct Outcome {
    int code = SHUNT_OK;
    std::string text;
  };

  /// What a plugin sent: a reply, a failure, a request or a publication.
  struct Message {
    int count = 0;  ///< How many there were; the rest is of the last one.
    int code = SHUNT_OK;
    std::uint32_t index = 0;
    bool in_chunk = false;
    std::int64_t deadline_ns = 0;
    std::uint64_t key = 0;
    std::span<const std::uint8_t> payload;
    std::string_view text;
  };

  explicit FakeLauncher(const shunt_plugin& plugin);
  ~FakeLauncher();
  FakeLauncher(const FakeLauncher&) = delete;
  FakeLauncher& operator=(const FakeLauncher&) = delete;

  Outcome init(const std::map<std::string, std::string>& settings);
  Outcome validate();
  Outcome activate();
  void cleanup() { plugin_.cleanup(self_); }
  int health() { return plugin_.health(self_); }

  /// Runs a handler on `payload`, which is copied to aligned memory.
  void request(std::uint32_t function, std::span<const std::uint8_t> payload, std::uint32_t flags = 0);
  void publish(std::uint32_t topic, std::span<const std::uint8_t> payload);

  [[nodiscard]] const Message& reply() const { return replies_; }
  [[nodiscard]] const Message& failure() const { return failures_; }
  [[nodiscard]] const Message& publication() const { return publications_; }
  [[nodiscard]] const Message& call() const { return calls_; }
  [[nodiscard]] const Message& last_will() const { return wills_; }
  [[nodiscard]] std::string_view log() const { return log_; }
  [[nodiscard]] int chunks_out() const { return chunks_out_; }
  [[nodiscard]] int loans() const { return loans_; }
  [[nodiscard]] int answers_held() const { return answers_held_; }

  /// Runs for every nested call, before it is answered.
  void on_call(std::function<void(std::span<const std::uint8_t> request)> run) { on_call_ = std::move(run); }
  /// What nested calls get: bytes, or `code` with `text` when it is not SHUNT_OK.
  void answer_calls(int code, std::span<const std::uint8_t> payload, std::string_view text = "");
  /// Every loan from now on fails with this.
  void refuse_loans(int code) { refuse_loans_ = code; }
  void set_cancelled(bool cancelled) { cancelled_ = cancelled; }

 private:
  static constexpr std::size_t kClasses[] = {256, 4096, 65536};
  static constexpr int kChunksPerClass = 4;

  struct Chunk {
    std::vector<std::uint64_t> memory;
    bool out = false;
  };

  static FakeLauncher& self(shunt_runtime* runtime) { return *reinterpret_cast<FakeLauncher*>(runtime); }
  static shunt_services make_services();

  int loan(std::size_t bytes, shunt_sample* out);
  void give_back(shunt_sample* sample);
  /// Takes the payload and the sample behind it, as every send does.
  void take(Message& message, std::uint32_t index, shunt_sample* sample, std::size_t offset, std::size_t bytes);
  int fail_with(int code, const char* text);
  shunt_message message(std::uint32_t index, std::span<const std::uint8_t> payload, std::uint32_t flags);

  const shunt_plugin& plugin_;
  shunt_services services_ = make_services();
  void* self_ = nullptr;
  std::vector<Chunk> chunks_;
  std::vector<std::uint64_t> incoming_ = std::vector<std::uint64_t>(16384);
  std::vector<std::uint8_t> outgoing_ = std::vector<std::uint8_t>(131072);
  std::vector<std::uint64_t> answer_ = std::vector<std::uint64_t>(16384);
  std::size_t answer_bytes_ = 0;
  std::function<void(std::span<const std::uint8_t>)> on_call_;
  int answer_code_ = SHUNT_OK;
  std::string answer_text_;
  std::string failure_text_;
  std::string log_;
  std::string exception_;
  std::string last_error_;
  Message replies_, failures_, publications_, calls_, wills_;
  int chunks_out_ = 0;
  int loans_ = 0;
  int answers_held_ = 0;
  int refuse_loans_ = SHUNT_OK;
  bool cancelled_ = false;
};

}  // namespace shunt::test
