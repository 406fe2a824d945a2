// SPDX-License-Identifier: Apache-2.0
//
// Graphs over files give the bits of those over data in memory, whatever the memory.
#include "Difference.h"
#include "Divided/Inputs.h"
#include "Files.h"
#include "RandomGraph.h"

#include "tsum/progress.h"
#include "tsum/threads.h"

#include <gmock/gmock.h>

#include <csignal>
#include <fcntl.h>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

using namespace tsum;
using namespace tsum::test;
using testing::HasSubstr;

namespace {

/// Evaluates `outputs` in memory and with their data in files.
void expect_same_in_files(const std::vector<Tensor> &outputs, std::int64_t memory, unsigned seed) {
  Files files;
  std::mt19937_64 random(seed);
  const std::vector<Tensor> streamed =
      with_inputs(outputs, [&](const Tensor &data) -> std::optional<Tensor> {
        if (random() % 5 == 0)
          return std::nullopt;
        return files.open(data, random);
      });
  eval(outputs);
  eval(streamed, {.memory = memory});
  for (std::size_t n = 0; n < outputs.size(); ++n) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", output " + std::to_string(n));
    ASSERT_TRUE(std::ranges::equal(streamed[n].shape(), outputs[n].shape()));
    expect_same_values(outputs[n].dtype(), bytes_of(outputs[n]), bytes_of(streamed[n]));
  }
}

TEST(StreamedRandomGraphs, OfFloats) {
  for (unsigned seed = 0; seed < 40 && !testing::Test::HasFailure(); ++seed)
    expect_same_in_files(RandomGraph(seed, dtypes_in(Domain::Float)).outputs(), 4 << 20, seed);
}

TEST(StreamedRandomGraphs, OfEveryDType) {
  for (unsigned seed = 0; seed < 40 && !testing::Test::HasFailure(); ++seed)
    expect_same_in_files(
        RandomGraph(seed + 500, dtypes_in(Domain::Any, /*with_complex=*/true)).outputs(), 4 << 20,
        seed);
}

/// Reductions and composites of data that takes many pieces.
TEST(Stream, OfManyPiecesGivesTheBitsOfMemory) {
  unsigned seed = 0;
  for (DType dtype : {DType::f32, DType::f64, DType::f16, DType::i16})
    for (const Shape &shape :
         {Shape{100'003}, Shape{3001, 37}, Shape{5, 20'011}, Shape{7, 300, 50}}) {
      const std::int64_t memory = ++seed % 2 ? 64 << 10 : 700 << 10;
      const Tensor x = sample_tensor(dtype, shape);
      std::vector<Tensor> outputs;
      unsigned turn = seed;
      for (const Axes &axes : axes_subsets(shape.size())) {
        const auto add = [&](const ReductionOp &op) {
          if (contains(op.domain, dtype) && ++turn % 11 == 0)
            outputs.push_back(op.apply(x, axes, turn % 2 == 0));
        };
        std::ranges::for_each(reduction_ops, add);
        std::ranges::for_each(composite_ops, add);
      }
      SCOPED_TRACE(std::string(name_of(dtype)) + to_string(shape) + " in " +
                   std::to_string(memory));
      try {
        expect_same_in_files(outputs, memory, seed);
      } catch (const Error &error) { // says what it would need, which is enough then
        ASSERT_THAT(error.what(),
                    testing::AnyOf(HasSubstr("is too little"), HasSubstr("would take"),
                                   HasSubstr("are needed at once")));
        expect_same_in_files(outputs, 64 << 20, seed);
      }
      if (testing::Test::HasFailure())
        return;
    }
}

/// A sum of every axis of a large file in pieces of one row, and in one piece.
TEST(Stream, OfAnyMemoryGivesTheSameBits) {
  Files files;
  const Tensor x = sample_tensor(DType::f32, {4099, 61});
  const std::filesystem::path path = files.write_npy(x);
  const auto outputs = [](const Tensor &x) {
    return std::vector{reduce_sum(x), reduce_mean(x, 0), reduce_sum(square(x), 1),
                       reduce_sum(x, all_axes, {.accuracy = Accuracy::exact}), reduce_std(x, 0)};
  };
  const std::vector<Tensor> expected = outputs(x);
  eval(expected);
  for (std::int64_t memory : {600 << 10, 1 << 20, 3 << 20, 100 << 20}) {
    const std::vector<Tensor> streamed = outputs(open_npy(path));
    eval(streamed, {.memory = memory});
    for (std::size_t n = 0; n < expected.size(); ++n)
      expect_same_values(expected[n].dtype(), bytes_of(expected[n]), bytes_of(streamed[n]));
  }
}

TEST(Stream, OfComplexNumbersGivesTheBitsOfMemory) {
  Files files;
  std::mt19937_64 random(7);
  for (DType dtype : {DType::complex64, DType::complex128})
    for (const Shape &shape : {Shape{}, Shape{0}, Shape{1}, Shape{1000}, Shape{3, 5}, Shape{1, 1},
                               Shape{30'000, 2}, Shape{2, 3, 4}}) {
      SCOPED_TRACE(std::string(name_of(dtype)) + to_string(shape));
      const DType real = real_dtype(dtype);
      const Tensor x = complex(sample_tensor(real, shape), negative(sample_tensor(real, shape)));
      eval(x);
      for (int format = 0; format < 6; ++format) {
        const Tensor y = files.open(x, random);
        ASSERT_EQ(y.dtype(), dtype);
        ASSERT_TRUE(std::ranges::equal(y.shape(), x.shape()));
        const auto results = [](const Tensor &z) {
          return std::vector<Tensor>{reduce_sum(z), reduce_mean(abs(z)), count_nonzero(z), z * z,
                                     tsum::real(z)};
        };
        const std::vector<Tensor> expected = results(x), streamed = results(y);
        eval(expected);
        eval(streamed, {.memory = 4 << 20});
        for (std::size_t n = 0; n < expected.size(); ++n)
          expect_same_values(expected[n].dtype(), bytes_of(expected[n]), bytes_of(streamed[n]));
        const std::filesystem::path copy = files.next();
        save_npy(copy, y);
        const Tensor again = load_npy(copy);
        expect_same_values(dtype, bytes_of(x), bytes_of(again));
      }
    }
}

TEST(Stream, ReadsMembersOfArchivesThatAreStored) {
  // Written by numpy.savez(path, a=numpy.arange(6, dtype='<f4').reshape(2, 3)): zip entries around
  // a file of open_npy's.
  Files files;
  const std::filesystem::path inner = files.write_npy(constant({{0.f, 1.f, 2.f}, {3.f, 4.f, 5.f}}));
  std::ifstream stream(inner, std::ios::binary);
  const std::string npy{std::istreambuf_iterator<char>(stream), {}};
  const auto number = [](std::uint64_t value, int size) {
    std::string bytes;
    for (int n = 0; n < size; ++n)
      bytes += static_cast<char>(value >> 8 * n);
    return bytes;
  };
  const auto archive = [&](int method) {
    const std::string common = number(20, 2) + number(0, 2) + number(method, 2) + number(0, 4) +
                               number(0, 4) + number(npy.size(), 4) + number(npy.size(), 4) +
                               number(5, 2) + number(0, 2);
    const std::string local = number(0x04034b50, 4) + common + "a.npy" + npy;
    const std::string entry = number(0x02014b50, 4) + number(20, 2) + common + number(0, 2) +
                              number(0, 2) + number(0, 2) + number(0, 4) + number(0, 4) + "a.npy";
    return local + entry + number(0x06054b50, 4) + number(0, 4) + number(1, 2) + number(1, 2) +
           number(entry.size(), 4) + number(local.size(), 4) + number(0, 2);
  };
  const std::filesystem::path path = files.next();
  write_file(path, archive(/*method=*/0));
  EXPECT_EQ(reduce_sum(open_npz(path, "a")).item<float>(), 15);
  EXPECT_THAT(error_of([&] { (void)open_npz(path, "b"); }), HasSubstr("has no array 'b'"));
  write_file(path, archive(/*method=*/8));
  EXPECT_THAT(error_of([&] { (void)open_npz(path, "a"); }), HasSubstr("is compressed"));
}

TEST(Stream, SavesWhatIsLargerThanMemory) {
  Files files;
  const Tensor x = sample_tensor(DType::f32, {50'000, 11});
  const Tensor opened = open_npy(files.write_npy(x));
  const Tensor y = softmax(opened, 0);
  EXPECT_THAT(error_of([&] { eval(std::span(&y, 1), {.memory = 1 << 20}); }),
              HasSubstr("would take 2.2 MB, more than the memory of 1.05 MB"));
  const std::filesystem::path path = files.next();
  {
    const StreamScope scope({.memory = 1 << 20});
    save_npy(path, y);
  }
  EXPECT_FALSE(y.is_evaluated());
  const Tensor expected = softmax(x, 0);
  expect_same_values(DType::f32, bytes_of(expected), bytes_of(load_npy(path)));
  // Along an axis that is not the outermost one, and of what is reduced.
  save_npy(path, transpose(opened, {1, 0}));
  expect_same_values(DType::f32, bytes_of(transpose(x, {1, 0})), bytes_of(load_npy(path)));
  save_npy(path, reduce_sum(opened));
  expect_same_values(DType::f32, bytes_of(reduce_sum(x)), bytes_of(load_npy(path)));
}

TEST(Stream, RefusesWhatNeedsMoreMemory) {
  Files files;
  const Tensor x = open_npy(files.write_npy(sample_tensor(DType::f32, {1000, 300})));
  const auto refusal = [&](const Tensor &y, std::int64_t memory) {
    return error_of([&] { eval(std::span(&y, 1), {.memory = memory}); });
  };
  EXPECT_THAT(refusal(reduce_sum(x, 0), 10'000), HasSubstr("a memory of 10 kB is too little"));
  EXPECT_THAT(refusal(reduce_sum(x), 0), HasSubstr("a memory of 0 bytes"));
  EXPECT_THAT(refusal(abs(x), 1 << 20), HasSubstr("would take 1.2 MB"));
  // The other operand is needed as a whole for each piece.
  const Tensor y = open_npy(files.write_npy(sample_tensor(DType::f32, {300'000, 1})));
  EXPECT_THAT(refusal(reduce_sum(maximum(y, transpose(y, {1, 0}))), 1 << 20),
              HasSubstr("1.2 MB of file"));
}

//===-- Files that are not as they should be --------------------------------------------------===//

TEST(StreamErrors, OfOpeningSayWhatIsWrong) {
  Files files;
  const std::filesystem::path path = files.write_npy(sample_tensor(DType::f32, {10, 3}));
  const std::filesystem::path other = files.write_npy(sample_tensor(DType::f32, {10, 4}));
  const std::filesystem::path wide = files.write_npy(sample_tensor(DType::f64, {10, 3}));
  const auto refusal = [&](std::vector<std::filesystem::path> paths, std::int64_t axis) {
    return error_of([&] { (void)open_npy(paths, axis); });
  };
  EXPECT_THAT(refusal({}, 0), HasSubstr("no files are given"));
  EXPECT_THAT(refusal({path}, 2), HasSubstr("axis 2 is out of range"));
  EXPECT_THAT(refusal({path, other}, 0),
              HasSubstr("has shape [10,4], which does not fit to [10,3]"));
  EXPECT_THAT(refusal({path, wide}, 0), HasSubstr("has dtype f64"));
  EXPECT_EQ(open_npy(std::vector{path, other}, -1).shape()[1], 7);
  EXPECT_THROW((void)open_npy(files.next()), FileError);
  EXPECT_THAT(error_of([&] { (void)open_npy("/dev/null"); }), HasSubstr("not a regular file"));
  std::filesystem::resize_file(path, 200);
  EXPECT_THAT(error_of([&] { (void)open_npy(path); }),
              HasSubstr("takes 120 bytes, but the file has 72 after its header"));
  EXPECT_THAT(error_of([&] { (void)open_raw(path, {DType::f32, {100}}); }),
              HasSubstr("takes 400 bytes from byte 0 on, and the file has 200"));
  EXPECT_THROW((void)open_raw(path, {DType::f32, {-1}}), ShapeError);
  EXPECT_THROW((void)open_raw(path, {DType::f32, {1}, -4}), Error);
}

TEST(StreamErrors, OfFilesThatChangeNameThemAndGiveNothing) {
  Files files;
  const Tensor data = sample_tensor(DType::f32, {100'000});
  const std::filesystem::path path = files.write_npy(data);
  const Tensor x = open_npy(path);
  const Tensor sum = reduce_sum(x);
  std::filesystem::resize_file(path, 300'000);
  const std::string truncated = error_of([&] { eval(sum); });
  EXPECT_THAT(truncated, HasSubstr(path.string()));
  EXPECT_THAT(truncated,
              HasSubstr("has changed since it was opened (it had 400128 bytes, now 300000"));
  EXPECT_FALSE(sum.is_evaluated());

  // While it is read: the tensor is told at the end, or where there is nothing left to read, which
  // depends on how far its threads were.
  save_npy(path, data);
  const Tensor again = open_npy(path);
  for (bool is_shorter : {true, false}) {
    const Tensor total = reduce_sum(open_npy(path));
    bool is_changed = false;
    const ProgressScope scope(
        [&](const Progress &) {
          if (!std::exchange(is_changed, true))
            std::filesystem::resize_file(path, is_shorter ? 200'000 : 400'132);
        },
        std::chrono::nanoseconds(0));
    const std::string error = error_of([&] { eval(std::span(&total, 1), {.memory = 64 << 10}); });
    EXPECT_THAT(error, HasSubstr(path.string()));
    EXPECT_THAT(error, is_shorter ? ::testing::ContainsRegex("the file ends at byte [234]|changed")
                                  : ::testing::ContainsRegex("has changed"));
    EXPECT_FALSE(total.is_evaluated());
    save_npy(path, data);
  }
  std::filesystem::remove(path);
  EXPECT_THAT(error_of([&] { eval(reduce_max(open_npy(files.write_npy(data)))); }), "");
  EXPECT_THAT(error_of([&] { eval(reduce_max(again)); }), HasSubstr("cannot be opened"));
}

//===-- The page cache ------------------------------------------------------------------------===//

/// Has the system forget the bytes from `begin` on, where it can, so that a disk gives them.
void forget(const std::filesystem::path &path, std::int64_t begin) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_GE(file, 0);
  EXPECT_EQ(::fsync(file), 0);
  EXPECT_EQ(::posix_fadvise(file, begin, 0, POSIX_FADV_DONTNEED), 0);
  ::close(file);
}

TEST(StreamReaders, ReadWhatThePageCacheDoesNotHave) {
  Files files;
  const Tensor data = sample_tensor(DType::f32, {1'500'000});
  const std::filesystem::path path = files.write_npy(data);
  const Tensor sum = reduce_sum(data), largest = reduce_max(data);
  // All of it, all but what lies in the middle of a piece, and the last piece.
  for (std::int64_t begin : {0, 1'000'000, 5'990'000}) {
    SCOPED_TRACE(begin);
    forget(path, begin);
    const Tensor x = open_npy(path);
    const std::vector<Tensor> outputs = {reduce_sum(x), reduce_max(x)};
    eval(outputs, {.memory = 8 << 20});
    expect_same_values(DType::f32, bytes_of(sum), bytes_of(outputs[0]));
    expect_same_values(DType::f32, bytes_of(largest), bytes_of(outputs[1]));
  }
}

//===-- Progress, cancellation, checkpoints ---------------------------------------------------===//

TEST(StreamProgress, GoesUpToAllBytesOfAllPasses) {
  Files files;
  const Tensor x = open_npy(files.write_npy(sample_tensor(DType::f32, {200'000})));
  std::vector<Progress> told;
  const Tensor y = reduce_std(x);
  {
    const ProgressScope scope([&](const Progress &progress) { told.push_back(progress); },
                              std::chrono::nanoseconds(0));
    eval(std::span(&y, 1), {.memory = 256 << 10});
  }
  ASSERT_GT(told.size(), 4U);
  EXPECT_TRUE(std::ranges::is_sorted(told, {}, &Progress::fraction));
  EXPECT_EQ(told.back().fraction, 1);
  EXPECT_NEAR(static_cast<double>(told.back().bytes), 2 * 800'000, 50'000);
}

/// Ends an evaluation of `outputs` after `pieces` pieces of 16 kB, on one thread: beside the one
/// that is told, another may be done with all that is left.
void cancel_after(int pieces, const std::vector<Tensor> &outputs, const StreamOptions &options) {
  const ThreadScope alone(1);
  const CancellationToken token;
  const CancellationScope scope(token);
  const ProgressScope progress(
      [&](const Progress &told) {
        if (told.bytes >= pieces * 16'384)
          token.cancel();
      },
      std::chrono::nanoseconds(0));
  EXPECT_THROW(eval(outputs, options), CancelledError);
  EXPECT_TRUE(std::ranges::none_of(outputs, &Tensor::is_evaluated));
}

TEST(StreamCheckpoint, GoesOnFromWhereItWasCancelled) {
  Files files;
  const Tensor data = sample_tensor(DType::f32, {300'001});
  const std::filesystem::path path = files.write_npy(data);
  const StreamOptions options{.memory = 256 << 10, .checkpoint = files.next()};
  const auto spread = [](const Tensor &x) {
    return reduce_std(x) + reduce_sum(x, all_axes, {.accuracy = Accuracy::exact});
  };
  const Tensor expected = spread(data);
  for (int pieces : {1, 3, 70, 100, 146}) { // of 74 in each of two passes
    SCOPED_TRACE(pieces);
    cancel_after(pieces, {spread(open_npy(path))}, options);
    ASSERT_TRUE(std::filesystem::exists(options.checkpoint));
    const Tensor y = spread(open_npy(path));
    std::int64_t read = 0;
    {
      const ProgressScope progress([&](const Progress &told) { read = told.bytes; });
      // With other pieces than before.
      eval(std::span(&y, 1), {.memory = 300 << 10, .checkpoint = options.checkpoint});
    }
    EXPECT_LT(read, 2 * 1'200'004 - (pieces - 2) * 16'384);
    expect_same_values(DType::f32, bytes_of(expected), bytes_of(y));
    EXPECT_FALSE(std::filesystem::exists(options.checkpoint));
  }
}

TEST(StreamCheckpoint, GoesOnAfterTheProcessWasKilled) {
  Files files;
  const Tensor data = sample_tensor(DType::f64, {300'001});
  const std::filesystem::path path = files.write_npy(data);
  const StreamOptions options{.memory = 256 << 10,
                              .checkpoint = files.next(),
                              .checkpoint_interval = std::chrono::nanoseconds(0)};
  const auto killed = in_process([&] {
    const ProgressScope progress(
        [&](const Progress &told) {
          if (told.bytes >= 50 * 16'384)
            ::raise(SIGKILL);
        },
        std::chrono::nanoseconds(0));
    const Tensor y = reduce_sum(open_npy(path));
    eval(std::span(&y, 1), options);
    return 0;
  });
  EXPECT_EQ(killed, 1000 + SIGKILL);
  ASSERT_TRUE(std::filesystem::exists(options.checkpoint));
  const Tensor y = reduce_sum(open_npy(path));
  std::int64_t read = 0;
  {
    const ProgressScope progress([&](const Progress &told) { read = told.bytes; });
    eval(std::span(&y, 1), options);
  }
  EXPECT_LT(read, 2'400'008 - 40 * 16'384);
  expect_same_values(DType::f64, bytes_of(reduce_sum(data)), bytes_of(y));
}

TEST(StreamCheckpoint, OfAnotherEvaluationIsRefused) {
  Files files;
  const Tensor data = sample_tensor(DType::f32, {300'001});
  const std::filesystem::path path = files.write_npy(data);
  const StreamOptions options{.memory = 256 << 10, .checkpoint = files.next()};
  const auto refusal = [&](const Tensor &y) {
    return error_of([&] { eval(std::span(&y, 1), options); });
  };
  cancel_after(3, {reduce_sum(open_npy(path))}, options);
  EXPECT_THAT(refusal(reduce_max(open_npy(path))), HasSubstr("is of another graph"));
  EXPECT_THAT(refusal(reduce_sum(open_npy(files.write_npy(data)))),
              HasSubstr("is of another graph"));
  EXPECT_THAT(refusal(abs(open_npy(path))), HasSubstr("is of another graph"));
  std::string bytes = [&] {
    std::ifstream stream(options.checkpoint, std::ios::binary);
    return std::string{std::istreambuf_iterator<char>(stream), {}};
  }();
  for (std::size_t at = 0; at < bytes.size(); at += 7) {
    std::string damaged = bytes;
    damaged[at] ^= 1;
    write_file(options.checkpoint, damaged);
    EXPECT_THAT(refusal(reduce_sum(open_npy(path))), HasSubstr("the checkpoint"));
  }
  for (std::size_t size = 0; size < bytes.size(); size += 3) {
    write_file(options.checkpoint, bytes.substr(0, size));
    EXPECT_THAT(refusal(reduce_sum(open_npy(path))), HasSubstr("the checkpoint"));
  }
  write_file(options.checkpoint, bytes + "x");
  EXPECT_THAT(refusal(reduce_sum(open_npy(path))), HasSubstr("is damaged"));
}

TEST(StreamCheckpoint, HoldsOutputsThatKeepTheCutDimension) {
  Files files;
  const Tensor data = sample_tensor(DType::f32, {1201, 101});
  const RawLayout layout{DType::f32, {1201, 101}, 0, /*fortran_order=*/true};
  const std::filesystem::path rows = files.write_npy(data), columns = files.next();
  write_file(columns, elements_of(reversed_dims(data)));
  const StreamOptions options{.memory = 1 << 18, .checkpoint = files.next()};
  // Kept and merged in the first pass; kept in the second.
  const auto outputs_of = [](const Tensor &x, std::int64_t cut) {
    std::vector<Slice> some(2);
    some[static_cast<std::size_t>(1 - cut)] = {3, 20};
    std::vector outputs = {reduce_sum(x, 1 - cut), reduce_max(x, cut), reduce_min(x),
                           slice(x / reduce_max(x), some)};
    if (cut == 0)
      outputs.push_back(reduce_sum(x, 0));
    return outputs;
  };
  for (const std::int64_t cut : {0, 1}) {
    const std::vector<Tensor> expected = outputs_of(data, cut);
    for (int pieces : {1, 7, 20, 31, 34}) {
      SCOPED_TRACE(std::to_string(pieces) + " pieces along axis " + std::to_string(cut));
      const auto open = [&] { return cut ? open_raw(columns, layout) : open_npy(rows); };
      cancel_after(pieces, outputs_of(open(), cut), options);
      ASSERT_TRUE(std::filesystem::exists(options.checkpoint));
      const std::vector<Tensor> outputs = outputs_of(open(), cut);
      Progress last{};
      {
        const ProgressScope progress([&](const Progress &told) { last = told; },
                                     std::chrono::nanoseconds(0));
        eval(outputs, options);
      }
      EXPECT_LE(last.bytes, 2 * 1201 * 101 * 4 - (pieces - 4) * 16'384);
      for (std::size_t n = 0; n < outputs.size(); ++n)
        expect_same_values(DType::f32, bytes_of(expected[n]), bytes_of(outputs[n]));
      EXPECT_FALSE(std::filesystem::exists(options.checkpoint));
    }
  }
}

TEST(StreamCheckpoint, OfWhatIsWrittenPieceByPieceIsRefused) {
  Files files;
  const Tensor x = open_npy(files.write_npy(sample_tensor(DType::f32, {3001, 10})));
  const StreamScope scope({.memory = 1 << 18, .checkpoint = files.next()});
  EXPECT_THAT(error_of([&] { save_npy(files.next(), abs(x)); }),
              HasSubstr("a checkpoint does not hold an output that is written piece by piece"));
  EXPECT_EQ(error_of([&] { save_npy(files.next(), reduce_sum(x, 0)); }), "");
}

TEST(StreamExplain, SaysWhatIsReadHowOften) {
  Files files;
  const Tensor x = open_npy(files.write_npy(sample_tensor(DType::f32, {4096, 64})));
  const Tensor outputs[] = {reduce_sum(x, 0), reduce_std(x, 0)};
  const std::string text = explain_stream(outputs, {.memory = 16 << 20});
  EXPECT_THAT(text, HasSubstr("f32[4096,64], 1.05 MB, cut along axis 0\n2 passes over 1.05 MB\n"
                              "pass 1: 1 pieces of 1.05 MB"));
  EXPECT_FALSE(outputs[0].is_evaluated());
}

TEST(Stream, MayBeEvaluatedBySeveralThreadsAtOnce) {
  Files files;
  const Tensor data = sample_tensor(DType::f32, {100'003});
  const Tensor x = open_npy(files.write_npy(data)), y = reduce_std(sin(x)), sum = reduce_sum(x);
  std::vector<std::jthread> threads;
  for (int n = 0; n < 4; ++n)
    threads.emplace_back([&, n] {
      const Tensor outputs[] = {n % 2 ? y : sum, n % 2 ? sum : y};
      for (const Tensor &output : outputs)
        eval(std::span(&output, 1), {.memory = 128 << 10});
    });
  threads.clear();
  expect_same_values(DType::f32, bytes_of(reduce_std(sin(data))), bytes_of(y));
  expect_same_values(DType::f32, bytes_of(reduce_sum(data)), bytes_of(sum));
}

/// Addresses are limited, so that nobody can have the file in memory.
TEST(Stream, TakesNoMoreMemoryThanItMay) {
  Files files;
  const std::filesystem::path path = files.next();
  constexpr std::int64_t rows = 200'000, columns = 256; // 205 MB
  write_file(path, "");
  std::filesystem::resize_file(path, rows * columns * 4);
  const Tensor warm = reduce_sum(open_raw(path, {DType::f32, {rows, columns}}), 0);
  const auto bytes_of_process = [](const char *field) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
      if (line.starts_with(field))
        return std::stoll(line.substr(std::string(field).size() + 1)) * 1024;
    return 0LL;
  };
  const int code = in_process([&] {
    eval(std::span(&warm, 1), {.memory = 16 << 20}); // compiles
    const long long before = bytes_of_process("VmRSS");
    const auto limit = static_cast<rlim_t>(bytes_of_process("VmSize") + (68 << 20));
    const rlimit addresses{limit, limit};
    if (::setrlimit(RLIMIT_AS, &addresses) != 0)
      return 2;
    const Tensor x = open_raw(path, {DType::f32, {rows, columns}});
    const Tensor sum = reduce_sum(x, 0), largest = reduce_max(x);
    const Tensor outputs[] = {sum, largest};
    eval(outputs, {.memory = 16 << 20});
    if (sum.data<float>()[17] != 0)
      return 3;
    const long long most = (24 << 20) + bytes_kept_when_freed;
    return bytes_of_process("VmHWM") - before < most ? 0 : 4;
  });
  EXPECT_EQ(code, 0);
}

} // namespace
