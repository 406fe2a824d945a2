// SPDX-License-Identifier: Apache-2.0
#include "Report.h"

#include "tsum/cache.h"

#include <algorithm>
#include <cstdio>
#include <iterator>

namespace tsum {

std::string with_unit(double number, const char *unit) {
  static constexpr const char *prefixes[] = {"", "K", "M", "G", "T"};
  std::size_t prefix = 0;
  while (number >= 999.5 && prefix + 1 < std::size(prefixes)) {
    number /= 1000;
    ++prefix;
  }
  char text[32];
  std::snprintf(text, sizeof(text), "%.3g", number);
  const std::string suffix = prefixes[prefix] + std::string(unit);
  return suffix.empty() ? text : text + (" " + suffix);
}

static std::string indented(const std::string &lines, const std::string &indent) {
  std::string text;
  std::size_t begin = 0;
  while (begin < lines.size()) {
    const std::size_t end = std::min(lines.find('\n', begin), lines.size());
    text += indent + lines.substr(begin, end - begin) + '\n';
    begin = end + 1;
  }
  return text;
}

static std::string join(const std::vector<std::string> &parts, const char *separator) {
  std::string text;
  for (const std::string &part : parts)
    text += (text.empty() ? "" : separator) + part;
  return text;
}

std::string results_of(const KernelExplanation &kernel, std::size_t &next_value) {
  std::string results;
  for (const std::string &type : kernel.types)
    results += (results.empty() ? "" : ", ") + ("%" + std::to_string(next_value++) + " " + type);
  return results;
}

std::string choice_of(const GraphReport &report) {
  const Kernels::Choice &choice = report.choice;
  if (!choice.is_generic)
    return "compiled code, since " + choice.reason;
  std::string text = "generic code, since " + choice.reason;
  if (choice.runs > 0) {
    char runs[80];
    std::snprintf(runs, sizeof(runs), "; %lld run%s took %.3g ms",
                  static_cast<long long>(choice.runs), choice.runs == 1 ? "" : "s",
                  choice.milliseconds);
    text += runs;
  }
  if (choice.is_being_compiled)
    return text + ", so that it is being compiled in the background";
  if (specialize() == Specialize::never)
    return text;
  const auto hot = std::chrono::duration_cast<std::chrono::milliseconds>(Kernels::hot);
  return text + "; after " + std::to_string(hot.count()) + " ms of runs it is compiled";
}

std::string time_of(const KernelReport &report) {
  char time[128];
  std::snprintf(time, sizeof(time),
                "%.3g us on %d thread%s, %.3g us at best: %.0f%% of the streaming limit",
                report.measured, static_cast<int>(report.threads), report.threads == 1 ? "" : "s",
                report.predicted, 100 * report.share());
  return time;
}

static std::string to_text(const KernelReport &report, std::size_t &next_value) {
  const KernelExplanation &kernel = report.kernel;
  std::string inputs;
  for (std::int32_t input : kernel.inputs)
    inputs += (inputs.empty() ? "" : ", ") + ("%" + std::to_string(input));
  std::string text =
      "  kernel " + kernel.name + ": " + inputs + " -> " + results_of(kernel, next_value) + '\n';
  for (const std::string &operation : kernel.operations)
    text += "    | " + operation + '\n';
  auto line = [&](const char *title, const std::string &value) {
    char padded[32];
    std::snprintf(padded, sizeof(padded), "    %-11s ", title);
    text += padded + value + '\n';
  };
  line("ends here", kernel.cut);
  if (!kernel.recomputed.empty())
    line("recomputed", kernel.recomputed);
  line("strategy", (kernel.strategies.empty() ? "" : join(kernel.strategies, "; ") + "; ") +
                       std::to_string(kernel.tiles) + (kernel.tiles == 1 ? " tile" : " tiles") +
                       (kernel.tiles == 0 ? "" : " of " + to_string(kernel.tile)));
  line("memory", with_unit(static_cast<double>(kernel.bytesRead), "B") + " read, " +
                     with_unit(static_cast<double>(kernel.bytesWritten), "B") + " written");
  line("arithmetic", with_unit(static_cast<double>(kernel.flops), "") + " steps");
  line("time", time_of(report));
  if (!kernel.accuracy.empty())
    line("accuracy", join(kernel.accuracy, "; "));
  if (report.in_limbs > 0)
    line("in limbs", with_unit(static_cast<double>(report.in_limbs), "") +
                         " elements: beyond every window of their block, or behind the last "
                         "vector of a long line");
  return text;
}

std::string memory_between(const GraphReport &report) {
  const std::string bound = with_unit(static_cast<double>(report.memory), "B");
  const auto again = std::ranges::count_if(
      report.kernels, [](const KernelReport &kernel) { return !kernel.kernel.recomputed.empty(); });
  return "at most " + with_unit(static_cast<double>(report.bytes_between), "B") +
         " are in memory, of " + bound + " that may be" +
         (report.bytes_between > report.memory ? ": the least that was found" : "") + "; " +
         std::to_string(again) + " of " + std::to_string(report.kernels.size()) +
         " kernels run again for that";
}

std::string to_text(const Report &report) {
  std::string text = "the graph:\n" + indented(report.expression, "  ");
  if (report.graphs.empty())
    text += "there is nothing to compute\n";
  for (std::size_t n = 0; n < report.graphs.size(); ++n) {
    const GraphReport &graph = report.graphs[n];
    char origin[64];
    std::snprintf(origin, sizeof(origin), "from %s in %.3g ms", graph.origin.c_str(),
                  graph.milliseconds);
    text += "\ncompiled graph " + std::to_string(n + 1) + " of " +
            std::to_string(report.graphs.size()) + ", " + origin + ", kept " +
            (graph.directory.empty() ? "in memory only" : "in memory and in " + graph.directory) +
            '\n';
    text += "  evaluations run " + choice_of(graph) + '\n';
    if (!graph.detour.empty())
      text += "  slower than it should be, since the compiler failed: " + graph.detour + '\n';
    if (graph.memory >= 0)
      text += "  between kernels " + memory_between(graph) + '\n';
    for (std::size_t i = 0; i < graph.data.size(); ++i)
      text += "  data   %" + std::to_string(i) + " " + graph.data[i] + '\n';
    std::size_t next_value = graph.data.size();
    for (const KernelReport &kernel : graph.kernels)
      text += to_text(kernel, next_value);
  }
  return text;
}

} // namespace tsum
