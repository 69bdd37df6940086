#include <shunt/plugin-kit/last_will.hpp>

namespace shunt::kit {

Status send_last_will(const Link& link, std::string_view plugin, const TopicRoute& topic, std::uint32_t index, Key key,
                      const std::uint8_t* payload, std::size_t bytes) {
  if (bytes > kLastWillBytesMax)
    return error(
        ErrorCode::TooLarge,
        "{}: the last will for \"{}\" has {} bytes, and at most {} may be: leave out what its receivers can do "
        "without",
        plugin, topic.name, bytes, kLastWillBytesMax);
  const shunt_publication how{sizeof how, index, key.value, 0, 0, SHUNT_ORIGIN_NONE};
  return link.status(link.services->set_will(link.runtime, &how, payload, bytes));
}

Error unwritten_last_will(std::string_view plugin, const TopicRoute& topic) {
  return {ErrorCode::PluginFailed,
          fmt::format("{}: {}() returned without a last will for \"{}\": call write() on what it is given, or return "
                      "why not",
                      plugin, topic.last_will, topic.name)};
}

}  // namespace shunt::kit
