#pragma once
/// What the host says of DDS: the domain, how to find others in it, and how each topic travels.

#include <shunt/bridges/arrivals.hpp>
#include <shunt/bridges/world.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace shunt::bridges {

struct DdsTopicSettings {
  bool reliable = true;
  std::int32_t history = 0;  ///< Messages of each instance that wait for readers, and for us.
  bool keyed = false;        ///< Each key is an instance of DDS.
  std::int32_t latched = 0;  ///< Messages that are kept for readers who come late; 0: none.
};

struct DdsSettings {
  std::uint32_t domain = 0;
  std::array<std::uint8_t, 16> origin{};  ///< Of our host, since it started.
  std::string file{};                     ///< Of `configuration`, where it is one; else empty.
  std::string configuration;              ///< As dds_create_domain takes it: XML, or the URI of a file.
  std::string where;                      ///< For people: "domain 7 on eth0".
  std::vector<DdsTopicSettings> topics;   ///< In the agreement's order.
};

/// Errors: BadInput (the host is of another release).
[[nodiscard]] Result<DdsSettings> read_dds_settings(const Agreement& agreement);

/// "shunt/market/bars" of "market.bars": DDS takes no dots.
[[nodiscard]] std::string dds_topic_name(std::string_view topic);

}  // namespace shunt::bridges
