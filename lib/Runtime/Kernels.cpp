// SPDX-License-Identifier: Apache-2.0

#include "Kernels.h"

#include "BufferPool.h"
#include "CacheLog.h"
#include "MemoryBudget.h"
#include "Specializer.h"
#include "Threads.h"

#include "tsum/Interpreter/Interpreter.h"
#include "tsum/JIT/CompilerUse.h"
#include "tsum/JIT/DiskCache.h"
#include "tsum/JIT/Loader.h"
#include "tsum/Runtime/KeptFunction.h"
#include "tsum/Support/ForkSafe.h"
#include "tsum/Support/Timeline.h"

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace tsum {

namespace {

/// The disk cache of the moment, the totals of those before it, and how often there was none.
struct Disk {
  ForkSafeMutex mutex{LockRank::DiskCache};
  std::shared_ptr<DiskCache> cache;
  CacheStats former;

  std::shared_ptr<DiskCache> get() {
    std::lock_guard lock(mutex);
    if (!cache)
      cache = std::make_shared<DiskCache>();
    return cache;
  }
};

ProcessWide<Disk> the_disk;

Disk &disk() { return the_disk.get(); }

std::atomic<std::int64_t> compilations = 0, generic_runs = 0, specializations = 0;

Specialize specialize_by_environment() {
  const char *given = std::getenv("TSUM_SPECIALIZE");
  const std::string_view text = given ? given : "";
  if (text == "never")
    return Specialize::never;
  if (text == "always")
    return Specialize::always;
  if (!text.empty() && text != "background")
    std::fprintf(stderr,
                 "tsum: warning: TSUM_SPECIALIZE=%s means nothing (background, never or always)\n",
                 given);
  return Specialize::background;
}

std::atomic<Specialize> &when_to_specialize() {
  static std::atomic<Specialize> when = specialize_by_environment();
  return when;
}

void add_counters(const DiskCache &cache, CacheStats &stats) {
  stats.disk_hits += cache.counters.hits;
  stats.disk_misses += cache.counters.misses;
  stats.disk_broken += cache.counters.broken;
  stats.disk_writes += cache.counters.writes;
  stats.disk_failed_writes += cache.counters.failedWrites;
  stats.disk_errors += cache.counters.errors;
}

/// Notes how long one thing after another takes.
class StopWatch {
public:
  explicit StopWatch(CacheEvent &event) : event(event) {}
  void stop(std::string what) {
    const auto now = std::chrono::steady_clock::now();
    if (Timeline *timeline = Timeline::get())
      timeline->add("cache", what, last, now);
    event.stages.emplace_back(std::move(what), now - last);
    last = now;
  }
  void restart() { last = std::chrono::steady_clock::now(); }

private:
  CacheEvent &event;
  std::chrono::steady_clock::time_point last = std::chrono::steady_clock::now();
};

/// What a program keeps in memory beside its object file, about.
constexpr std::int64_t overhead_bytes = 4096;

std::int64_t bytes_of(const Image &image) {
  return static_cast<std::int64_t>(image.object.size()) + overhead_bytes;
}

std::string text_of(const CompileFailure &failure) {
  return failure.stage + ": " + failure.diagnostic;
}

/// Says once in the life of the process that a graph runs slower than it should.
void warn_of_detour(const std::string &failure, const char *way) {
  static std::atomic<bool> warned = false;
  if (warned.exchange(true))
    return;
  const std::string text =
      "tsum: warning: the compiler failed (" + failure + "); the graph is evaluated " + way +
      ", to the same values but slower. Later failures are told by TSUM_LOG=cache "
      "alone\n";
  std::fputs(text.c_str(), stderr);
}

/// Evaluates `graph` without the compiler. What the process still evaluates while it exits does so
/// without a word.
KernelCache::Made make_interpreted(const CanonicalGraph &graph, CacheEvent &event,
                                   std::string failure, bool is_exit = false) {
  std::optional<Program> generic = interpret(graph);
  if (!is_exit)
    warn_of_detour(failure, generic ? "by generic code" : "by the reference evaluator");
  event.origin = generic ? CacheEvent::Origin::Generic : CacheEvent::Origin::Reference;
  event.failure = failure;
  Program program = generic ? std::move(*generic) : interpret_by_reference(graph);
  program.detour = std::move(failure);
  return {std::move(program), overhead_bytes};
}

/// Whether generic code may take the compiler's place, though nothing has failed: it knows no bound
/// of memory.
bool may_be_generic(const CanonicalGraph &graph, Kernels::Use use) {
  return use != Kernels::Use::Often && graph.memory < 0;
}

/// Why `graph` should run as generic code whatever is on disk; empty if it need not.
std::string reason_never_to_compile(const CanonicalGraph &graph, Kernels::Use use) {
  return may_be_generic(graph, use) && specialize() == Specialize::never
             ? "TSUM_SPECIALIZE says never"
             : "";
}

/// Why `graph` should run as generic code, of which nothing is known on disk; empty if it should
/// be compiled.
std::string reason_to_run_at_once(const CanonicalGraph &graph, Kernels::Use use) {
  if (!may_be_generic(graph, use) || costs_more_than_compiling(graph))
    return "";
  if (use == Kernels::Use::AnyShape)
    return "it is of a function of any shapes";
  const bool is_other_shape = specialize() == Specialize::background && is_known_expression(graph);
  return is_other_shape ? "it is another shape of a known expression" : "";
}

/// Why `graph` is compiled where something else was to be expected; otherwise empty.
std::string reason_to_compile(const CanonicalGraph &graph, Kernels::Use use) {
  const Specialize when = specialize();
  if (use == Kernels::Use::Often || (use == Kernels::Use::Once && when == Specialize::always))
    return "";
  if (graph.memory >= 0)
    return "its memory is bounded";
  if (when != Specialize::never) {
    if (costs_more_than_compiling(graph))
      return "generic code would take longer for it than compiling does";
    if (use == Kernels::Use::Once && !is_known_expression(graph))
      return "it is the first shape of its expression";
  }
  return "there is no generic code for it (exact sums, many operations, or much data in one tile)";
}

/// Generic code for `graph`, unless there is none.
std::optional<KernelCache::Made> make_generic(const CanonicalGraph &graph, CacheEvent &event,
                                              std::string reason) {
  std::optional<Program> program = interpret(graph);
  if (!program)
    return std::nullopt;
  event.origin = CacheEvent::Origin::Generic;
  event.reason = reason;
  return KernelCache::Made{std::move(*program), overhead_bytes, /*is_generic=*/true,
                           std::move(reason)};
}

/// Finds the code of `graph` on disk, or compiles it; if that fails, in smaller kernels; if these
/// fail, too, it is generic code, or at last the reference that evaluates it.
KernelCache::Made make(const CanonicalGraph &graph, Kernels::Use use_of_it, CacheEvent &event) {
  if (const std::string reason = reason_never_to_compile(graph, use_of_it); !reason.empty())
    if (std::optional<KernelCache::Made> generic = make_generic(graph, event, reason))
      return std::move(*generic);
  const CompilerUse use;
  if (!use)
    return make_interpreted(graph, event, text_of(CompilerUse::failure()), /*is_exit=*/true);
  StopWatch watch(event);
  std::shared_ptr<DiskCache> files = disk().get();
  std::optional<Image> image = files->find(graph);
  if (files->isEnabled())
    watch.stop("disk");
  if (image) {
    const std::int64_t bytes = bytes_of(*image);
    std::variant<Program, CompileFailure> loaded = load(std::move(*image));
    watch.stop("load");
    if (auto *program = std::get_if<Program>(&loaded)) {
      event.origin = CacheEvent::Origin::Disk;
      return {std::move(*program), bytes, /*is_generic=*/false, "its code was on disk"};
    }
    ++files->counters.broken;
  }
  if (const std::string reason = reason_to_run_at_once(graph, use_of_it); !reason.empty())
    if (std::optional<KernelCache::Made> generic = make_generic(graph, event, reason))
      return std::move(*generic);

  event.origin = CacheEvent::Origin::Compiler;
  event.reason = reason_to_compile(graph, use_of_it);
  std::string failure;
  for (bool in_small_kernels : {false, true}) {
    std::variant<Compilation, CompileFailure> outcome = compile(graph, in_small_kernels);
    if (auto *failed = std::get_if<CompileFailure>(&outcome)) {
      if (failed->isUsersError)
        throw CompileError(failed->stage, failed->diagnostic);
      failure += (failure.empty() ? "" : "; in smaller kernels: ") + text_of(*failed);
      continue;
    }
    auto &compiled = std::get<Compilation>(outcome);
    ++compilations;
    for (const StageTime &stage : compiled.stages)
      event.stages.emplace_back(stage.stage, stage.time);
    watch.restart();
    if (!in_small_kernels) { // the next process tries the others again
      files->insert(graph, compiled.image);
      if (files->isEnabled())
        watch.stop("write");
    }
    const std::int64_t bytes = bytes_of(compiled.image);
    std::variant<Program, CompileFailure> loaded = load(std::move(compiled.image));
    watch.stop("load");
    if (auto *failed = std::get_if<CompileFailure>(&loaded)) {
      failure += (failure.empty() ? "" : "; in smaller kernels: ") + text_of(*failed);
      break; // smaller ones take as much room
    }
    if (in_small_kernels)
      warn_of_detour(failure, "in smaller kernels");
    auto &program = std::get<Program>(loaded);
    program.detour = event.failure = failure;
    return {std::move(program), bytes, /*is_generic=*/false, event.reason};
  }
  return make_interpreted(graph, event, std::move(failure), CompilerUse::is_exit());
}

} // namespace

void set_specialize(Specialize when) { when_to_specialize() = when; }
Specialize specialize() { return when_to_specialize(); }

Kernels::Kernels() : memory(1024) {}

namespace {

ProcessWide<Kernels> the_kernels;

AtFork at_fork(nullptr, [] {
  if (Kernels *kernels = the_kernels.if_made())
    kernels->memory.forget_unfinished();
});

MemoryOwner owner(
    MemoryOwner::code,
    [] {
      Kernels *kernels = the_kernels.if_made();
      return kernels ? kernels->memory.stats().bytes : 0;
    },
    [](std::int64_t bytes) { Kernels::instance().memory.trim(bytes); });

} // namespace

Kernels &Kernels::instance() {
  return the_kernels.get([] { return new Kernels; });
}

KernelCache::ProgramPtr Kernels::get(const CanonicalGraph &graph, Use use) {
  CacheEvent event;
  const auto start = std::chrono::steady_clock::now();
  std::optional<CanonicalGraph> nearest;
  const bool is_logged = is_cache_logged();
  if (is_logged)
    nearest = memory.nearest([&](const CanonicalGraph &other) { return distance(graph, other); });

  TimelineScope look_up("cache", "look-up");
  bool was_known = false;
  KernelCache::ProgramPtr program = memory.get(
      graph, [&](const CanonicalGraph &wanted) { return make(wanted, use, event); }, &was_known);
  if (use == Use::Often && program->is_generic())
    if (KernelCache::ProgramPtr compiled = specialize(graph, "compiled code is asked for"))
      program = std::move(compiled);

  if (!was_known) {
    if (!program->is_generic())
      count_signature(graph);
    MemoryOwner::note_growth();
  }
  if (is_logged) {
    event.graph = graph.to_string();
    event.total = std::chrono::steady_clock::now() - start;
    if (!was_known)
      event.novelty = nearest ? explain_difference(graph, *nearest) : "all, as the first one";
    log_cache_event(event);
  }
  return program;
}

void Kernels::note_generic_run(const CachedProgram &program, std::chrono::nanoseconds time) {
  ++generic_runs;
  const std::int64_t runs = ++program.runs, total = program.run_nanoseconds += time.count();
  if (total < hot.count() || tsum::specialize() == Specialize::never ||
      program.is_hot.exchange(true))
    return;
  char reason[80];
  std::snprintf(reason, sizeof(reason), "it has run %lld times in %.3f ms as generic code",
                static_cast<long long>(runs), static_cast<double>(total) * 1e-6);
  if (!specialize_later(program.generic_graph, reason))
    program.is_hot = false;
}

Kernels::Choice Kernels::choice(const CanonicalGraph &graph) const {
  if (const KernelCache::ProgramPtr known = memory.peek(graph)) {
    if (known->is_generic())
      return {true, known->reason, known->runs.load(),
              static_cast<double>(known->run_nanoseconds.load()) * 1e-6, known->is_hot.load()};
    return {false, known->reason.empty() ? "it is compiled already" : known->reason};
  }
  // What is on disk is not looked at: its shape may be compiled in any process.
  std::string to_run_at_once = reason_never_to_compile(graph, Use::Once);
  if (to_run_at_once.empty())
    to_run_at_once = reason_to_run_at_once(graph, Use::Once);
  if (!to_run_at_once.empty() && interpret(graph))
    return {true, to_run_at_once};
  const std::string to_compile = reason_to_compile(graph, Use::Once);
  return {false, to_compile.empty() ? "TSUM_SPECIALIZE says always" : to_compile};
}

KernelCache::ProgramPtr Kernels::specialize(const CanonicalGraph &graph, std::string reason) {
  CacheEvent event;
  KernelCache::ProgramPtr program;
  const auto start = std::chrono::steady_clock::now();
  try {
    // Throughout, so that an exit and a fork wait.
    const CompilerUse use;
    if (!use)
      return nullptr;
    TimelineScope scope("cache", "specialize");
    KernelCache::Made made = make(graph, Use::Often, event);
    if (!made.program.detour.empty())
      return nullptr; // generic code is as good
    made.reason = reason;
    count_signature(graph);
    program = memory.replace(graph, std::move(made));
  } catch (const std::exception &) {
    return nullptr;
  }
  if (is_cache_logged()) {
    event.graph = graph.to_string();
    event.reason = std::move(reason);
    event.total = std::chrono::steady_clock::now() - start;
    log_cache_event(event);
  }
  ++specializations;
  return program;
}

CacheStats cache_stats() {
  Kernels &kernels = Kernels::instance();
  CacheStats stats = kernels.memory.stats();
  stats.hits += kernels.plans.hits();
  stats.compilations = compilations;
  stats.generic_runs = generic_runs;
  stats.specialized_runs = stats.hits + stats.misses - kernels.generic_evaluations;
  stats.specializations = specializations;
  std::lock_guard lock(disk().mutex);
  const CacheStats &former = disk().former;
  stats.disk_hits = former.disk_hits;
  stats.disk_misses = former.disk_misses;
  stats.disk_broken = former.disk_broken;
  stats.disk_writes = former.disk_writes;
  stats.disk_failed_writes = former.disk_failed_writes;
  stats.disk_errors = former.disk_errors;
  if (disk().cache)
    add_counters(*disk().cache, stats);
  return stats;
}

void set_cache_capacity(std::int64_t entries, std::int64_t bytes) {
  Kernels::instance().memory.set_capacity(entries, bytes);
  set_kept_function_capacity(entries, bytes);
}

void clear_cache() {
  Kernels::instance().plans.clear();
  Kernels::instance().memory.clear();
  forget_expressions();
  forget_kept_functions();
}

void set_cache_directory(std::string directory) {
  auto files = std::make_shared<DiskCache>(std::move(directory));
  std::lock_guard lock(disk().mutex);
  if (disk().cache)
    add_counters(*disk().cache, disk().former);
  disk().cache = std::move(files);
}

std::string cache_directory() {
  const std::shared_ptr<DiskCache> files = disk().get();
  return files->isEnabled() ? files->directory() : std::string();
}

} // namespace tsum
