// SPDX-License-Identifier: Apache-2.0
#include "Report.h"

#include <cstdio>

namespace tsum {

namespace {

std::string value(const std::string &text) {
  std::string quoted = "\"";
  for (char c : text) {
    char escape[8];
    if (c == '"' || c == '\\')
      (quoted += '\\') += c;
    else if (static_cast<unsigned char>(c) < 0x20)
      quoted += (std::snprintf(escape, sizeof(escape), "\\u%04x", c), escape);
    else
      quoted += c;
  }
  return quoted + '"';
}

std::string value(double number) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.9g", number);
  return text;
}

std::string value(bool is_true) { return is_true ? "true" : "false"; }
std::string value(std::int64_t number) { return std::to_string(number); }
std::string value(std::int32_t number) { return std::to_string(number); }

std::string value(const KernelReport &report);
std::string value(const GraphReport &report);

template <class T> std::string value(const std::vector<T> &list) {
  std::string text;
  for (const T &element : list)
    text += (text.empty() ? "" : ", ") + value(element);
  return "[" + text + "]";
}

/// Collects `"name": value` pairs.
class Object {
public:
  template <class T> Object &add(const char *name, const T &member) {
    text += (text.empty() ? "\"" : ", \"") + std::string(name) + "\": " + value(member);
    return *this;
  }
  [[nodiscard]] std::string close() const { return "{" + text + "}"; }

private:
  std::string text;
};

std::string value(const KernelReport &report) {
  const KernelExplanation &kernel = report.kernel;
  return Object()
      .add("name", kernel.name)
      .add("cut", kernel.cut)
      .add("recomputed", kernel.recomputed)
      .add("operations", kernel.operations)
      .add("strategies", kernel.strategies)
      .add("tiles", kernel.tiles)
      .add("tile", kernel.tile)
      .add("bytes_read", kernel.bytesRead)
      .add("bytes_written", kernel.bytesWritten)
      .add("steps", kernel.flops)
      .add("inputs", kernel.inputs)
      .add("results", kernel.types)
      .add("measured_us", report.measured)
      .add("predicted_us", report.predicted)
      .add("share_of_streaming_limit", report.share())
      .add("threads", report.threads)
      .add("accuracy", kernel.accuracy)
      .add("elements_in_limbs", report.in_limbs)
      .close();
}

std::string value(const GraphReport &report) {
  return Object()
      .add("origin", report.origin)
      .add("milliseconds", report.milliseconds)
      .add("cache_directory", report.directory)
      .add("detour", report.detour)
      .add("runs_generic_code", report.choice.is_generic)
      .add("reason", report.choice.reason)
      .add("generic_runs", report.choice.runs)
      .add("generic_ms", report.choice.milliseconds)
      .add("memory_bound", report.memory)
      .add("bytes_between_kernels", report.bytes_between)
      .add("data", report.data)
      .add("kernels", report.kernels)
      .close();
}

} // namespace

std::string to_json(const Report &report) {
  return Object().add("expression", report.expression).add("graphs", report.graphs).close() + '\n';
}

} // namespace tsum
