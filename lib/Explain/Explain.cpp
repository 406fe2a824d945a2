// SPDX-License-Identifier: Apache-2.0
//
// Goes through the steps of an evaluation and looks at each.
#include "tsum/explain.h"
#include "tsum/Exact/Calls.h"

#include "Report.h"

#include "Runtime/Launches.h"
#include "Runtime/Threads.h"
#include "tsum/Canonical/EvaluateBy.h"
#include "tsum/Graph/Elsewhere.h"
#include "tsum/Runtime/ValueOrThrow.h"
#include "tsum/cache.h"
#include "tsum/reductions.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <map>
#include <utility>

namespace tsum {

namespace {

using Clock = std::chrono::steady_clock;
using Microseconds = std::chrono::duration<double, std::micro>;

struct Measured {
  double time = 0; ///< the shortest of several runs, in microseconds
  std::int64_t threads = 0, in_limbs = 0;
};

Measured measure(const Program::Launch &launch, const void *const *buffers) {
  constexpr Microseconds budget(20'000);
  constexpr int fewest = 3, most = 200;
  const std::int64_t in_limbs = exact::elements_in_limbs();
  run_tiles(launch, buffers); // fetches code and data
  Measured result{.threads = threads_for(launch),
                  .in_limbs = exact::elements_in_limbs() - in_limbs};
  double best = 0;
  const auto start = Clock::now();
  for (int n = 0; n < most && (n < fewest || Clock::now() - start < budget); ++n) {
    const auto before = Clock::now();
    run_tiles(launch, buffers);
    const double time = Microseconds(Clock::now() - before).count();
    best = n == 0 ? time : std::min(best, time);
  }
  result.time = best;
  return result;
}

/// Runs `program` on the data of `bound`, measures its launches, and gives the results to their
/// nodes.
std::vector<Measured> run_and_measure(const Program &program, const Canonicalized &bound) {
  std::vector<Measured> launches;
  run_program(program, bound, [&](const Program::Launch &launch, const void *const *buffers) {
    launches.push_back(measure(launch, buffers));
  });
  return launches;
}

/// Bytes per microsecond at which this machine reads about `bytes` of data: a sum of integers, the
/// least that a kernel can do with them.
double streaming_limit(std::int64_t bytes) {
  constexpr std::int64_t fewest = 64 << 10, most = 64 << 20;
  // Of each power of two. Threads that measure the same one at once all get a number.
  static std::array<std::atomic<double>, std::bit_width(std::uint64_t{most / fewest})> known;
  const std::uint64_t size =
      std::bit_ceil(static_cast<std::uint64_t>(std::clamp(bytes, fewest, most)));
  std::atomic<double> &limit = known[static_cast<std::size_t>(std::countr_zero(size / fewest))];
  if (limit == 0) {
    const std::vector<std::uint64_t> data(size / sizeof(std::uint64_t));
    const Node::Ptr sum =
        reduce_sum(borrow(data.data(), DType::u64, {static_cast<std::int64_t>(data.size())}),
                   all_axes, {.accuracy = Accuracy::standard})
            .node();
    double time = 0;
    evaluate_by({sum}, [&](const Canonicalized &bound) {
      for (const Measured &part :
           run_and_measure(*Kernels::instance().get(bound.graph, Kernels::Use::Often), bound))
        time += part.time;
    });
    limit = static_cast<double>(size) / time;
  }
  return limit;
}

std::string describe(const CanonicalGraph &graph, const CanonicalGraph::Value &value) {
  Shape shape;
  for (std::int32_t dim : value.dims)
    shape.push_back(graph.extents[static_cast<std::size_t>(dim)]);
  return std::string(name_of(value.dtype)) + to_string(shape);
}

/// What there is to say of `graph` if no kernel evaluates it.
GraphExplanation explain_interpreted(const CanonicalGraph &graph, const Program &program) {
  GraphExplanation explanation;
  KernelExplanation &kernel = explanation.kernels.emplace_back();
  const Program::Launch &launch = program.launches.front();
  kernel.name = launch.name;
  kernel.cut = "no kernel";
  kernel.tiles = launch.tiles;
  kernel.inputs = launch.inputs;
  kernel.bytesWritten = launch.traffic;
  for (const CanonicalGraph::Value &value : graph.values)
    if (value.op == OpKind::Constant)
      explanation.data.push_back(describe(graph, value));
    else
      kernel.operations.push_back(std::string(op_info(value.op).name) + " -> " +
                                  describe(graph, value));
  for (std::int32_t output : graph.outputs)
    kernel.types.push_back(describe(graph, graph.values[static_cast<std::size_t>(output)]));
  return explanation;
}

GraphExplanation explain_program(const CanonicalGraph &graph, const Program &program) {
  if (!program.launches.empty() && program.launches.front().interpreted)
    return explain_interpreted(graph, program);
  return value_or_throw(explain_graph(graph, /*inSmallKernels=*/!program.detour.empty()));
}

GraphReport report_on(const Canonicalized &bound) {
  GraphReport report;
  report.choice = Kernels::instance().choice(bound.graph);
  const CacheStats before = cache_stats();
  const auto start = Clock::now();
  KernelCache::ProgramPtr program = Kernels::instance().get(bound.graph, Kernels::Use::Often);
  report.milliseconds = Microseconds(Clock::now() - start).count() / 1e3;
  const CacheStats after = cache_stats();
  report.origin = after.compilations > before.compilations ? "compiler"
                  : after.disk_hits > before.disk_hits     ? "disk"
                                                           : "memory";
  report.detour = program->detour;
  if (!program->launches.empty() && program->launches.front().interpreted)
    report.origin = program->launches.front().name;
  report.directory = cache_directory();
  report.memory = bound.graph.memory;
  report.bytes_between = bytes_between(*program);
  GraphExplanation explanation = explain_program(bound.graph, *program);
  report.data = std::move(explanation.data);
  const std::vector<Measured> launches = run_and_measure(*program, bound);
  // A kernel whose reductions are cut is several launches: of what was cut off, and of what merges
  // it, which has its name. All launches of generic code have one.
  std::size_t next = 0;
  std::map<std::string, Measured> cut_off;
  for (KernelExplanation &explained : explanation.kernels)
    report.kernels.emplace_back().kernel = std::move(explained);
  for (KernelReport &kernel : report.kernels)
    kernel.threads = 0;
  for (std::size_t n = 0; n < launches.size() && !report.kernels.empty(); ++n) {
    const std::string &name = program->launches[n].name;
    KernelReport &kernel = report.kernels[std::min(next, report.kernels.size() - 1)];
    if (next < report.kernels.size() && name != kernel.kernel.name) {
      cut_off[name] = launches[n];
      continue;
    }
    cut_off[name] = launches[n];
    for (const auto &[part, measured] : cut_off)
      if (part == name || is_cut_from(part, name)) {
        kernel.measured += measured.time;
        kernel.threads = std::max(kernel.threads, measured.threads);
        kernel.in_limbs += measured.in_limbs;
      }
    std::erase_if(cut_off, [&](const auto &part) {
      return part.first == name || is_cut_from(part.first, name);
    });
    ++next;
  }
  for (KernelReport &kernel : report.kernels) {
    const std::int64_t bytes = kernel.kernel.bytesRead + kernel.kernel.bytesWritten;
    kernel.predicted = static_cast<double>(bytes) / streaming_limit(bytes);
  }
  return report;
}

} // namespace

std::string explain(std::span<const Tensor> outputs, ExplainFormat format) {
  if (const auto elsewhere = elsewhere_behind(outputs)) {
    if (format != ExplainFormat::Text)
      throw Error("explain: what reads " + elsewhere->to_string() + " is explained as text alone");
    return elsewhere->explain(outputs);
  }
  Report report;
  std::vector<Node::Ptr> nodes;
  for (const Tensor &output : outputs) {
    report.expression += (nodes.empty() ? "" : "\n") + graph_to_string(output);
    nodes.push_back(output.node());
  }
  evaluate_by(std::move(nodes),
              [&](const Canonicalized &bound) { report.graphs.push_back(report_on(bound)); });
  switch (format) {
  case ExplainFormat::Text:
    return to_text(report);
  case ExplainFormat::Json:
    return to_json(report);
  case ExplainFormat::Html:
    return to_html(report);
  }
  throw Error("explain: there is no such format");
}

} // namespace tsum
