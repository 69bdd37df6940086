/// The peer `iceoryx`: stock untyped publish/subscribe of iceoryx 2.0.3, with blocking policies so that nothing is
/// lost, and a RouDi of its own. Sleeping consumers wait in a WaitSet. One publication reaches every consumer of a
/// fan-out.

#include "paired_subject.hpp"
#include "peers.hpp"
#include "private_roudi.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <thread>

#include <fcntl.h>
#include <iceoryx_hoofs/log/logmanager.hpp>
#include <iceoryx_posh/popo/untyped_publisher.hpp>
#include <iceoryx_posh/popo/untyped_subscriber.hpp>
#include <iceoryx_posh/popo/wait_set.hpp>
#include <iceoryx_posh/runtime/posh_runtime.hpp>
#include <unistd.h>

namespace shunt::bench {
namespace {

const iox::capro::ServiceDescription kRequests{"shunt-bench", "peer", "requests"};
const iox::capro::ServiceDescription kReplies{"shunt-bench", "peer", "replies"};

/// What one process holds of iceoryx.
struct End {
  End(const iox::capro::ServiceDescription& outgoing, const iox::capro::ServiceDescription& incoming,
      const iox::popo::PublisherOptions& publisher_options, const iox::popo::SubscriberOptions& subscriber_options)
      : publisher(outgoing, publisher_options), subscriber(incoming, subscriber_options) {}

  iox::popo::UntypedPublisher publisher;
  iox::popo::UntypedSubscriber subscriber;
  iox::popo::WaitSet<> wait_set;
};

class IceoryxTransport {
 public:
  static Status supports(const Setup&) { return {}; }

  static Result<std::unique_ptr<IceoryxTransport>> create(const Setup& setup, const Waiting& waiting) {
    SHUNT_CHECK(enter_private_mounts());
    // Room for a full queue each way, and for the chunks that the processes have in hand.
    const std::uint32_t chunks = (1 + setup.consumers) * (setup.depth + 16);
    SHUNT_TRY(roudi, start_roudi((setup.bytes + 7) / 8 * 8, chunks));
    return std::unique_ptr<IceoryxTransport>(new IceoryxTransport(std::move(roudi), setup, waiting));
  }

  IceoryxTransport(const IceoryxTransport&) = delete;
  IceoryxTransport& operator=(const IceoryxTransport&) = delete;
  ~IceoryxTransport() {
    // Our process ends next. Its iceoryx thread, which lives until then, would complain that RouDi has gone.
    const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere >= 0) ::dup2(nowhere, STDERR_FILENO);
    ::close(nowhere);
  }

  Status attach_client() {
    attach("client", kRequests, kReplies);
    return connected();
  }

  Status attach_consumer(unsigned consumer) {
    attach(fmt::format("consumer-{}", consumer), kReplies, kRequests);
    return connected();
  }

  template <typename Fill>
  bool send(Fill fill) {
    for (Spinner spinner{waiting_};;) {
      auto loan = end_->publisher.loan(static_cast<std::uint32_t>(bytes_), iox::CHUNK_DEFAULT_USER_PAYLOAD_ALIGNMENT);
      if (!loan.has_error()) {
        fill(static_cast<std::byte*>(loan.value()));
        end_->publisher.publish(loan.value());
        return true;
      }
      if (!spinner.spin()) std::this_thread::yield();  // chunks come back without a wake-up
    }
  }

  template <typename Check>
  bool receive(Check check) {
    for (Spinner spinner{waiting_};;) {
      auto taken = end_->subscriber.take();
      if (!taken.has_error()) {
        check(static_cast<const std::byte*>(taken.value()));
        end_->subscriber.release(taken.value());
        return true;
      }
      if (!spinner.spin()) end_->wait_set.wait();
    }
  }

 private:
  IceoryxTransport(Child roudi, const Setup& setup, const Waiting& waiting)
      : roudi_(std::move(roudi)), waiting_(waiting), bytes_(setup.bytes), depth_(setup.depth) {}

  void attach(const std::string& process, const iox::capro::ServiceDescription& outgoing,
              const iox::capro::ServiceDescription& incoming) {
    iox::log::LogManager::GetLogManager().SetDefaultLogLevel(iox::log::LogLevel::kOff,
                                                             iox::log::LogLevelOutput::kHideLogLevel);
    iox::runtime::PoshRuntime::initRuntime(iox::RuntimeName_t{iox::cxx::TruncateToCapacity, process.c_str()});
    iox::popo::PublisherOptions publisher_options;
    publisher_options.subscriberTooSlowPolicy = iox::popo::ConsumerTooSlowPolicy::WAIT_FOR_CONSUMER;
    iox::popo::SubscriberOptions subscriber_options;
    subscriber_options.queueCapacity = depth_;
    subscriber_options.queueFullPolicy = iox::popo::QueueFullPolicy::BLOCK_PRODUCER;
    end_.emplace(outgoing, incoming, publisher_options, subscriber_options);
    // Attached, a WaitSet costs every publication a notification: only where somebody sleeps in it.
    if (waiting_.wait != Wait::Spin)
      end_->wait_set.attachState(end_->subscriber, iox::popo::SubscriberState::HAS_DATA).or_else([](auto) {});
  }

  Status connected() {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (end_->subscriber.getSubscriptionState() != iox::SubscribeState::SUBSCRIBED) {
      if (std::chrono::steady_clock::now() > limit)
        return error(ErrorCode::System, "iceoryx does not connect publisher and subscriber within 10 s");
      std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
    return {};
  }

  Child roudi_;
  Waiting waiting_;
  std::size_t bytes_;
  std::uint32_t depth_;
  std::optional<End> end_;
};

}  // namespace

std::unique_ptr<Subject> make_iceoryx() {
  return std::make_unique<PairedSubject<IceoryxTransport>>(
      PeerTraits{.name = "iceoryx", .payload = Payload::Chunk, .mode = "in_place"});
}

}  // namespace shunt::bench
