#include "dds_settings.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

#include <fmt/format.h>

namespace shunt::bridges {
namespace {

template <typename Number>
bool read_number(std::string_view text, Number& number, int base = 10) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return code == std::errc{} && end == text.data() + text.size();
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const auto end = std::min(text.find(at), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

/// The host lets no such characters through; what it is made of is not left to that.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char each : text) {
    if (each == '&') result += "&amp;";
    else if (each == '<') result += "&lt;";
    else if (each == '>') result += "&gt;";
    else if (each == '"') result += "&quot;";
    else result += each;
  }
  return result;
}

/// "reliable 256 plain 0"
bool read_topic(std::string_view text, DdsTopicSettings& topic) {
  const auto words = split(text, ' ');
  if (words.size() != 4) return false;
  topic.reliable = words[0] == "reliable";
  topic.keyed = words[2] == "keyed";
  return read_number(words[1], topic.history) && topic.history > 0 && read_number(words[3], topic.latched) &&
         topic.latched >= 0;
}

bool read_origin(std::string_view text, std::array<std::uint8_t, 16>& origin) {
  if (text.size() != 2 * origin.size()) return false;
  for (std::size_t i = 0; i < origin.size(); ++i)
    if (!read_number(text.substr(2 * i, 2), origin[i], 16)) return false;
  return true;
}

/// Room for all that may wait: dds_write() is never to wait for a reader, and drops the oldest instead.
std::uint64_t room_of(const std::vector<DdsTopicSettings>& topics, std::uint64_t message_bytes) {
  constexpr std::uint64_t kMost = 1u << 30;
  std::uint64_t history = 0;
  for (const DdsTopicSettings& each : topics) history = std::max<std::uint64_t>(history, each.history);
  return std::min(kMost, history * message_bytes + (1u << 20));
}

/// DDS drops what is larger, and counts nothing: what is not much larger is to be refused by us.
std::uint64_t largest_sample(std::uint64_t message_bytes) { return std::max<std::uint64_t>(message_bytes, 4u << 20); }

std::string configuration_of(const Agreement& agreement, std::uint64_t message_bytes, std::uint64_t room) {
  std::string interfaces, peers;
  const std::string interface_words = agreement.setting("interfaces");
  const std::string peer_words = agreement.setting("peers");
  for (const auto each : split(interface_words, ','))
    interfaces += fmt::format("<NetworkInterface name=\"{}\"/>", escaped(each));
  for (const auto each : split(peer_words, ',')) peers += fmt::format("<Peer address=\"{}\"/>", escaped(each));
  if (!interfaces.empty()) interfaces = "<Interfaces>" + interfaces + "</Interfaces>";
  const bool multicast = agreement.setting("multicast") != "no";
  // Without multicast others look for us at the first ports of the domain, and not at any.
  const std::string_view place = multicast && peers.empty() ? "" : "<ParticipantIndex>auto</ParticipantIndex>";
  if (!peers.empty()) peers = "<Peers>" + peers + "</Peers>";
  return fmt::format(
      "<CycloneDDS><Domain id=\"any\"><General>{}<AllowMulticast>{}</AllowMulticast></General>"
      "<Discovery>{}{}<LeaseDuration>{}ms</LeaseDuration></Discovery><Internal><MaxSampleSize>{}B</MaxSampleSize>"
      "<Watermarks><WhcHigh>{}B</WhcHigh></Watermarks></Internal></Domain></CycloneDDS>",
      interfaces, multicast, place, peers, agreement.setting("lease_ms"), largest_sample(message_bytes), room);
}

}  // namespace

Result<DdsSettings> read_dds_settings(const Agreement& agreement) {
  constexpr std::uint64_t kHeaderBytes = 128;
  const auto bad = [](std::string_view what) {
    return error(ErrorCode::BadInput, "the host says no {}: install the host and its bridges of one release", what);
  };
  DdsSettings settings;
  std::uint64_t message_bytes = 0;
  if (!read_number(agreement.setting("domain"), settings.domain)) return bad("domain");
  if (!read_origin(agreement.setting("origin"), settings.origin)) return bad("origin");
  if (!read_number(agreement.setting("message_bytes"), message_bytes)) return bad("message_bytes");
  for (const Topic& each : agreement.topics)
    if (!read_topic(agreement.setting("topic." + each.name), settings.topics.emplace_back()))
      return bad("topic." + each.name);
  message_bytes += kHeaderBytes;
  settings.where = fmt::format("domain {}", settings.domain);
  if (const std::string interfaces = agreement.setting("interfaces"); !interfaces.empty())
    settings.where += " on " + interfaces;
  const std::string file = settings.file = agreement.setting("configuration");
  settings.configuration = file.empty()
                               ? configuration_of(agreement, message_bytes, room_of(settings.topics, message_bytes))
                               : "file://" + file;
  return settings;
}

std::string dds_topic_name(std::string_view topic) {
  std::string name = "shunt/";
  name += topic;
  std::ranges::replace(name, '.', '/');
  return name;
}

}  // namespace shunt::bridges
