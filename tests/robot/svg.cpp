#include "svg.hpp"

#include <algorithm>
#include <memory>
#include <sstream>

#include <expat.h>
#include <fmt/format.h>

namespace shunt::test {

/// What expat calls.
struct SvgReader {
  Svg& svg;
  std::vector<std::size_t> open{};  // of the elements

  static void begin(void* self, const XML_Char* name, const XML_Char** attributes) {
    auto& [svg, open] = *static_cast<SvgReader*>(self);
    Svg::Element element;
    element.name = name;
    if (!open.empty()) element.within = svg.elements_[open.back()].within;
    for (; *attributes != nullptr; attributes += 2) element.attributes[attributes[0]] = attributes[1];
    if (element.attributes.contains("id")) element.within.push_back(element.attributes["id"]);
    open.push_back(svg.elements_.size());
    svg.elements_.push_back(std::move(element));
  }
  static void text(void* self, const XML_Char* text, int length) {
    auto& [svg, open] = *static_cast<SvgReader*>(self);
    svg.elements_[open.back()].text.append(text, static_cast<std::size_t>(length));
  }
  static void end(void* self, const XML_Char*) { static_cast<SvgReader*>(self)->open.pop_back(); }
};

Svg::Svg(const std::string& text) {
  const std::unique_ptr<XML_ParserStruct, decltype(&XML_ParserFree)> parser{XML_ParserCreate(nullptr), XML_ParserFree};
  SvgReader reader{*this};
  XML_SetUserData(parser.get(), &reader);
  XML_SetElementHandler(parser.get(), SvgReader::begin, SvgReader::end);
  XML_SetCharacterDataHandler(parser.get(), SvgReader::text);
  if (XML_Parse(parser.get(), text.data(), static_cast<int>(text.size()), XML_TRUE) == XML_STATUS_OK) return;
  problem_ = fmt::format("{} in line {}", XML_ErrorString(XML_GetErrorCode(parser.get())),
                         XML_GetCurrentLineNumber(parser.get()));
}

std::vector<Svg::Element> Svg::inside(const std::string& id, const std::string& name) const {
  std::vector<Element> found;
  std::ranges::copy_if(elements_, std::back_inserter(found), [&](const Element& element) {
    return element.name == name && (id.empty() || std::ranges::find(element.within, id) != element.within.end());
  });
  return found;
}

std::string Svg::words() const {
  std::string all;
  for (const Element& element : inside("", "text")) all += element.text + "\n";
  return all;
}

std::vector<std::pair<double, double>> Svg::points(const Element& polyline) {
  std::vector<std::pair<double, double>> points;
  std::istringstream text{polyline.attributes.at("points")};
  char comma = 0;
  for (std::pair<double, double> point; text >> point.first >> comma >> point.second;) points.push_back(point);
  return points;
}

}  // namespace shunt::test
