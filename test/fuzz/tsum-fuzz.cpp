// SPDX-License-Identifier: Apache-2.0
//
// Looks for wrong results as long as one likes: `tools/dev fuzz`. The tests run in processes of
// their own, so that a crash or an endless compilation is a finding like another.
#include "Search.h"
#include "tsum/cache.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <list>
#include <optional>
#include <random>
#include <string_view>
#include <thread>
#include <unistd.h>
#include <utility>

namespace tsum::fuzz {

/// Of this process, since `forget_compilations`.
static std::chrono::nanoseconds longest_compile{0};
static std::string compile_failure;

/// The time that this process has had on CPUs.
static std::chrono::nanoseconds cpu_time() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

/// On a busy machine a compilation takes longer than it works.
static std::chrono::nanoseconds worked_before{0};

void forget_compilations() {
  static const bool is_set = [] {
    set_cache_log([](const CacheEvent &event) {
      if (event.origin == CacheEvent::Origin::Compiler)
        longest_compile = std::max(longest_compile, event.total);
      // What a busy machine does not compile in time is found by its own work.
      const bool is_late = event.failure.find("longer than its budget") != std::string::npos;
      if (compile_failure.empty() && !is_late)
        compile_failure = event.failure;
    });
    return true;
  }();
  (void)is_set;
  longest_compile = {};
  compile_failure.clear();
  worked_before = cpu_time();
}

static double to_seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

Outcome outcome_of(std::string wrong) {
  const std::chrono::nanoseconds compile_time =
      std::min(longest_compile, cpu_time() - worked_before);
  if (wrong.empty() && !compile_failure.empty())
    wrong = "the compiler fails: " + compile_failure;
  if (wrong.empty() && compile_time > compile_limit)
    wrong = "compiles for " + std::to_string(to_seconds(compile_time)) + " s";
  return {std::move(wrong), compile_time};
}

namespace {

struct Options {
  std::string_view kind; ///< of `searches`, or nothing for all
  std::optional<std::chrono::seconds> time;
  std::optional<Seed> seed, count;
  unsigned jobs = std::max(1U, std::thread::hardware_concurrency());
  std::filesystem::path folder;
};

constexpr char usage[] = R"(usage: tsum-fuzz [graphs | settings] [OPTION...]

graphs:   compiles random graphs and compares every bit of the results, of their outputs together
          and apart, with the reference evaluator
settings: compiles reductions of the same elements in many settings, which may not change a bit: in
          a batch, in any layout, computed in the kernel, beside others, on threads, from caches

Does both, one after the other, if none is named. What differs, crashes, does not end, compiles for
more than a second or only by other ways than usual is made smaller and printed. Exits with status 1
if there is such a finding.

  --seconds N   how long to look in all: 60, or with --count until all are tested
  --seed N      the first seed; else a random one, which is printed
  --count N     how many seeds of each to test
  --jobs N      how many to test at the same time: one for each CPU
  --folder DIR  where the graphs and data of findings are written
)";

[[noreturn]] void fail(const std::string &message) {
  std::fprintf(stderr, "tsum-fuzz: %s\n%s", message.c_str(), usage);
  std::exit(2);
}

Seed parse_number(std::string_view option, std::string_view text) {
  Seed number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    fail(std::string(option) + ": takes a number from 0 to 4294967295; given '" +
         std::string(text) + "'");
  return number;
}

Options parse(int argc, char **argv) {
  Options options;
  for (int n = 1; n < argc; ++n) {
    const std::string_view option = argv[n];
    if (option == "--help" || option == "-h") {
      std::fputs(usage, stdout);
      std::exit(0);
    }
    if (!option.starts_with("--")) {
      options.kind = option;
      continue;
    }
    if (++n == argc)
      fail(std::string(option) + ": a value is missing");
    if (option == "--folder")
      options.folder = argv[n];
    else if (option == "--seconds")
      options.time = std::chrono::seconds(parse_number(option, argv[n]));
    else if (option == "--seed")
      options.seed = parse_number(option, argv[n]);
    else if (option == "--count")
      options.count = parse_number(option, argv[n]);
    else if (option == "--jobs")
      options.jobs = std::clamp(parse_number(option, argv[n]), 1U, 1024U);
    else
      fail("there is no option '" + std::string(option) + "'");
  }
  return options;
}

/// Tests seeds in a row, several at a time, and reports what is found.
class Campaign {
public:
  Campaign(Search search, const Options &options, Seed first)
      : search(std::move(search)), options(options), next(first) {}

  /// Until all seeds are tested or `end` is over.
  void run(std::chrono::steady_clock::time_point end) {
    std::list<Job> jobs(options.jobs);
    std::uint64_t left = options.count ? *options.count : std::uint64_t{1} << 32;
    for (bool is_busy = true; is_busy;) {
      if (std::chrono::steady_clock::now() >= end || findings == most_findings)
        left = 0;
      is_busy = false;
      for (Job &job : jobs) {
        if (job.worker.is_started() && !job.worker.has_ended()) {
          is_busy |= std::chrono::steady_clock::now() < end && findings < most_findings;
          continue;
        }
        if (job.is_counted) {
          take_results(job);
          job.is_counted = false;
        }
        if (left > 0 || job.left > 0) {
          is_busy = true;
          start(job, left);
        }
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    for (Job &job : jobs)
      if (job.is_counted)
        count(job);
  }

  [[nodiscard]] std::string summary() const {
    char longest_text[64];
    std::snprintf(longest_text, sizeof(longest_text), "the longest compilation %.3f s",
                  to_seconds(longest));
    return std::to_string(done) + ' ' + search.name + "s, " + std::to_string(findings) +
           " findings, of which " + std::to_string(slow) + " compile for more than " +
           std::to_string(compile_limit.count()) + " s; " + longest_text;
  }
  [[nodiscard]] std::int64_t found() const { return findings; }

private:
  /// A process and the seeds that it still has to test.
  struct Job {
    Worker worker;
    Seed next = 0;
    Seed left = 0;
    bool is_counted = false; ///< whether there are results to count
  };

  static constexpr std::int64_t most_findings = 10; ///< after which the search is over
  static constexpr std::chrono::seconds patience{60};

  void start(Job &job, std::uint64_t &left) {
    if (job.left == 0) {
      job.next = next;
      job.left = static_cast<Seed>(
          std::min<std::uint64_t>(left, seeds_of_process - next % seeds_of_process));
      next += job.left;
      left -= job.left;
    }
    job.worker.start(job.next, job.next + job.left - 1, search.test, {});
    job.is_counted = true;
  }

  void count(const Job &job) {
    done += job.worker.done();
    longest = std::max(longest, job.worker.longest_compile());
  }

  void take_results(Job &job) {
    count(job);
    if (job.worker.wrong().empty()) {
      job.left = 0;
      return;
    }
    const Seed seed = job.worker.seed();
    ++done;
    report(seed, job.worker.wrong(), job.worker.longest_compile() > compile_limit);
    job.left -= seed - job.next + 1;
    job.next = seed + 1;
  }

  void report(Seed seed, const std::string &wrong, bool is_slow) {
    // A busy machine is no finding.
    for (int again = 0; is_slow && again < 2; ++again)
      if (run_alone(seed, search.test, {}).wrong.empty())
        return;
    ++findings;
    slow += is_slow;
    std::printf("%s of seed %u: %s\n", search.name, seed, wrong.c_str());
    std::fflush(stdout);
    const std::filesystem::path folder =
        options.folder.empty() ? std::filesystem::path()
                               : options.folder / (search.name + ("-" + std::to_string(seed)));
    std::string smaller;
    try {
      smaller = search.make_smaller(seed, patience, folder);
    } catch (const std::exception &error) { // of what the test is made of, as the test itself
      smaller = std::string(error.what()) + '\n';
    }
    std::printf("made smaller:\n%sagain: tools/dev fuzz %ss --seed %u --count 1\n\n",
                smaller.c_str(), search.name, seed);
    std::fflush(stdout);
  }

  const Search search;
  const Options &options;
  Seed next;
  std::int64_t done = 0, findings = 0, slow = 0;
  std::chrono::nanoseconds longest{0};
};

int run(const Options &options) {
  const Search searches[] = {search_graphs(), search_settings()};
  std::vector<Search> wanted;
  for (const Search &search : searches)
    if (options.kind.empty() || options.kind == search.name + std::string("s"))
      wanted.push_back(search);
  if (wanted.empty())
    fail("there is no search for '" + std::string(options.kind) + "'");

  const Seed seed = options.seed ? *options.seed : std::random_device()();
  std::printf("from seed %u on\n", seed);
  std::fflush(stdout);
  std::int64_t found = 0;
  for (const Search &search : wanted) {
    using Clock = std::chrono::steady_clock;
    const std::chrono::seconds time =
        options.time.value_or(options.count ? std::chrono::hours(24) : std::chrono::seconds(60));
    Campaign campaign(search, options, seed);
    campaign.run(Clock::now() + time / static_cast<int>(wanted.size()));
    std::printf("%s\n", campaign.summary().c_str());
    found += campaign.found();
  }
  return found > 0;
}

} // namespace
} // namespace tsum::fuzz

int main(int argc, char **argv) {
  // What is tested is the compiler and not what an earlier run left on disk; generic code is where
  // it is asked for.
  ::setenv("TSUM_CACHE_DIR", "", 1);
  ::setenv("TSUM_SPECIALIZE", "always", 1);
  return tsum::fuzz::run(tsum::fuzz::parse(argc, argv));
}
