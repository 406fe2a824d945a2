// SPDX-License-Identifier: Apache-2.0
//
// Graphs over sharded tensors give the bits of one process. Started by mpirun; all ranks run the
// same tests, on the same random numbers.
#include "Difference.h"
#include "Divided/Inputs.h"
#include "RandomGraph.h"
#include "Stream/Files.h"

#include "tsum/composites.h"
#include "tsum/gradients.h"
#include "tsum/mpi.h"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <functional>
#include <thread>

#include <unistd.h>

using namespace tsum;
using namespace tsum::test;

namespace {

int rank() {
  int rank;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return rank;
}

int ranks() {
  int size;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  return size;
}

/// This rank's part of `whole`, of a random division; some parts are empty. In `files`, if given.
Tensor sharded(const Tensor &whole, std::int64_t axis, std::mt19937_64 &random,
               Files *files = nullptr) {
  const std::int64_t extent = whole.shape()[static_cast<std::size_t>(axis)];
  std::vector<std::int64_t> cuts = {0, extent};
  while (std::ssize(cuts) < ranks() + 1) {
    const auto cut = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(extent + 1));
    cuts.push_back(random() % 3 ? cut : cut / 256 * 256);
  }
  std::ranges::sort(cuts);
  const auto mine = static_cast<std::size_t>(rank());
  const Tensor part = part_of(whole, axis, cuts[mine], cuts[mine + 1]);
  return mpi::shard(files ? files->open(part, random) : part, MPI_COMM_WORLD, axis);
}

bool all_ranks(bool mine) {
  int value = mine, all = 0;
  MPI_Allreduce(&value, &all, 1, MPI_INT, MPI_LAND, MPI_COMM_WORLD);
  return all != 0;
}

/// Rank 0 evaluates `outputs` alone, all together with data sharded.
void expect_same_sharded(const std::vector<Tensor> &outputs, unsigned seed) {
  std::mt19937_64 random(seed);
  Files files;
  // What is in files is read in one piece, or in several.
  const StreamScope scope({.memory = std::int64_t{1} << (random() % 2 ? 20 : 24)});
  const std::vector<Tensor> divided =
      with_inputs(outputs, [&](const Tensor &data) -> std::optional<Tensor> {
        if (data.rank() == 0 || random() % 4 == 0)
          return std::nullopt;
        const auto axis =
            static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(data.rank()));
        return sharded(data, axis, random, random() % 3 == 0 ? &files : nullptr);
      });
  if (rank() == 0)
    eval(outputs);
  for (std::size_t n = 0; n < outputs.size(); ++n) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", output " + std::to_string(n) + ", rank " +
                 std::to_string(rank()) + " of " + std::to_string(ranks()));
    const Tensor whole = mpi::gather(divided[n]);
    if (rank() != 0)
      continue;
    ASSERT_TRUE(std::ranges::equal(whole.shape(), outputs[n].shape()));
    expect_same_values(outputs[n].dtype(), bytes_of(outputs[n]), bytes_of(whole));
  }
}

int number_in_environment(const char *name, int otherwise) {
  const char *given = std::getenv(name);
  return given ? std::atoi(given) : otherwise;
}

/// As many random graphs as TSUM_TEST_GRAPHS says, from the seed TSUM_TEST_SEED on: `outputs_of`
/// makes those of a seed.
void expect_same_graphs(const std::function<std::vector<Tensor>(unsigned seed)> &outputs_of) {
  const int first = number_in_environment("TSUM_TEST_SEED", 0);
  const int count = number_in_environment("TSUM_TEST_GRAPHS", 20);
  for (int seed = first; seed < first + count && all_ranks(!testing::Test::HasFailure()); ++seed)
    expect_same_sharded(outputs_of(static_cast<unsigned>(seed)),
                        static_cast<unsigned>(seed + 7 * ranks()));
}

TEST(MpiRandomGraphs, OfFloats) {
  expect_same_graphs(
      [](unsigned seed) { return RandomGraph(seed, dtypes_in(Domain::Float)).outputs(); });
}

TEST(MpiRandomGraphs, OfEveryDType) {
  expect_same_graphs([](unsigned seed) {
    return RandomGraph(seed + 700, dtypes_in(Domain::Any, /*with_complex=*/true)).outputs();
  });
}

/// By all data of floats, of the last node that has some; else that node.
TEST(MpiRandomGraphs, OfGradients) {
  expect_same_graphs([](unsigned seed) -> std::vector<Tensor> {
    const RandomGraph graph(seed + 1400, dtypes_in(Domain::Float));
    const auto is_float = [](const Tensor &node) { return contains(Domain::Float, node.dtype()); };
    const auto last = std::ranges::find_if(graph.nodes().rbegin(), graph.nodes().rend(), is_float);
    std::vector<Tensor> data;
    for (const Tensor &node : graph.nodes())
      if (node.is_evaluated() && is_float(node))
        data.push_back(node);
    if (last == graph.nodes().rend() || data.empty())
      return {graph.nodes().back()};
    return gradients(reduce_sum(*last), data);
  });
}

TEST(Mpi, ReductionsOfManyBlocks) {
  const Tensor x = sample_tensor(DType::f32, {30'011, 3}), y = sample_tensor(DType::f64, {20'003});
  for (unsigned seed = 0; seed < 3; ++seed)
    expect_same_sharded({reduce_sum(x), reduce_std(x, 0), reduce_logsumexp(x, 0), argmax(x, 0),
                         reduce_mean(x, 1), softmax(x, 0),
                         reduce_sum(x, all_axes, {.accuracy = Accuracy::exact}), reduce_sum(y),
                         reduce_mean(y, all_axes, {.accuracy = Accuracy::exact}),
                         reduce_max(slice(y, {{1, {}}}) - slice(y, {{0, -1}}))},
                        seed);
}

/// More than the memory that streams have: what would read all of a part at once throws.
TEST(Mpi, PartsInFilesAreReadInPieces) {
  std::mt19937_64 random(1);
  Files files;
  const Tensor x = sample_tensor(DType::f32, {60'011, 3}), y = sample_tensor(DType::f64, {40'003});
  const auto outputs_of = [](const Tensor &x, const Tensor &y) {
    return std::vector{reduce_sum(x),
                       reduce_std(x, 0),
                       argmax(x, 0),
                       reduce_logsumexp(x, 1),
                       reduce_sum(x, all_axes, {.accuracy = Accuracy::exact}),
                       reduce_sum(y)};
  };
  const std::vector<Tensor> expected = outputs_of(x, y);
  for (std::int64_t memory : {100 << 10, 3 << 10}) { // of many blocks, and of less than one
    const StreamScope scope({.memory = memory});
    const std::vector<Tensor> outputs =
        outputs_of(sharded(x, 0, random, &files), sharded(y, 0, random, &files));
    for (std::size_t n = 0; n < outputs.size(); ++n) {
      const Tensor whole = mpi::gather(outputs[n]);
      expect_same_values(whole.dtype(), bytes_of(expected[n]), bytes_of(whole));
    }
  }
}

TEST(Mpi, GradientsOfShardedTensors) {
  const Tensor x = sample_tensor(DType::f32, {1009, 7}), w = sample_tensor(DType::f32, {7});
  const auto outputs_of = [&](const Tensor &x, const Tensor &w) {
    std::vector<Tensor> outputs;
    for (const Tensor &loss :
         {reduce_sum(tanh(x * w)), reduce_variance(x), reduce_sum(square(softmax(x, 0)) * w),
          reduce_max(x), reduce_logsumexp(x * w), reduce_sum(reduce_euclidean_norm(x, 1)),
          reduce_sum(layer_norm(x, {}, {}, -1) * w)})
      for (const Tensor &gradient : gradients(loss, {x, w}))
        outputs.push_back(gradient);
    return outputs;
  };
  expect_same_sharded(outputs_of(x, w), 11);
}

/// What a rank calls kernels for, of which the one of this number, counted from 1, throws.
struct Kernels {
  static inline std::atomic<int> count = 0;
  static inline int failing = 0;
  static void next() {
    if (++count == failing)
      throw Error("stopped");
  }
};

/// Evaluates `outputs`, and stops where the last rank calls its kernel of this number.
std::string stopped(const std::vector<Tensor> &outputs, int kernel) {
  Kernels::count = 0;
  Kernels::failing = rank() == ranks() - 1 ? kernel : 0;
  set_kernel_hook(&Kernels::next);
  std::string error = error_of([&] { eval(outputs); });
  set_kernel_hook(nullptr);
  return error;
}

TEST(MpiCheckpoints, AreWhereAllRanksGoOn) {
  std::mt19937_64 random(1);
  Files files;
  const Tensor x = sample_tensor(DType::f32, {60'011, 3}), y = sample_tensor(DType::f64, {40'003});
  const std::vector<Tensor> parts = {sharded(x, 0, random, &files), sharded(y, 0, random, &files)};
  const auto outputs_of = [](const Tensor &x, const Tensor &y) {
    return std::vector{reduce_std(x, 0), reduce_sum(x, all_axes, {.accuracy = Accuracy::exact}),
                       reduce_logsumexp(y), argmax(x, 0)};
  };
  const std::vector<Tensor> expected = outputs_of(x, y);
  const auto sharded_outputs = [&] { return outputs_of(parts[0], parts[1]); };
  const std::filesystem::path path = files.next();
  const std::filesystem::path own = path.string() + ".rank" + std::to_string(rank());
  const StreamScope scope({.memory = 30 << 10, .checkpoint = path});
  const auto expect_goes_on = [&](const std::string &how) {
    SCOPED_TRACE(how);
    const std::vector<Tensor> outputs = sharded_outputs();
    EXPECT_EQ(stopped(outputs, 0), "");
    for (std::size_t n = 0; n < outputs.size(); ++n)
      expect_same_values(outputs[n].dtype(), bytes_of(expected[n]), bytes_of(outputs[n]));
    EXPECT_FALSE(std::filesystem::exists(own));
  };
  expect_goes_on("from nothing");
  const int all_kernels = Kernels::count;
  int last_kernels = 0; // of the last rank, which has most to do as far as it has
  for (int kernel : {3, all_kernels / 2, all_kernels - 3}) {
    int of_last = kernel;
    MPI_Bcast(&of_last, 1, MPI_INT, ranks() - 1, MPI_COMM_WORLD);
    if (of_last < 1)
      continue; // it has no part
    const std::string error = stopped(sharded_outputs(), of_last);
    EXPECT_NE(error.find("stopped"), std::string::npos) << error;
    EXPECT_TRUE(std::filesystem::exists(own));
    expect_goes_on("after kernel " + std::to_string(of_last));
    last_kernels = Kernels::count;
  }
  if (rank() == ranks() - 1 && all_kernels > 10)
    EXPECT_LT(last_kernels, all_kernels / 2 + 3);

  // Where one has none, all begin anew; where one is damaged, or of another graph, all say so.
  const int half = std::max(1, all_kernels / 2);
  int of_last = half;
  MPI_Bcast(&of_last, 1, MPI_INT, ranks() - 1, MPI_COMM_WORLD);
  const auto stop_and = [&](const std::function<void()> &change) {
    EXPECT_NE(stopped(sharded_outputs(), of_last), "");
    if (rank() == 0)
      change();
    MPI_Barrier(MPI_COMM_WORLD);
  };
  stop_and([&] { std::filesystem::remove(own); });
  expect_goes_on("with one missing");
  stop_and([&] { std::filesystem::resize_file(own, std::filesystem::file_size(own) - 1); });
  const std::string damaged = stopped(sharded_outputs(), 0);
  EXPECT_NE(damaged.find("is damaged"), std::string::npos) << damaged;
  std::filesystem::remove(own);
  stop_and([] {});
  const std::string other = error_of([&] { eval(reduce_sum(parts[0])); });
  EXPECT_NE(other.find("is of another graph"), std::string::npos) << other;
  std::filesystem::remove(own);
  EXPECT_NE(error_of([&] { (void)mpi::local(abs(parts[0])); }).find("stays sharded"),
            std::string::npos);
}

TEST(Mpi, OutputsThatStayShardedHaveParts) {
  std::mt19937_64 random(1);
  const Tensor whole = sample_tensor(DType::f32, {1000, 3});
  const Tensor x = sharded(whole, 0, random);
  const Tensor outputs[] = {abs(x), reduce_sum(x)};
  const std::vector<mpi::Part> mine = mpi::local(outputs);
  EXPECT_EQ(mine[1].tensor.item<float>(), reduce_sum(whole).item<float>());
  std::int64_t rows = mine[0].tensor.shape()[0], all = 0;
  MPI_Allreduce(&rows, &all, 1, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
  EXPECT_EQ(all, 1000);
  EXPECT_EQ(mine[1].axis, -1);
  EXPECT_EQ(mine[0].axis, 0);
  const Tensor expected = abs(part_of(whole, 0, mine[0].begin, mine[0].begin + rows));
  expect_same_values(DType::f32, bytes_of(expected), bytes_of(mine[0].tensor));
  EXPECT_NE(error_of([&] { eval(exp(x)); }).find("stays sharded along its axis 0"),
            std::string::npos);
}

TEST(Mpi, SendsFewBytes) {
  std::mt19937_64 random(1);
  constexpr std::int64_t rows = 1 << 16, columns = 5;
  const Tensor whole = sample_tensor(DType::f32, {rows, columns});
  for (Accuracy accuracy : {Accuracy::standard, Accuracy::exact}) {
    const Tensor sum = reduce_sum(sharded(whole, 0, random), 0, {.accuracy = accuracy});
    const mpi::Traffic before = mpi::traffic();
    eval(sum);
    const mpi::Traffic after = mpi::traffic();
    const std::int64_t block = 2 * 256 * columns * 4; // the one at either end
    const std::int64_t most =
        accuracy == Accuracy::standard ? 64 * columns * 8 + block + 200 : columns * 8 * 16 + 200;
    EXPECT_LE(after.partials - before.partials, most);
    EXPECT_EQ(after.moved, before.moved);
  }
}

TEST(Mpi, PartsOfAnotherDivisionAreMoved) {
  std::mt19937_64 random(3);
  const Tensor whole = sample_tensor(DType::f32, {999, 2});
  const Tensor x = sharded(whole, 0, random), y = sharded(whole, 0, random);
  const Tensor dot = reduce_sum(x * y);
  eval(dot);
  EXPECT_EQ(dot.item<float>(), reduce_sum(whole * whole).item<float>());
}

//===-- Ranks that fail -----------------------------------------------------------------------===//

TEST(MpiErrors, OfPartsThatDoNotFit) {
  const bool is_other = rank() == ranks() - 1 && ranks() > 1;
  const Tensor part = sample_tensor(DType::f32, {4, is_other ? 3 : 2});
  const std::string error = error_of([&] { (void)mpi::shard(part, MPI_COMM_WORLD); });
  EXPECT_EQ(error.find("does not fit to rank 0's f32[4,2] along axis 0") != std::string::npos,
            ranks() > 1);
  EXPECT_NE(error_of([&] { (void)mpi::shard(part, MPI_COMM_WORLD, 2); }).find("out of range"),
            std::string::npos);
}

TEST(MpiErrors, OfAnotherGraphEndAllRanks) {
  const Tensor x = mpi::shard(sample_tensor(DType::f32, {40}), MPI_COMM_WORLD);
  const bool is_other = rank() == ranks() - 1 && ranks() > 1;
  const std::string error = error_of([&] { eval(is_other ? reduce_max(x) : reduce_sum(x)); });
  EXPECT_EQ(error.find("has another graph") != std::string::npos, ranks() > 1);
  // Data that is not the same on all ranks.
  const Tensor bias = constant(is_other ? 2.f : 1.f);
  EXPECT_EQ(error_of([&] { eval(reduce_sum(x + bias)); }).empty(), ranks() == 1);
}

TEST(MpiErrors, OfOneRankEndAll) {
  const Tensor x = mpi::shard(sample_tensor(DType::f32, {4000}), MPI_COMM_WORLD);
  const std::string error = error_of([&] {
    set_kernel_hook(rank() == ranks() / 2 ? +[] { throw Error("the hook threw"); } : nullptr);
    eval(reduce_sum(exp(x)));
  });
  set_kernel_hook(nullptr);
  EXPECT_NE(error.find("the hook threw"), std::string::npos) << error;
  EXPECT_EQ(error.find("rank " + std::to_string(ranks() / 2) + " failed") != std::string::npos,
            rank() != ranks() / 2);
  EXPECT_EQ(error_of([&] { eval(reduce_sum(x)); }), ""); // all are usable afterwards
}

TEST(MpiErrors, OfOtherAxesAreSaid) {
  if (ranks() == 1)
    return;
  std::mt19937_64 random(5);
  const Tensor x = sharded(sample_tensor(DType::f32, {700, 700}), 0, random);
  EXPECT_NE(error_of([&] {
              eval(reduce_sum(x + transpose(x, {1, 0})));
            }).find("sharded along axis 0, is needed along axis 1 by all ranks"),
            std::string::npos);
}

//===-- Ranks that die: each started by itself, by lost_rank.py -------------------------------===//

/// What the others are told if the last rank gets a signal while all evaluate.
std::string error_if_one_gets(int signal) {
  static int given;
  given = signal;
  mpi::set_timeout(std::chrono::seconds(2));
  const Tensor x = mpi::shard(sample_tensor(DType::f32, {4000}), MPI_COMM_WORLD);
  if (rank() == ranks() - 1)
    set_kernel_hook(+[] { std::raise(given); });
  return error_of([&] { eval(reduce_sum(exp(x))); });
}

TEST(DISABLED_MpiLost, KilledRanksAreTheLaunchers) { (void)error_if_one_gets(SIGKILL); }

TEST(DISABLED_MpiLost, StoppedRanksAreWaitedForNoLonger) {
  std::printf("rank %d: %s\n", rank(), error_if_one_gets(SIGSTOP).c_str());
  std::fflush(stdout);
  if (rank() == 0) {
    std::this_thread::sleep_for(std::chrono::seconds(1)); // rank 1 prints
    MPI_Abort(MPI_COMM_WORLD, 3);
  }
  ::pause();
}

/// Prints failures alone.
class Failures : public testing::EmptyTestEventListener {
  void OnTestPartResult(const testing::TestPartResult &result) override {
    if (result.failed())
      std::fprintf(stderr, "rank %d: %s:%d: %s\n", rank(), result.file_name(), result.line_number(),
                   result.message());
  }
};

} // namespace

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  testing::InitGoogleTest(&argc, argv);
  if (rank() != 0) { // says only what is wrong
    testing::TestEventListeners &listeners = testing::UnitTest::GetInstance()->listeners();
    delete listeners.Release(listeners.default_result_printer());
    listeners.Append(new Failures);
  }
  int failed = RUN_ALL_TESTS();
  int any = 0;
  MPI_Allreduce(&failed, &any, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  // MPICH 4.0 with UCX may hang in MPI_Finalize where ranks are on several hosts, some on the same.
  if (std::getenv("TSUM_TEST_WITHOUT_FINALIZE")) {
    std::fflush(stdout);
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Abort(MPI_COMM_WORLD, any);
  }
  MPI_Finalize();
  return any;
}
