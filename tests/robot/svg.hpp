#pragma once
/// A picture as a parser of XML sees it.
///
///     const Svg svg{text_of("robot.svg")};
///     EXPECT_EQ(svg.inside("obstacles", "circle").size(), arena.circles().size());

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace shunt::test {

class Svg {
 public:
  using Attributes = std::map<std::string, std::string>;
  struct Element {
    std::string name;
    Attributes attributes;
    std::vector<std::string> within;  ///< ids of what it is inside of, its own last.
    std::string text;
  };

  explicit Svg(const std::string& text);

  /// Empty when it is well-formed; else what is wrong, and in which line.
  [[nodiscard]] const std::string& problem() const { return problem_; }
  [[nodiscard]] const std::vector<Element>& elements() const { return elements_; }
  /// The elements of this name inside of what has this id; inside of anything, when it is empty.
  [[nodiscard]] std::vector<Element> inside(const std::string& id, const std::string& name) const;
  /// All words, in order.
  [[nodiscard]] std::string words() const;
  /// Of a polyline's points.
  [[nodiscard]] static std::vector<std::pair<double, double>> points(const Element& polyline);

 private:
  friend struct SvgReader;
  std::string problem_;
  std::vector<Element> elements_;
};

}  // namespace shunt::test
