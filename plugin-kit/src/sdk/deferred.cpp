#include <shunt/plugin-kit/deferred.hpp>

#include <array>

#include <fmt/format.h>

namespace shunt::kit {

Status DeferredBase::none_owed() const {
  return error(ErrorCode::PluginFailed, "{}: this deferred answer was given before, or moved away", route_->name);
}

Status DeferredBase::settled(Status status) {
  const bool over = status || status.error().code == ErrorCode::DeadlineExceeded ||
                    status.error().code == ErrorCode::Cancelled || status.error().code == ErrorCode::BadInput;
  if (over) link_ = nullptr;
  return status;
}

Status DeferredBase::fail(const Error& why) {
  if (link_ == nullptr) return none_owed();
  const Link& link = *std::exchange(link_, nullptr);
  return link.status(
      link.services->fail(link.runtime, &message_, static_cast<int>(why.code), why.message.data(), why.message.size()));
}

/// May run while an exception passes, so it formats into a fixed buffer.
void DeferredBase::drop() noexcept {
  const Link* const link = std::exchange(link_, nullptr);
  if (link == nullptr) return;
  std::array<char, 256> text;
  const auto end = fmt::format_to_n(text.data(), text.size(), "{} deferred its answer and dropped it", route_->name);
  link->services->fail(link->runtime, &message_, static_cast<int>(ErrorCode::PluginFailed), text.data(),
                       static_cast<std::size_t>(end.out - text.data()));
}

}  // namespace shunt::kit
