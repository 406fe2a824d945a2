// SPDX-License-Identifier: Apache-2.0
//
// Exact sums, in limbs, which are added up in any order.
#include "Content.h"
#include "ExactLines.h"

#include "tsum/Exact/Limbs.h"
#include "tsum/eval.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

namespace tsum::partial {

namespace {

/// The exact sums of floats of type `T`, f32 or f64.
template <class T> class Sums {
  using Sum = exact::Limbs<T>;

public:
  /// As written: limbs of 32 bits, the last one of 64, and the sum of infinities and NaNs.
  static constexpr std::size_t bytes_per_sum = 4 * (Sum::limbs - 1) + 8 + 8;

  explicit Sums(std::int64_t count) : words(static_cast<std::size_t>(count * Sum::words)) {}

  [[nodiscard]] std::int64_t count() const { return std::ssize(words) / Sum::words; }

  /// All of them, one behind the other.
  [[nodiscard]] std::int64_t *limbs() { return words.data(); }

  void add(Sums others) {
    for (std::int64_t n = 0; n < count(); ++n)
      of(n).add(others.of(n));
    carry();
  }

  void carry() {
    for (std::int64_t n = 0; n < count(); ++n)
      of(n).carry();
  }

  /// A sum over `divisor`, rounded once to a float.
  template <class Float> [[nodiscard]] Float rounded(std::int64_t sum, std::int64_t divisor) const {
    Words words = words_of(sum);
    return static_cast<Float>(Sum(words.data())
                                  .round(divisor, std::is_same_v<Float, double>
                                                      ? exact::Rounding::Double
                                                      : exact::Rounding::DoubleToOdd));
  }

  void write(ByteWriter &writer) const {
    for (std::int64_t n = 0; n < count(); ++n) {
      Words words = words_of(n);
      Sum sum(words.data());
      for (std::int64_t limb = 0; limb + 1 < Sum::limbs; ++limb)
        writer.write(static_cast<std::uint32_t>(sum.limb(limb)));
      writer.write(sum.limb(Sum::limbs - 1));
    }
    for (std::int64_t n = 0; n < count(); ++n) { // all NaNs are one
      Words words = words_of(n);
      const double sum = Sum(words.data()).non_finite();
      writer.write(std::isnan(sum) ? std::numeric_limits<double>::quiet_NaN() : sum);
    }
  }

  void read(ByteReader &reader) {
    for (std::int64_t n = 0; n < count(); ++n) {
      for (std::int64_t limb = 0; limb + 1 < Sum::limbs; ++limb)
        of(n).limb(limb) = reader.read<std::uint32_t>();
      of(n).limb(Sum::limbs - 1) = reader.read_integer();
    }
    for (std::int64_t n = 0; n < count(); ++n) {
      const double sum = reader.read_double();
      if (std::isfinite(sum) && std::bit_cast<std::uint64_t>(sum) != 0)
        throw Error("partial_reduction: a sum of infinities and NaNs is finite");
      of(n).set_non_finite(sum);
    }
  }

private:
  using Words = std::array<std::int64_t, static_cast<std::size_t>(Sum::words)>;

  [[nodiscard]] Sum of(std::int64_t sum) { return Sum(words.data() + sum * Sum::words); }
  /// A copy: others may read the sums meanwhile, and rounding one carries.
  [[nodiscard]] Words words_of(std::int64_t sum) const {
    Words copy;
    std::ranges::copy_n(words.begin() + sum * Sum::words, Sum::words, copy.begin());
    return copy;
  }

  std::vector<std::int64_t> words; ///< those of tsum/Exact/Limbs.h, sum by sum
};

/// Calls `visit` with an element of the dtype, a float.
template <class Visit> auto visit_float(DType dtype, const Visit &visit) {
  return visit_dtype(dtype, [&]<class T>(T element) -> decltype(visit(double())) {
    if constexpr (FloatElement<T>)
      return visit(element);
    else
      return {};
  });
}

/// The sums of elements of type `T`, in limbs of f64 or f32.
template <FloatElement T> class Exact final : public Content {
  using Wide = std::conditional_t<sizeof(T) == 8, double, float>;

public:
  Exact(const Whole &whole, Sums<Wide> sums) : whole(whole), sums(std::move(sums)) {}

  /// Adds the elements of `part`, which has values.
  static void add(const Whole &whole, const Tensor &part, Sums<Wide> &sums) {
    const std::shared_ptr<const Storage> values = part.node()->values();
    std::vector<SummedDim> dims;
    std::int64_t step = 1; // from sum to sum
    for (std::size_t dim = part.shape().size(); dim-- > 0;) {
      const std::int64_t extent = part.shape()[dim];
      const bool is_kept = !whole.is_reduced(static_cast<std::int64_t>(dim));
      dims.push_back({extent, values->strides[dim], is_kept ? step : 0});
      step *= is_kept ? extent : 1;
    }
    add_exactly(whole.dtype, values->data, std::move(dims), sums.limbs());
    sums.carry();
  }

  [[nodiscard]] Ptr merged(const Content &other) const override {
    Sums<Wide> both = sums;
    both.add(static_cast<const Exact &>(other).sums);
    return std::make_shared<Exact>(whole, std::move(both));
  }

  void append(const Content &next) override { sums.add(static_cast<const Exact &>(next).sums); }

  [[nodiscard]] Tensor result() const override {
    return *visit_float(whole.result, [this]<class Result>(Result) -> std::optional<Tensor> {
      std::vector<Result> results;
      for (std::int64_t n = 0; n < sums.count(); ++n)
        results.push_back(sums.template rounded<Result>(n, whole.divisor));
      return whole.results(results.data());
    });
  }

  void write(ByteWriter &writer) const override { sums.write(writer); }

  [[nodiscard]] std::string to_string() const override {
    return "\n  " + first_of(sums.count(), [this](std::int64_t i) {
             const T rounded = sums.template rounded<T>(i, /*divisor=*/1);
             return element_to_string(whole.dtype, reinterpret_cast<const std::byte *>(&rounded));
           });
  }

private:
  Whole whole;
  Sums<Wide> sums;
};

} // namespace

Work make_exact(const Whole &whole, const Tensor &part) {
  // What must be computed is in pieces, of which only one takes memory at a time. One alone may be
  // evaluated with whatever else is.
  constexpr std::int64_t most_bytes = 4 * 1024 * 1024;
  const std::int64_t extent = part.shape()[static_cast<std::size_t>(whole.cut)];
  const std::int64_t bytes = std::max<std::int64_t>(1, part.size() * size_of(whole.dtype));
  const std::int64_t step = part.is_evaluated() || bytes <= most_bytes
                                ? std::max<std::int64_t>(1, extent)
                                : std::max<std::int64_t>(1, extent * most_bytes / bytes);
  Work work;
  if (step >= extent)
    work.tensors = {part};
  work.made = [whole, part, extent, step] {
    return visit_float(whole.dtype, [&]<class T>(T) -> Content::Ptr {
      using Wide = std::conditional_t<sizeof(T) == 8, double, float>;
      Sums<Wide> sums(whole.size_of(whole.kept()));
      for (std::int64_t begin = 0; begin < extent; begin += step) {
        const Tensor piece = slice_along(part, whole.cut, begin, std::min(extent, begin + step));
        eval(piece);
        Exact<T>::add(whole, piece, sums);
      }
      return std::make_shared<Exact<T>>(whole, std::move(sums));
    });
  };
  return work;
}

Content::Ptr read_exact(const Whole &whole, ByteReader &reader) {
  return visit_float(whole.dtype, [&]<class T>(T) -> Content::Ptr {
    using Wide = std::conditional_t<sizeof(T) == 8, double, float>;
    const std::int64_t count = whole.size_of(whole.kept());
    reader.expect(count, Sums<Wide>::bytes_per_sum);
    Sums<Wide> sums(count);
    sums.read(reader);
    return std::make_shared<Exact<T>>(whole, std::move(sums));
  });
}

} // namespace tsum::partial
