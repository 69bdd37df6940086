#include "roudi_probe.hpp"

#include <string>

#include <fmt/format.h>
#include <unistd.h>

namespace shunt::bridges {
namespace {

/// Of this process alone.
iox::capro::ServiceDescription service() {
  const auto id = [](const std::string& text) {
    return iox::capro::IdString_t{iox::cxx::TruncateToCapacity, text.c_str()};
  };
  return {id("shunt-probe"), id(fmt::format("{}", ::getpid())), id("0")};
}

}  // namespace

RoudiProbe::RoudiProbe() : publisher_(service()), subscriber_(service()) {}

bool RoudiProbe::look() {
  const auto meant = connects_ ? iox::SubscribeState::SUBSCRIBED : iox::SubscribeState::NOT_SUBSCRIBED;
  if (subscriber_.getSubscriptionState() != meant) return ++unchanged_ < kLooksMax;
  unchanged_ = 0;
  connects_ = !connects_;
  if (connects_) subscriber_.subscribe();
  else subscriber_.unsubscribe();
  return true;
}

}  // namespace shunt::bridges
