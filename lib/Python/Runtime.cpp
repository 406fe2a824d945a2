// SPDX-License-Identifier: Apache-2.0
#include "Bindings.h"
#include "Gil.h"

#include "tsum/stream.h"
#include "tsum/threads.h"

#include <nanobind/stl/filesystem.h>

#include <chrono>

namespace tsum::python {

/// What `set_threads` was last given. This and what follows is under the GIL.
static std::int64_t thread_limit = 0;

/// The limit of the innermost `tsum.threads` block, a context variable, so that each thread and
/// each task of asyncio has its own. The module keeps it.
static nb::handle block_limit;
/// How many such blocks there are: while there are none, nobody asks for the variable.
static std::int64_t open_blocks = 0;

/// Nothing outside all blocks.
static std::optional<std::int64_t> limit_of_block() {
  if (open_blocks == 0)
    return std::nullopt;
  const nb::object limit = block_limit.attr("get")();
  return limit.is_none() ? std::nullopt : std::optional(nb::cast<std::int64_t>(limit));
}

BlockThreads::BlockThreads() {
  if (auto limit = limit_of_block())
    scope.emplace(*limit);
}

static void bind_threads(nb::module_ &m) {
  nb::object variable = nb::module_::import_("contextvars")
                            .attr("ContextVar")("tsum.threads", nb::arg("default") = nb::none());
  m.attr("_block_limit") = variable;
  block_limit = variable;

  m.def(
      "set_threads",
      [](std::int64_t count) {
        set_threads(count);
        thread_limit = count;
      },
      nb::arg("count"),
      "Lets kernels of the whole process use at most `count` threads: 1 keeps them on the calling\n"
      "thread, 0 (as at the start) means one per core. No number of threads changes a bit of any\n"
      "result. `tsum.threads` does it for a block.\n\nRaises Error unless 0 <= count <= 1024.");
  m.def(
      "get_threads", [] { return limit_of_block().value_or(thread_limit); },
      "How many threads kernels use at most: what the innermost `tsum.threads` block says, or "
      "else\n"
      "what `set_threads` was last given.");
  m.def(
      "enter_threads",
      [](nb::handle threads) {
        const std::int64_t count = to_int(threads);
        const ThreadScope checked(count); // throws for what is out of range
        nb::object token = block_limit.attr("set")(count);
        ++open_blocks;
        return token;
      },
      nb::arg("count"), nb::sig("def enter_threads(count: int) -> object"),
      "Begins a block; see `tsum.threads`. What it returns ends it.");
  m.def(
      "leave_threads",
      [](nb::handle token) {
        --open_blocks;
        block_limit.attr("reset")(token);
      },
      nb::arg("token"), nb::sig("def leave_threads(token: object) -> None"), "Ends a block.");
}

/// Lets Python's signal handlers run, so that Ctrl-C ends a long evaluation. The GIL may take other
/// threads' time to get, so it is asked for now and then only.
static void check_signals() {
  using Clock = std::chrono::steady_clock;
  constexpr auto interval = std::chrono::milliseconds(50);
  thread_local Clock::time_point next = Clock::now() + interval;
  if (Clock::now() < next)
    return;
  const GilAcquire gil;
  next = Clock::now() + interval;
  if (!gil)
    return;
  if (PyErr_CheckSignals() < 0)
    throw nb::python_error();
}

void bind_runtime(nb::module_ &m) {
  set_kernel_hook(&check_signals);

  m.def(
      "eval",
      [](const nb::args &tensors, nb::handle memory, nb::handle checkpoint) {
        std::vector<Tensor> list;
        for (nb::handle tensor : tensors)
          list.push_back(to_tensor(tensor));
        const StreamScope scope(to_stream_options(memory, checkpoint));
        evaluate(list);
      },
      nb::arg("tensors"), nb::kw_only(), nb::arg("memory") = nb::none(),
      nb::arg("checkpoint") = nb::none(),
      nb::sig("def eval(*tensors: ArrayLike, memory: int | None = None, "
              "checkpoint: str | os.PathLike[str] | None = None) -> None"),
      "Evaluates tensors together: what they share is computed once, and what is evaluated "
      "already\n"
      "costs nothing. Other Python threads run meanwhile.\n\n"
      "Compiles the graph (some milliseconds) the first time its signature is seen: operations,\n"
      "dtypes, and shapes and strides in canonical form.\n\n"
      "What reads files (`open_npy`) is evaluated piece by piece, in `memory` bytes of buffers "
      "and\n"
      "partial results (256 MB), and keeps partial sums in the file `checkpoint`, from which it "
      "goes\non if it is ended and called again.\n\n"
      "Where the compiler fails, the values are the same and take longer; a line on stderr says "
      "so\n"
      "once. Raises MemoryError if memory runs out, and inside a function that is being traced\n"
      "ConcretizationError. Nothing is evaluated then.");
  m.def("evaluate_into", &evaluate_into, nb::arg("tensor"), nb::arg("array"),
        nb::sig("def evaluate_into(tensor: Tensor, array: _NumpyArray) -> bool"),
        "Computes the values in the memory of `array`, a row-major, aligned and writeable one of "
        "the\nsame dtype and shape. False where there is nothing to compute, where it would be "
        "computed "
        "from\nthat memory, and where `eval` has to.");

  bind_threads(m);

  nb::class_<CacheStats> stats(m, "CacheStats", "What the kernel cache has done in this process.");
  refuse_construction(stats, "tsum.cache_stats() counts");
  stats.def_ro("hits", &CacheStats::hits, "Look-ups that found code.")
      .def_ro("misses", &CacheStats::misses, "Look-ups that read code from disk or compiled it.")
      .def_ro("evictions", &CacheStats::evictions, "Entries unloaded to keep within the capacity.")
      .def_ro("entries", &CacheStats::entries, "Entries now.")
      .def_ro("bytes", &CacheStats::bytes, "Bytes of their code and what describes it.")
      .def_ro("compilations", &CacheStats::compilations, "Misses that nobody had on disk.")
      .def_ro("generic_runs", &CacheStats::generic_runs, "Evaluations by generic code.")
      .def_ro("specialized_runs", &CacheStats::specialized_runs,
              "Evaluations by code that was compiled for their shapes.")
      .def_ro("specializations", &CacheStats::specializations,
              "Compilations that took the place of generic code.")
      .def_ro("disk_hits", &CacheStats::disk_hits, "Misses whose code was read from disk.")
      .def_ro("disk_misses", &CacheStats::disk_misses, "Misses whose code was not.")
      .def_ro("disk_broken", &CacheStats::disk_broken,
              "Disk misses where there was a file that could not be used.")
      .def_ro("disk_writes", &CacheStats::disk_writes, "Files written.")
      .def_ro("disk_failed_writes", &CacheStats::disk_failed_writes, "Files that could not be.")
      .def_ro("disk_errors", &CacheStats::disk_errors,
              "Other failures of the file system, each without consequence.")
      .def_prop_ro(
          "compile_seconds",
          [](const CacheStats &self) {
            return std::chrono::duration<double>(self.compile_time).count();
          },
          "Seconds, summed over all compilations.")
      .def("__repr__", [](const CacheStats &self) {
        return "CacheStats(hits=" + std::to_string(self.hits) +
               ", misses=" + std::to_string(self.misses) +
               ", evictions=" + std::to_string(self.evictions) +
               ", entries=" + std::to_string(self.entries) +
               ", compilations=" + std::to_string(self.compilations) +
               ", disk_hits=" + std::to_string(self.disk_hits) + ")";
      });
  m.def("cache_stats", &cache_stats, "The kernel cache's counters.");
  m.def(
      "set_specialize",
      [](const std::string &when) {
        if (when == "background")
          set_specialize(Specialize::background);
        else if (when == "never")
          set_specialize(Specialize::never);
        else if (when == "always")
          set_specialize(Specialize::always);
        else
          throw nb::value_error(
              ("set_specialize: '" + when + "' (background, never or always)").c_str());
      },
      nb::arg("when"),
      nb::sig("def set_specialize(when: typing.Literal['background', 'never', 'always']) -> None"),
      "Sets when shapes are compiled that nothing is compiled for; TSUM_SPECIALIZE in the\n"
      "environment does so, too. At the start it is 'background'.\n"
      "'background': the first shape of an expression at once, others,\n"
      "which run as generic code meanwhile, on a thread of low priority where they take long.\n"
      "'never': generic code runs whatever it can. 'always': every shape before it runs. "
      "Functions\n"
      "of `jit` may say otherwise. No value depends on it.");
  m.def("set_cache_capacity", &set_cache_capacity, nb::arg("entries"),
        nb::arg("bytes") = std::int64_t{256} << 20,
        "Bounds the cache in memory to `entries` programs (at least 1; 1024 at the start) and to\n"
        "`bytes` of their code (256 MB at the start): the least recently used code is unloaded.\n\n"
        "Raises Error for fewer than 1 entry or a negative number of bytes.");
  nb::class_<MemoryUse> use(m, "MemoryUse", "Bytes that are kept in case they are needed again.");
  refuse_construction(use, "tsum.memory_use() counts");
  use.def_ro("results", &MemoryUse::results, "Memory of former results and temporaries.")
      .def_ro("functions", &MemoryUse::functions, "Code of functions that jit has made.")
      .def_ro("code", &MemoryUse::code, "Code in the cache, some of it that of functions.")
      .def_prop_ro("total", &MemoryUse::total, "All of it.")
      .def("__repr__", [](const MemoryUse &self) {
        return "MemoryUse(results=" + std::to_string(self.results) +
               ", functions=" + std::to_string(self.functions) +
               ", code=" + std::to_string(self.code) + ")";
      });
  m.def("memory_use", &memory_use, "What is kept in case it is needed again.");
  m.def("set_memory_budget", &set_memory_budget, nb::arg("bytes"),
        "Bounds what is kept in case it is needed again to `bytes` together: 512 MB at the start, "
        "or\nwhat TSUM_MEMORY_BUDGET says, such as 64M. Results go first, then functions of jit, "
        "then code.\n\nRaises Error for a negative number.");
  m.def("trim_memory", &trim_memory, "Lets go of all that is kept in case it is needed again.");
  m.def("clear_cache", &clear_cache,
        "Forgets all compiled code in memory and keeps the counters. The files stay as they are.");
  m.def(
      "set_cache_directory",
      [](const std::filesystem::path &directory) {
        set_cache_directory(directory.empty() ? std::string()
                                              : std::filesystem::absolute(directory).string());
      },
      nb::arg("directory"),
      nb::sig("def set_cache_directory(directory: str | os.PathLike[str]) -> None"),
      "Keeps compiled code in the files of `directory`, which is made when it is needed; \"\" "
      "means "
      "on\nno disk. At the start it is what TSUM_CACHE_DIR names, or else tsum in XDG_CACHE_HOME "
      "or\n"
      "in ~/.cache.");
  m.def("cache_directory", &cache_directory,
        "The directory of the compiled code's files; \"\" if there is none, or others may write to "
        "it.");
}

} // namespace tsum::python
