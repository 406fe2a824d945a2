// SPDX-License-Identifier: Apache-2.0
#include "Report.h"

#include <algorithm>
#include <map>

namespace tsum {

namespace {

std::string escaped(const std::string &text) {
  std::string result;
  for (char c : text) {
    if (c == '<')
      result += "&lt;";
    else if (c == '>')
      result += "&gt;";
    else if (c == '&')
      result += "&amp;";
    else if (c == '"')
      result += "&quot;";
    else
      result += c;
  }
  return result;
}

/// A box of the drawing: data, or a kernel.
struct Box {
  std::string style;
  std::vector<std::string> lines; ///< the first is its title
  std::vector<std::size_t> from;  ///< boxes before it
  int layer = 0;
  double x = 0, y = 0, width = 0, height = 0;
};

/// The boxes of a graph in layers: each below all that it reads.
class Drawing {
public:
  explicit Drawing(const GraphReport &graph) {
    std::vector<std::size_t> box_of; // of each value
    for (std::size_t n = 0; n < graph.data.size(); ++n) {
      box_of.push_back(boxes.size());
      boxes.push_back({"data", {"%" + std::to_string(n), graph.data[n]}, {}});
    }
    std::size_t next_value = graph.data.size();
    for (const KernelReport &report : graph.kernels) {
      Box box{"kernel", {report.kernel.name}, {}};
      box.lines.insert(box.lines.end(), report.kernel.operations.begin(),
                       report.kernel.operations.end());
      box.lines.push_back("gives " + results_of(report.kernel, next_value));
      box.lines.push_back(time_of(report));
      if (!report.kernel.recomputed.empty()) {
        box.style += " again";
        box.lines.emplace_back("runs again: " + report.kernel.recomputed);
      }
      for (std::int32_t input : report.kernel.inputs) {
        const std::size_t from = box_of[static_cast<std::size_t>(input)];
        if (std::ranges::find(box.from, from) == box.from.end())
          box.from.push_back(from);
        box.layer = std::max(box.layer, boxes[from].layer + 1);
      }
      box_of.insert(box_of.end(), report.kernel.types.size(), boxes.size());
      boxes.push_back(std::move(box));
    }
    place();
  }

  [[nodiscard]] std::string svg() const {
    std::string text = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + number(width) +
                       " " + number(height) + "\" width=\"" + number(width) + "\" height=\"" +
                       number(height) +
                       "\">\n<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" "
                       "refX=\"8\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" "
                       "orient=\"auto\"><path d=\"M0,0 L8,4 L0,8 z\"/></marker></defs>\n";
    for (const Box &box : boxes)
      for (std::size_t from : box.from)
        text += arrow(boxes[from], box);
    for (const Box &box : boxes)
      text += draw(box);
    return text + "</svg>\n";
  }

private:
  static constexpr double letter = 7.3, line = 17, padding = 10, gap = 40;

  static std::string number(double value) {
    return std::to_string(static_cast<std::int64_t>(value));
  }

  void place() {
    std::map<int, double> ends, heights; // by layer: where the next box goes, and its height
    for (Box &box : boxes) {
      std::size_t longest = 0;
      for (const std::string &text : box.lines)
        longest = std::max(longest, text.size());
      box.width = static_cast<double>(longest) * letter + 2 * padding;
      box.height = static_cast<double>(box.lines.size()) * line + 2 * padding;
      box.x = ends[box.layer] + gap / 2;
      ends[box.layer] = box.x + box.width + gap / 2;
      heights[box.layer] = std::max(heights[box.layer], box.height);
      width = std::max(width, ends[box.layer]);
    }
    std::map<int, double> tops;
    height = gap / 2;
    for (auto [layer, most] : heights) {
      tops[layer] = height;
      height += most + gap;
    }
    for (Box &box : boxes) {
      box.x += (width - ends[box.layer]) / 2; // each layer in the middle
      box.y = tops[box.layer];
    }
  }

  static std::string arrow(const Box &from, const Box &to) {
    const double x1 = from.x + from.width / 2, y1 = from.y + from.height;
    const double x2 = to.x + to.width / 2, y2 = to.y;
    const double bend = (y1 + y2) / 2;
    return "<path class=\"arrow\" marker-end=\"url(#arrow)\" d=\"M" + number(x1) + "," +
           number(y1) + " C" + number(x1) + "," + number(bend) + " " + number(x2) + "," +
           number(bend) + " " + number(x2) + "," + number(y2) + "\"/>\n";
  }

  static std::string draw(const Box &box) {
    std::string text = "<g class=\"" + box.style + "\"><rect x=\"" + number(box.x) + "\" y=\"" +
                       number(box.y) + "\" width=\"" + number(box.width) + "\" height=\"" +
                       number(box.height) + "\" rx=\"5\"/>\n";
    double y = box.y + padding + line * 0.75;
    for (const std::string &content : box.lines) {
      text += "<text x=\"" + number(box.x + padding) + "\" y=\"" + number(y) + "\"" +
              (content == box.lines.front() ? " class=\"title\"" : "") + ">" + escaped(content) +
              "</text>\n";
      y += line;
    }
    return text + "</g>\n";
  }

  std::vector<Box> boxes;
  double width = 0, height = 0;
};

constexpr const char *style = R"(
body { font: 15px system-ui, sans-serif; margin: 2em; color: #1b1f24; background: #fff; }
pre, svg text { font: 12px ui-monospace, monospace; }
pre { background: #f5f6f8; padding: 1em; overflow-x: auto; }
svg { max-width: 100%; height: auto; }
.data rect { fill: #eef4ff; stroke: #5b83c4; }
.kernel rect { fill: #fff6e5; stroke: #c48a2c; }
.again rect { stroke-dasharray: 6 3; }
.title { font-weight: bold; }
.arrow { fill: none; stroke: #6a737d; }
marker path { fill: #6a737d; }
)";

} // namespace

std::string to_html(const Report &report) {
  std::string text = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
                     "<title>tsum: explain</title>\n<style>" +
                     std::string(style) + "</style>\n</head>\n<body>\n<h1>What is computed</h1>\n";
  for (std::size_t n = 0; n < report.graphs.size(); ++n) {
    const GraphReport &graph = report.graphs[n];
    text += "<h2>Compiled graph " + std::to_string(n + 1) + " of " +
            std::to_string(report.graphs.size()) + "</h2>\n";
    if (graph.memory >= 0)
      text += "<p>Between kernels, " + escaped(memory_between(graph)) + ".</p>\n";
    text += Drawing(graph).svg();
  }
  return text + "<h2>In words</h2>\n<pre>" + escaped(to_text(report)) +
         "</pre>\n</body>\n</html>\n";
}

} // namespace tsum
