#pragma once
/// One route of one host, without its types: what typed functions and publishers stand on. For tools and generated
/// code.

#include <shunt/bus/builder.hpp>
#include <shunt/host/completion.hpp>
#include <shunt/host/options.hpp>
#include <shunt/host/pending_bytes.hpp>
#include <shunt/host/received_bytes.hpp>
#include <shunt/host/route_use.hpp>
#include <shunt/host/validation.hpp>
#include <shunt/schemas/ids.hpp>
#include <shunt/schemas/limits.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace shunt {

namespace host {
struct Core;
struct RouteInfo;
class InboundPool;
}  // namespace host

/// Copyable; any number of threads may use it at once. Outlives the Host: then every use gives Stopped.
class RouteHandle {
 public:
  RouteHandle(std::shared_ptr<host::Core> core, const host::RouteInfo& route);

  /// Memory towards the route's receivers, for the time of one build. On the stack of the sender.
  class Chunks final : public bus::ChunkSource {
   public:
    explicit Chunks(const RouteHandle& route) : route_(route) {}
    Chunks(const Chunks&) = delete;
    Chunks& operator=(const Chunks&) = delete;
    Result<bus::Loan> loan(std::size_t bytes) override;
    void give_back(const bus::Loan& loan) noexcept override;

   private:
    friend class RouteHandle;
    const RouteHandle& route_;
    host::InboundPool* pool_ = nullptr;      // of the last loan
    host::InboundPool* outgrown_ = nullptr;  // of the one before it, until that is given back
  };

  /// They consume what was built with `chunks`, whatever they return. Errors: those of Publisher::publish,
  /// Function::operator() and Function::call_async; TooLarge also where the route's `payload` is "inline" and this one
  /// does not fit.
  [[nodiscard]] Result<Delivery> publish(const Chunks& chunks, const bus::Built& built,
                                         const PublishOptions& options = {}) const;
  [[nodiscard]] Result<ReceivedBytes> call(const Chunks& chunks, const bus::Built& built,
                                           const CallOptions& options) const;
  [[nodiscard]] Result<PendingBytes> call_async(const Chunks& chunks, const bus::Built& built,
                                                const CallOptions& options) const;
  [[nodiscard]] Result<StartedCall> call_async(const Chunks& chunks, const bus::Built& built,
                                               const CallOptions& options, host::Completion completion) const;

  /// What was built with each of `chunks`, all of it consumed (publish_batch.cpp).
  [[nodiscard]] Result<BatchDelivery> publish_batch(std::span<const Chunks> chunks, std::span<const bus::Built> built,
                                                    const BatchOptions& options) const;
  /// Gives back what was built with `chunks` and is not going to be sent.
  static void give_back(const Chunks& chunks, const bus::Built& built) noexcept;

  /// Memory of a raw payload that outlives a build.
  struct RawMemory {
    bus::Loan loan{};  ///< Handle 0: none, it travels inside the message.
    host::InboundPool* pool = nullptr;
  };
  /// Errors: QuotaExceeded, TooLarge.
  [[nodiscard]] Result<RawMemory> loan_raw(std::size_t bytes) const;
  static void give_back(const RawMemory& memory) noexcept;
  /// Consumes it, as publish().
  [[nodiscard]] Result<Delivery> publish_raw(const RawMemory& memory, std::size_t bytes,
                                             const PublishOptions& options) const;

  /// How many messages it takes now from who sends next: as many as find room with the receiver that has least, in its
  /// ring and its backlog. kRoomUnbounded where nobody receives, 0 where nothing goes over it. Of chunks, which depend
  /// on sizes, it says nothing. Any thread; no system call.
  [[nodiscard]] std::size_t room() const;
  static constexpr std::size_t kRoomUnbounded = SIZE_MAX;

  /// What the last payload of the route needed, shared by all its senders.
  [[nodiscard]] bus::SizeHint& hint() const noexcept;
  /// Where payloads of the route are to be built.
  [[nodiscard]] bus::Payload payload() const noexcept;
  /// "plugin/function" or a topic; valid as long as the handle.
  [[nodiscard]] const std::string& name() const noexcept;
  /// BadPayload for a payload on this route that is not what `type` says.
  [[nodiscard]] Error bad_payload(const char* what, std::size_t bytes) const;
  /// What is asked of its messages beyond their types; valid as long as the handle.
  [[nodiscard]] const host::RouteChecks& checks() const noexcept { return *checks_; }
  /// ValidationFailed for a reply that `why` says is refused.
  [[nodiscard]] Error refused_reply(const std::string& why) const;

 private:
  [[nodiscard]] Status check_place(const Chunks& chunks, const bus::Built& built) const;

  std::shared_ptr<host::Core> core_;
  const host::RouteInfo* route_;
  const host::RouteChecks* checks_;
  host::RouteUse use_;
};

/// ValidationFailed, if a validator of the route's reply refuses it.
[[nodiscard]] Status check_reply(const host::RouteInfo& route, const void* root);

/// BadPayload for a payload on `route` that is not what its type says.
[[nodiscard]] Error bad_payload(const host::RouteInfo& route, const char* what, std::size_t bytes);

/// The root of a payload, verified within the limits of limits.hpp; of a raw one its size is. Null when it is not a
/// `Root`.
template <typename Root>
[[nodiscard]] const Root* verified_root(std::span<const std::uint8_t> bytes) noexcept {
  if constexpr (bus::kIsRaw<Root>) {
    return bytes.size() == sizeof(Root) ? reinterpret_cast<const Root*>(bytes.data()) : nullptr;
  } else {
    flatbuffers::Verifier verifier(bytes.data(), bytes.size(), kVerifyDepthMax, kVerifyTablesMax);
    return verifier.VerifyBuffer<Root>(nullptr) ? flatbuffers::GetRoot<Root>(bytes.data()) : nullptr;
  }
}

}  // namespace shunt
