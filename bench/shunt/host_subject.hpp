#pragma once
/// What every subject of the host's own API shares: a host in this process, consumers as plugins, stopped in between.

#include "bench_a_client.hpp"
#include "bench_b_client.hpp"

#include <shunt/bench/pattern.hpp>
#include <shunt/bench/subject.hpp>
#include <shunt/host.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace shunt::bench {

/// Plugins that hear `bench.stream` and serve `bench-a/echo`; one per consumer, at most two. `launcher` starts them;
/// empty: the one that users run.
class HostSubject : public Subject {
 public:
  explicit HostSubject(Payload payload, std::filesystem::path launcher = {})
      : payload_(payload), launcher_(std::move(launcher)) {}
  ~HostSubject() override { HostSubject::stop(); }

  [[nodiscard]] Payload payload() const override { return payload_; }
  /// As `read = "auto"` reads: inline and up to 4 KiB copied, larger ones of a listed plugin in place.
  [[nodiscard]] std::string_view mode() const override { return setup_.bytes > 4096 ? "in_place" : "copy"; }
  /// Plugins that spin never give up their core: with fewer cores than processes they sleep.
  [[nodiscard]] Wait wait(const Setup& setup) const override {
    return setup.wait == Wait::Spin && setup.placement.crowded(setup.consumers) ? Wait::Sleep : setup.wait;
  }
  [[nodiscard]] Status supports(const Setup& setup) const override;
  Status start(const Setup& setup) override;
  void stop() noexcept override;

 protected:
  /// Lets the plugins run while it lives: in between they are stopped, because a spinning one would disturb the others.
  class Running {
   public:
    explicit Running(const std::vector<pid_t>& plugins);
    ~Running();
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

   private:
    const std::vector<pid_t>& plugins_;
  };

  /// Builds the payload of message `sequence`: a FlatBuffer of `setup.bytes` bytes as a whole.
  template <typename Builder>
  auto build(Builder& builder, std::uint64_t sequence) const {
    std::uint8_t* data = nullptr;
    const auto vector = builder.CreateUninitializedVector(data_bytes_, 1, &data);
    Pattern{data_bytes_, setup_.corrupt_every}.write(reinterpret_cast<std::byte*>(data), sequence);
    return ::bench::CreateBlob(builder, sequence, flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>>(vector));
  }
  [[nodiscard]] bool checks(const ::bench::Blob& blob, std::uint64_t sequence) const {
    return blob.data() != nullptr && blob.data()->size() == data_bytes_ &&
           Pattern{data_bytes_}.check(reinterpret_cast<const std::byte*>(blob.data()->data()), sequence);
  }

  Setup setup_;
  std::optional<Host> host_;
  std::vector<pid_t> plugins_;
  std::uint64_t next_ = 0;

 private:
  Payload payload_;
  std::filesystem::path launcher_;
  std::size_t data_bytes_ = 0;
};

/// `client.function()` to a typed handler and back: route, deadline, verification at both ends. `launcher` as above.
std::unique_ptr<Subject> make_client(Payload payload, std::filesystem::path launcher = {});
/// `publisher.publish()` to typed handlers: a stream to one plugin, a fan-out to two.
std::unique_ptr<Subject> make_publisher(Payload payload);

}  // namespace shunt::bench
