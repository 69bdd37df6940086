#pragma once
/// A plugin's end of the C ABI: the launcher's services, with typed errors. For generated code; plugins do not name it.

#include <shunt/bus/builder.hpp>
#include <shunt/plugin.h>
#include <shunt/schemas/result.hpp>

#include <cstddef>
#include <cstdint>

namespace shunt::kit {

class Validators;

/// Bound once, right after the plugin was made; valid as long as the plugin.
struct Link {
  shunt_runtime* runtime = nullptr;
  const shunt_services* services = nullptr;
  const Validators* validators = nullptr;  ///< Null until the plugin adds one.

  /// The outcome of a service call, with the launcher's text when it failed.
  [[nodiscard]] Status status(int code) const {
    if (code == SHUNT_OK) [[likely]]
      return {};
    return failure(code);
  }

 private:
  [[nodiscard]] Status failure(int code) const;
};

/// The outbound pool, as the builder sees it.
class ServiceChunks final : public bus::ChunkSource {
 public:
  explicit ServiceChunks(const Link& link) : link_(link) {}
  Result<bus::Loan> loan(std::size_t bytes) override;
  void give_back(const bus::Loan& loan) noexcept override;

 private:
  const Link& link_;
};

/// Builds a payload in place and hands it to `send(sample, offset, bytes)`, which consumes it whatever it returns.
template <typename Root, typename Build, typename Send>
[[nodiscard]] Status build_and_send(const Link& link, bus::SizeHint& hint, bus::Payload payload, Build& build,
                                    const Send& send) {
  alignas(8) std::uint8_t scratch[bus::kScratchBytes];
  ServiceChunks chunks{link};
  bus::InPlaceBuilder builder({scratch, sizeof scratch}, chunks);
  SHUNT_TRY(built, builder.build<Root>(build, hint, payload));
  shunt_sample sample{built.sample.data, built.sample.capacity, built.sample.handle};
  return link.status(send(&sample, built.offset, built.bytes));
}

}  // namespace shunt::kit
