#include "picture.hpp"

#include "scanner.hpp"
#include "world.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace robot_demo {
namespace {

constexpr double kScale = 80;  // units of the picture for a metre
constexpr double kLeft = 32, kTop = 76;
constexpr double kPanel = kLeft + Arena::kLength * kScale + 32;  // what stands beside the arena
constexpr double kPanelWidth = 252;
constexpr double kBottom = kTop + Arena::kWidth * kScale;
constexpr Point kLens{kPanel + kPanelWidth / 2, kBottom - 112};
constexpr double kLensRadius = 110;
constexpr double kLensScale = 4.5;  // beside the arena's

/// Colours that stand out from light and from dark paper: the paper is the viewer's.
constexpr const char* kStyle = R"(<style>
.paper { fill: #faf9f6 } .floor { fill: #ffffff } .grid { stroke: #ecebe6; stroke-width: 1 } .seen { fill: #3f7fd9; fill-opacity: .1 }
.wall { fill: none; stroke: #4a4f59 } .thing { fill: #d5d1c6; stroke: #8d8778 }
.text { fill: #25282e } .soft { fill: #6b7079 } .body { fill: #ffffff; stroke: #25282e } .line { stroke: #25282e }
.red { fill: none; stroke: #d6303a } .green { fill: none; stroke: #128a4b } .amber { fill: none; stroke: #b26a00 }
text { font-family: "Inter", "Helvetica Neue", "DejaVu Sans", sans-serif; font-size: 14px }
.thing, .grid { vector-effect: non-scaling-stroke } .title { font-size: 21px; font-weight: 600 } .small { font-size: 12.5px }
@media (prefers-color-scheme: dark) {
.paper { fill: #15171b } .floor { fill: #1d2025 } .grid { stroke: #292d34 } .seen { fill: #6aa2f0; fill-opacity: .12 }
.wall { stroke: #9aa0ab } .thing { fill: #3d424c; stroke: #777e8b }
.text { fill: #ebe9e4 } .soft { fill: #9aa0ab } .body { fill: #15171b; stroke: #ebe9e4 } .line { stroke: #ebe9e4 }
.red { stroke: #ff6b72 } .green { stroke: #3ecf82 } .amber { stroke: #f0a63c }
}
</style>
)";

constexpr std::size_t kPieces = 48;  // of the way, each in its colour

/// Of the way, from its start (0) to its end (1).
std::string colour(double share) {
  constexpr std::array<std::array<double, 3>, 4> kStops{
      {{47, 128, 224}, {139, 92, 219}, {222, 76, 148}, {240, 130, 50}}};
  const double at = std::clamp(share, 0.0, 1.0) * (kStops.size() - 1);
  const std::size_t low = std::min(static_cast<std::size_t>(at), kStops.size() - 2);
  const auto part = [&](std::size_t i) {
    return static_cast<int>(kStops[low][i] + (kStops[low + 1][i] - kStops[low][i]) * (at - static_cast<double>(low)));
  };
  return fmt::format("#{:02x}{:02x}{:02x}", part(0), part(1), part(2));
}

Point on_paper(Point at) { return {kLeft + at.x * kScale, kBottom - at.y * kScale}; }

class Drawing {
 public:
  template <typename... Values>
  void add(fmt::format_string<Values...> text, Values&&... values) {
    fmt::format_to(std::back_inserter(text_), text, std::forward<Values>(values)...);
  }
  void text(Point at, const char* kind, const std::string& words) {
    add("<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", kind, at.x, at.y, words);
  }
  [[nodiscard]] const std::string& all() const { return text_; }

 private:
  std::string text_;
};

// ---- Marks: each around a point of the paper

void mark_start(Drawing& draw, Point at) {
  draw.add("<circle class=\"body\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"6\" stroke-width=\"2.5\"/>\n", at.x, at.y);
}

void mark_kill(Drawing& draw, Point at) {
  draw.add("<path class=\"red\" d=\"M{:.1f} {:.1f} l14 14 m0 -14 l-14 14\" stroke-width=\"4\"/>\n", at.x - 7, at.y - 7);
}

void mark_stop(Drawing& draw, Point at) {
  draw.add("<rect class=\"amber\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"16\" height=\"16\" rx=\"2\" stroke-width=\"3\"/>\n",
           at.x - 8, at.y - 8);
}

void mark_next(Drawing& draw, Point at) {
  draw.add("<circle class=\"green\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"14\" stroke-width=\"3\"/>\n", at.x, at.y);
}

/// The robot itself, to scale.
void mark_robot(Drawing& draw, Point at, double heading) {
  const double radius = World::kRadius * kScale;
  draw.add(
      "<g id=\"robot\"><circle class=\"body\" cx=\"{0:.1f}\" cy=\"{1:.1f}\" r=\"{2:.1f}\" stroke-width=\"2.5\"/>"
      "<path class=\"line\" d=\"M{0:.1f} {1:.1f} L{3:.1f} {4:.1f}\" stroke-width=\"2.5\"/></g>\n",
      at.x, at.y, radius, at.x + radius * std::cos(heading), at.y - radius * std::sin(heading));
}

// ---- The arena

void draw_obstacles(Drawing& draw, const Arena& arena) {
  draw.add("<g id=\"obstacles\" stroke-width=\"1.5\">\n");
  for (const Circle& circle : arena.circles()) {
    const Point at = on_paper(circle.centre);
    draw.add("<circle class=\"thing\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\"/>\n", at.x, at.y,
             circle.radius * kScale);
  }
  for (const Box& box : arena.boxes()) {
    const Point at = on_paper(box.centre);
    draw.add(
        "<rect class=\"thing\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
        "transform=\"translate({:.1f} {:.1f}) rotate({:.2f})\"/>\n",
        -box.half_length * kScale, -box.half_width * kScale, 2 * box.half_length * kScale, 2 * box.half_width * kScale,
        at.x, at.y, -box.angle * 180 / std::numbers::pi);
  }
  draw.add("</g>\n");
}

void draw_floor(Drawing& draw) {
  constexpr double kRight = kLeft + Arena::kLength * kScale;
  draw.add("<rect class=\"floor\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>\n<path class=\"grid\" d=\"", kLeft,
           kTop, Arena::kLength * kScale, Arena::kWidth * kScale);
  for (int x = 1; x < Arena::kLength; ++x) draw.add("M{} {}V{}", kLeft + x * kScale, kTop, kBottom);
  for (int y = 1; y < Arena::kWidth; ++y) draw.add("M{} {}H{}", kLeft, kTop + y * kScale, kRight);
  draw.add("\"/>\n");
}

/// What the scanner sees at the end.
void draw_seen(Drawing& draw, const Arena& arena, const Pose& pose) {
  const Point eye = on_paper(pose.at);
  draw.add("<path class=\"seen\" d=\"M{:.1f} {:.1f}", eye.x, eye.y);
  for (std::size_t ray = 0; ray < Scanner::kRays; ++ray) {
    const double angle = pose.heading - Scanner::kAngleMax + static_cast<double>(ray) * Scanner::kStep;
    const double range = arena.range(pose.at, angle, Scanner::kRangeMax);
    const Point hit = on_paper({pose.at.x + range * std::cos(angle), pose.at.y + range * std::sin(angle)});
    draw.add("L{:.1f} {:.1f}", hit.x, hit.y);
  }
  draw.add("Z\"/>\n");
}

void draw_way(Drawing& draw, const std::vector<Moment>& track) {
  draw.add("<g id=\"way\" fill=\"none\" stroke-linecap=\"round\" stroke-linejoin=\"round\">\n");
  const std::size_t steps = track.size() - 1;
  for (std::size_t piece = 0; piece < kPieces; ++piece) {
    const std::size_t first = steps * piece / kPieces, last = steps * (piece + 1) / kPieces;
    if (first == last) continue;
    draw.add("<polyline stroke=\"{}\" points=\"", colour((static_cast<double>(piece) + 0.5) / kPieces));
    for (std::size_t i = first; i <= last; ++i) {
      const Point at = on_paper(track[i].pose.at);
      draw.add("{:.1f},{:.1f} ", at.x, at.y);
    }
    draw.add("\"/>\n");
  }
  draw.add("</g>\n");
}

void draw_arena(Drawing& draw, const Arena& arena, const Journey& journey) {
  draw.add("<g stroke-width=\"3\"><g id=\"arena\">\n");
  draw_floor(draw);
  draw_seen(draw, arena, journey.track.back().pose);
  draw_obstacles(draw, arena);
  draw_way(draw, journey.track);
  draw.add(
      "</g></g>\n<rect class=\"wall\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" stroke-width=\"6\" rx=\"2\"/>\n",
      kLeft - 3, kTop - 3, Arena::kLength * kScale + 6, Arena::kWidth * kScale + 6);
  mark_start(draw, on_paper(journey.track.front().pose.at));
  mark_robot(draw, on_paper(journey.track.back().pose.at), journey.track.back().pose.heading);
  if (journey.death) mark_kill(draw, on_paper(journey.death->killed.pose.at));
}

// ---- What stands beside it

void draw_legend(Drawing& draw, const Journey& journey) {
  const double x = kPanel, right = kPanel + kPanelWidth;
  double y = kTop + 12;
  draw.text({x, y}, "text", "the way, coloured by time");
  draw.add("<defs><linearGradient id=\"time\">");
  for (const double share : {0.0, 1.0 / 3, 2.0 / 3, 1.0})
    draw.add("<stop offset=\"{:.3f}\" stop-color=\"{}\"/>", share, colour(share));
  draw.add(
      "</linearGradient></defs>\n<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"10\" rx=\"5\" fill=\"url(#time)\"/>\n",
      x, y + 12, kPanelWidth);
  draw.text({x, y + 40}, "soft small", "0 s");
  draw.add("<text class=\"soft small\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{:.0f} s</text>\n", right, y + 40,
           seconds(journey.ticks));
  const auto entry = [&](auto mark, const std::string& words) {
    mark(draw, Point{x + 14, y + 72});
    draw.text({x + 42, y + 77}, "text", words);
    y += 34;
  };
  entry(mark_start, "start");
  entry([](Drawing& drawing, Point at) { mark_robot(drawing, at, 0.6); }, "end, and what it sees there");
  if (!journey.death) return;
  const Death& death = *journey.death;
  entry(mark_kill, fmt::format("driver killed, {:.1f} s", seconds(death.killed.tick)));
  const auto later = [&](const Moment& moment) { return seconds(moment.tick - death.killed.tick); };
  if (death.stood) entry(mark_stop, fmt::format("stood {:.2f} s later", later(*death.stood)));
  if (death.went_on) entry(mark_next, fmt::format("next one drove on {:.2f} s later", later(*death.went_on)));
}

/// The place of the kill, enlarged.
void draw_lens(Drawing& draw, const Death& death) {
  const Point middle = on_paper(death.stood ? death.stood->pose.at : death.killed.pose.at);
  const auto enlarged = [&](const Moment& moment) {
    const Point at = on_paper(moment.pose.at);
    return Point{kLens.x + (at.x - middle.x) * kLensScale, kLens.y + (at.y - middle.y) * kLensScale};
  };
  draw.add(
      "<defs><clipPath id=\"glass\"><circle cx=\"{0}\" cy=\"{1}\" r=\"{2}\"/></clipPath></defs>\n"
      "<g id=\"lens\" clip-path=\"url(#glass)\"><rect class=\"paper\" x=\"{3}\" y=\"{4}\" width=\"{5}\" "
      "height=\"{5}\"/>"
      "<use href=\"#arena\" stroke-width=\"0.8\" transform=\"translate({0} {1}) scale({6}) translate({7:.2f} "
      "{8:.2f})\"/>\n",
      kLens.x, kLens.y, kLensRadius, kLens.x - kLensRadius, kLens.y - kLensRadius, 2 * kLensRadius, kLensScale,
      -middle.x, -middle.y);
  if (death.went_on) mark_next(draw, enlarged(*death.went_on));
  if (death.stood) mark_stop(draw, enlarged(*death.stood));
  mark_kill(draw, enlarged(death.killed));
  draw.add(
      "</g>\n<text class=\"soft small\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">where the driver was killed</text>\n",
      kLens.x, kLens.y - kLensRadius - 14);
  draw.add("<circle class=\"wall\" cx=\"{}\" cy=\"{}\" r=\"{}\" stroke-width=\"2\"/>\n", kLens.x, kLens.y, kLensRadius);
}

std::string drawn(const Arena& arena, const Journey& journey, const Options& options) {
  constexpr double kWidth = kPanel + kPanelWidth + 28, kHeight = kBottom + 32;
  Drawing draw;
  draw.add("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\">\n", kWidth,
           kHeight);
  draw.add("<title>The way of the robot through the arena of seed {}</title>\n{}", options.seed, kStyle);
  draw.add("<rect class=\"paper\" width=\"{}\" height=\"{}\"/>\n", kWidth, kHeight);
  draw.text({kLeft, 46}, "text title",
            fmt::format("{:.1f} m in {:.0f} s, {} collision{}", journey.distance, seconds(journey.ticks),
                        journey.collisions, journey.collisions == 1 ? "" : "s"));
  draw.add("<text class=\"soft\" x=\"{}\" y=\"46\" text-anchor=\"end\">seed {}, one square is 1 m</text>\n",
           kLeft + Arena::kLength * kScale, options.seed);
  draw_arena(draw, arena, journey);
  draw_legend(draw, journey);
  if (journey.death) draw_lens(draw, *journey.death);
  draw.add("</svg>\n");
  return draw.all();
}

}  // namespace

namespace {

shunt::Error not_written(const std::filesystem::path& file) {
  return {shunt::ErrorCode::System,
          fmt::format("the picture {} cannot be written: name another file with --svg", file.string())};
}

}  // namespace

shunt::Status check_picture(const std::filesystem::path& file) {
  if (std::ofstream{file, std::ios::app}) return {};
  return tl::make_unexpected(not_written(file));
}

shunt::Status write_picture(const std::filesystem::path& file, const Arena& arena, const Journey& journey,
                            const Options& options) {
  std::ofstream stream{file, std::ios::binary};
  stream << drawn(arena, journey, options);
  if (stream.close(), stream) return {};
  return tl::make_unexpected(not_written(file));
}

}  // namespace robot_demo
