#include "quotes.hpp"

#include <cstring>
#include <numeric>
#include <stdexcept>

namespace shunt::test {

PluginConfiguration scribe(int version) {
  auto scribe = plugin(version == 1 ? "libhost_scribe.so" : "libhost_scribe-2.so");
  scribe.slots = kScribeSlots;
  scribe.handler_max = scribe.hold_max = 1h;
  return scribe;
}

PluginConfiguration herald() {
  auto herald = plugin("libhost_herald.so");
  herald.outbound = {{256, 256}, {4u << 10, 256}, {64u << 10, 16}};  // it may be ahead of who hears it
  return herald;
}

Result<Delivery> publish(Host& host, std::uint64_t number, const PublishOptions& options, std::uint32_t bytes) {
  SHUNT_TRY(quotes, host.publisher<stage::News>("stage.quotes"));
  return quotes.publish(
      [&](flatbuffers::FlatBufferBuilder& build) {
        std::uint8_t* data = nullptr;
        const auto padding = build.CreateUninitializedVector(bytes, &data);
        if (bytes > 0) std::memset(data, 'x', bytes);
        return stage::CreateNews(build, number, 0, padding);
      },
      options);
}

void proclaim(Host& host, std::uint64_t from, std::uint32_t count, const Proclaimed& how) {
  auto client = host.client<herald::Client>().value();
  const auto told = client.act(order({.deed = Deed::Publish,
                                      .number = from,
                                      .bytes = how.bytes,
                                      .count = count,
                                      .keys = how.keys,
                                      .urgent = how.urgent}),
                               {.deadline = 30s});
  if (!told) throw std::runtime_error(to_string(told.error()));
}

Numbers recall(Host& host) {
  const auto heard = host.client<scribe::Client>().value().recall(order({}), {.deadline = 30s});
  if (!heard) throw std::runtime_error(to_string(heard.error()));
  Numbers numbers((*heard)->padding()->size() / sizeof(std::uint64_t));
  if (!numbers.empty()) std::memcpy(numbers.data(), (*heard)->padding()->data(), (*heard)->padding()->size());
  return numbers;
}

Numbers recall(Host& host, std::size_t count) {
  Numbers heard;
  if (!await([&] { return static_cast<void>(host.poll()), (heard = recall(host)).size() >= count; }))
    throw std::runtime_error(fmt::format("the scribe heard {} quotes; {} were meant", heard.size(), count));
  return heard;
}

Numbers numbers(std::uint64_t from, std::size_t count) {
  Numbers numbers(count);
  std::iota(numbers.begin(), numbers.end(), from);
  return numbers;
}

}  // namespace shunt::test
