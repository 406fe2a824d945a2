// SPDX-License-Identifier: Apache-2.0
//
// Graphs over inputs that come in pieces give the bits of those over data in memory.
#include "Difference.h"
#include "Inputs.h"
#include "RandomGraph.h"

#include "tsum/Divided/PassRun.h"
#include "tsum/Graph/Elsewhere.h"

#include <gmock/gmock.h>

using namespace tsum;
using namespace tsum::divided;
using namespace tsum::test;
using testing::ElementsAre;

namespace {

/// What has been evaluated: a test of nothing would be right.
struct Counts {
  std::int64_t passes = 0, merged = 0, kept = 0, pieces = 0;
};
Counts counts;

/// Data that is cut along a dimension, and read in pieces of any size; it is in memory after all.
class Cut final : public Elsewhere {
public:
  Cut(Tensor data, std::int32_t dim, unsigned seed) : data(std::move(data)), dim(dim), seed(seed) {}

  [[nodiscard]] static Tensor input(const Tensor &data, std::int32_t dim, unsigned seed) {
    return Tensor(
        std::make_shared<InputNode>(data.dtype(), Shape(data.shape().begin(), data.shape().end()),
                                    ByteStrides(), std::make_shared<Cut>(data, dim, seed)));
  }

  [[nodiscard]] static std::int32_t dim_of(const InputNode &input) {
    const auto &cut = static_cast<const Cut &>(*input.elsewhere);
    return input.shape[static_cast<std::size_t>(cut.dim)] > 1 ? cut.dim : not_cut;
  }

  [[nodiscard]] static Tensor data_of(const InputNode &input,
                                      const std::optional<Section> &section) {
    const Tensor &data = static_cast<const Cut &>(*input.elsewhere).data;
    if (!section)
      return data;
    const Storage &values = *data.node()->values();
    const auto at = static_cast<std::size_t>(section->dim);
    Shape shape(data.shape().begin(), data.shape().end());
    ByteStrides strides = values.strides;
    shape[at] = section->count;
    const std::byte *first = values.data + (section->count ? section->start * strides[at] : 0);
    strides[at] *= section->step;
    return borrow(first, data.dtype(), std::move(shape), std::move(strides), data.node()->values());
  }

  void evaluate(std::span<const Tensor> outputs) const override {
    std::vector<Node::Ptr> nodes;
    for (const Tensor &output : outputs)
      nodes.push_back(output.node());
    std::mt19937_64 random(seed);
    Known known;
    for (const Pass &pass : passes_of(nodes, dim_of)) {
      ++counts.passes;
      for (const Goal &goal : pass.goals)
        ++(goal.is_merged() ? counts.merged : counts.kept);
      PassRun run(pass, known);
      run.prepare(data_of);
      std::map<Node::Ptr, std::vector<std::byte>> kept;
      for (std::int64_t begin = 0; begin < pass.extent;) {
        std::int64_t count = std::min<std::int64_t>(
            pass.extent - begin,
            random() % 2 ? 1 + static_cast<std::int64_t>(random() % 1000) : 1 << random() % 12);
        if (random() % 2)
          count = std::max<std::int64_t>(1, (pass.extent - begin) / 2);
        ++counts.pieces;
        run.take(run.evaluate(data_of, begin, count),
                 [&](const Goal &goal, const Tensor &piece, std::int64_t at) {
                   keep(kept[goal.node], goal, piece, at);
                 });
        begin += count;
      }
      run.finish();
      for (const auto &[node, bytes] : kept)
        known.emplace(node, detail::copy_to_constant(
                                bytes.data(),
                                bytes.size() / static_cast<std::size_t>(size_of(node->dtype)),
                                node->dtype, node->shape, {}));
    }
    finish_outputs(outputs, data_of, known);
  }

  void evaluate_to(const Tensor &, const TakePiece &) const override {}
  [[nodiscard]] std::string explain(std::span<const Tensor>) const override { return ""; }
  [[nodiscard]] std::string to_string() const override { return "cut"; }

private:
  /// Puts a piece to where it belongs in the row-major whole.
  static void keep(std::vector<std::byte> &whole, const Goal &goal, const Tensor &piece,
                   std::int64_t begin) {
    if (piece.size() == 0)
      return;
    const Node &node = *goal.node;
    const ByteStrides strides = row_major_strides(node.shape, node.dtype);
    std::size_t outside = 1;
    for (std::int32_t dim = 0; dim < goal.cut; ++dim)
      outside *= static_cast<std::size_t>(node.shape[static_cast<std::size_t>(dim)]);
    const auto cut = static_cast<std::size_t>(goal.cut);
    const auto stride = static_cast<std::size_t>(strides[cut]);
    const auto slab = stride * static_cast<std::size_t>(node.shape[cut]);
    whole.resize(outside * slab);
    const std::size_t part = stride * static_cast<std::size_t>(piece.shape()[cut]);
    const auto *from = static_cast<const std::byte *>(piece.bytes());
    for (std::size_t n = 0; n < outside; ++n)
      std::memcpy(&whole[n * slab + static_cast<std::size_t>(begin) * stride], from + n * part,
                  part);
  }

  Tensor data;
  std::int32_t dim;
  unsigned seed;
};

/// Evaluates `outputs` as they are, and with some of their data cut.
void expect_same_cut(const std::vector<Tensor> &outputs, unsigned seed) {
  std::mt19937_64 random(seed);
  bool has_cut = false;
  const std::vector<Tensor> cut =
      with_inputs(outputs, [&](const Tensor &data) -> std::optional<Tensor> {
        if (data.rank() == 0 || data.size() == 0 || random() % 4 == 0)
          return std::nullopt;
        has_cut = true;
        const auto dim =
            static_cast<std::int32_t>(random() % static_cast<std::uint64_t>(data.rank()));
        return Cut::input(data, dim, static_cast<unsigned>(random()));
      });
  if (!has_cut)
    return;
  eval(outputs);
  eval(cut);
  for (std::size_t n = 0; n < outputs.size(); ++n) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", output " + std::to_string(n));
    ASSERT_TRUE(std::ranges::equal(cut[n].shape(), outputs[n].shape()));
    expect_same_values(outputs[n].dtype(), bytes_of(outputs[n]), bytes_of(cut[n]));
  }
}

void test_random_graphs(const std::vector<DType> &dtypes, unsigned first, unsigned count) {
  counts = {};
  for (unsigned seed = first; seed < first + count; ++seed) {
    expect_same_cut(RandomGraph(seed, dtypes).outputs(), seed);
    if (testing::Test::HasFailure())
      return;
  }
  EXPECT_GT(counts.merged, count / 8);
  EXPECT_GT(counts.kept, count / 8);
  EXPECT_GT(counts.pieces, 3 * counts.passes / 2);
}

Tensor cut_input(const Shape &shape, std::int32_t dim) {
  return Cut::input(sample_tensor(DType::f32, shape), dim, 1);
}

std::vector<Pass> passes_of(const std::vector<Tensor> &outputs) {
  std::vector<Node::Ptr> nodes;
  for (const Tensor &output : outputs)
    nodes.push_back(output.node());
  return divided::passes_of(nodes, Cut::dim_of);
}

TEST(Passes, AreAsManyAsReductionsDependOnOneAnother) {
  const Tensor x = cut_input({300, 40}, 0);
  EXPECT_EQ(passes_of({reduce_sum(x), reduce_max(x, 0), reduce_mean(square(x), 0), abs(x),
                       reduce_sum(x, 1), softmax(x, 1)})
                .size(),
            1U);
  EXPECT_EQ(passes_of({reduce_variance(x, 0), reduce_min(x)}).size(), 2U);
  EXPECT_EQ(passes_of({softmax(x, 0)}).size(), 3U);
  EXPECT_EQ(passes_of({transpose(x, {1, 0}), reduce_sum(transpose(x, {1, 0}), 1)}).size(), 1U);
}

TEST(Passes, HaveGoalsOfOneExtent) {
  const Tensor x = cut_input({300, 40}, 0);
  const std::vector<Pass> passes =
      passes_of({reduce_sum(x), reduce_sum(slice(x, {{10, 200}})), reshape(x, {12000})});
  ASSERT_EQ(passes.size(), 3U);
  EXPECT_EQ(passes[0].extent, 190);
  EXPECT_EQ(passes[1].extent, 300);
  EXPECT_EQ(passes[2].extent, 12000);
}

TEST(PassRun, ReadsOnlyWhatAPieceNeeds) {
  const Tensor x = cut_input({300, 40}, 0);
  const Tensor sum =
      reduce_sum(subtract(slice(x, {{1, {}}}), slice(x, {{0, -1}})), 0); // of differences
  const std::vector<Pass> passes = passes_of({sum});
  ASSERT_EQ(passes.size(), 1U);
  Known known;
  const PassRun run(passes.front(), known);
  std::vector<std::pair<std::int64_t, std::int64_t>> read;
  for (const PassRun::Request &request : run.requests(100, 20))
    read.emplace_back(request.section->start, request.section->count);
  EXPECT_THAT(read, ElementsAre(std::pair(101, 20), std::pair(100, 20)));
}

TEST(DividedGraphs, MayBeDeeperThanTheStackOfTheThread) {
  Tensor x = cut_input({300}, 0);
  for (int n = 0; n < 5000; ++n)
    x = negative(x);
  pthread_attr_t small;
  ASSERT_EQ(pthread_attr_init(&small), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&small, std::size_t{512} << 10), 0);
  pthread_t thread{};
  const auto evaluate = [](void *tensor) -> void * {
    eval(*static_cast<Tensor *>(tensor));
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &small, evaluate, &x), 0);
  ASSERT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_EQ(x.to_vector<float>(), sample_tensor(DType::f32, {300}).to_vector<float>());
}

TEST(DividedRandomGraphs, OfFloats) { test_random_graphs(dtypes_in(Domain::Float), 0, 60); }

TEST(DividedRandomGraphs, OfEveryDType) {
  test_random_graphs(dtypes_in(Domain::Any, /*with_complex=*/true), 1000, 60);
}

} // namespace
