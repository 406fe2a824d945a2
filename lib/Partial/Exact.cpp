// SPDX-License-Identifier: Apache-2.0
//
// Exact sums, in limbs, which are added up in any order.
#include "Content.h"

#include "tsum/Graph/Strided.h"
#include "tsum/Reference/ExactSum.h"
#include "tsum/eval.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <utility>

namespace tsum::partial {

namespace {

/// The sums of floats of type `T`, f32 or f64: whole numbers of the smallest positive one, in limbs
/// of which limb i counts by 2^(32 i) (Neal, Fast exact summation using small and large
/// superaccumulators, 2015). Between additions all but the last are below 2^32; the last has the
/// sign. Infinities and NaNs are added up beside that.
template <class T> class Sums {
  using Limits = std::numeric_limits<T>;
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  static constexpr int smallest = Limits::min_exponent - Limits::digits; // as a power of two

public:
  /// Enough for 2^63 of the largest elements, and a sign.
  static constexpr std::size_t limbs_per_sum =
      (Limits::max_exponent - Limits::min_exponent + Limits::digits + 63 + 1 + 31) / 32;
  /// As written: the limbs, and the sum of infinities and NaNs.
  static constexpr std::size_t bytes_per_sum = 4 * (limbs_per_sum - 1) + 8 + 8;

  explicit Sums(std::int64_t count)
      : limbs(static_cast<std::size_t>(count) * limbs_per_sum),
        non_finite(static_cast<std::size_t>(count)) {}

  [[nodiscard]] std::int64_t count() const { return std::ssize(non_finite); }

  void add(std::size_t sum, T x) {
    if (++additions == most_additions)
      carry();
    if (!std::isfinite(x)) {
      non_finite[sum] += static_cast<double>(x);
      return;
    }
    constexpr int fraction = Limits::digits - 1;
    const Bits bits = std::bit_cast<Bits>(std::fabs(x));
    const Bits exponent = bits >> fraction;
    const Bits is_normal = exponent != 0;
    const std::uint64_t significand = (bits & ((Bits{1} << fraction) - 1)) | is_normal << fraction;
    const auto distance = static_cast<std::size_t>(exponent - is_normal);
    std::int64_t *limb = &limbs[sum * limbs_per_sum + distance / 32];
    // The low part first, since a significand of 53 bits has no room for 31 more.
    const std::uint64_t low = (significand & 0xffffffff) << distance % 32;
    const std::uint64_t high = (significand >> 32) << distance % 32;
    const std::int64_t sign = std::signbit(x) ? -1 : 1;
    limb[0] += sign * static_cast<std::int64_t>(low & 0xffffffff);
    limb[1] += sign * static_cast<std::int64_t>((low >> 32) + (high & 0xffffffff));
    if constexpr (sizeof(T) == 8)
      limb[2] += sign * static_cast<std::int64_t>(high >> 32);
  }

  void add(const Sums &others) {
    for (std::size_t n = 0; n < limbs.size(); ++n)
      limbs[n] += others.limbs[n];
    for (std::size_t n = 0; n < non_finite.size(); ++n)
      non_finite[n] += others.non_finite[n];
    carry();
  }

  /// Hands on what is beyond 32 bits of all limbs but the last.
  void carry() {
    additions = 0;
    for (std::size_t n = 0; n < limbs.size(); ++n)
      if (n % limbs_per_sum != limbs_per_sum - 1) {
        limbs[n + 1] += limbs[n] >> 32; // towards minus infinity
        limbs[n] &= 0xffffffff;
      }
  }

  [[nodiscard]] reference::ExactSum sum(std::size_t number) const {
    reference::ExactSum sum;
    for (std::size_t n = 0; n < limbs_per_sum; ++n)
      sum.add_shifted(limbs[number * limbs_per_sum + n],
                      static_cast<int>(32 * n) + smallest + 1074);
    if (non_finite[number] != 0)
      sum.add_non_finite(non_finite[number]);
    return sum;
  }

  void write(ByteWriter &writer) const {
    for (std::size_t n = 0; n < limbs.size(); ++n)
      if (n % limbs_per_sum != limbs_per_sum - 1)
        writer.write(static_cast<std::uint32_t>(limbs[n]));
      else
        writer.write(limbs[n]);
    for (double sum : non_finite) // all NaNs are one
      writer.write(std::isnan(sum) ? std::numeric_limits<double>::quiet_NaN() : sum);
  }

  void read(ByteReader &reader) {
    for (std::size_t n = 0; n < limbs.size(); ++n)
      limbs[n] = n % limbs_per_sum != limbs_per_sum - 1 ? reader.read<std::uint32_t>()
                                                        : reader.read_integer();
    for (double &sum : non_finite) {
      sum = reader.read_double();
      if (std::isfinite(sum) && std::bit_cast<std::uint64_t>(sum) != 0)
        throw Error("partial_reduction: a sum of infinities and NaNs is finite");
    }
  }

private:
  /// A limb takes so many, of 33 bits each.
  static constexpr std::int64_t most_additions = std::int64_t{1} << 29;

  std::int64_t additions = 0;      ///< since `carry`
  std::vector<std::int64_t> limbs; ///< sum by sum
  std::vector<double> non_finite;
};

/// The sums of elements of type `T`, in limbs of f64 or f32.
template <FloatElement T> class Exact final : public Content {
  using Wide = std::conditional_t<sizeof(T) == 8, double, float>;

public:
  Exact(const Whole &whole, Sums<Wide> sums) : whole(whole), sums(std::move(sums)) {}

  /// Adds the elements of `part`, which has values.
  static void add(const Whole &whole, const Tensor &part, Sums<Wide> &sums) {
    const std::shared_ptr<const Storage> values = part.node()->values();
    Shape shape(part.shape().begin(), part.shape().end());
    ByteStrides strides = values->strides;
    std::vector<std::int64_t> steps(shape.size(), 0); // from sum to sum
    std::int64_t step = 1;
    for (std::size_t dim = shape.size(); dim-- > 0;)
      if (!whole.is_reduced(static_cast<std::int64_t>(dim))) {
        steps[dim] = step;
        step *= shape[dim];
      }
    // Along memory where that is possible.
    std::size_t inner = shape.size() - 1;
    for (std::size_t dim = 0; dim < shape.size(); ++dim)
      if (shape[dim] > 1 && strides[dim] == std::int64_t{sizeof(T)})
        inner = dim;
    const std::int64_t extent = std::exchange(shape[inner], shape[inner] > 0);
    for_each_index<2>(shape, {strides, steps}, [&](const auto &offsets) {
      const std::byte *place = values->data + offsets[0];
      auto sum = static_cast<std::size_t>(offsets[1]);
      for (std::int64_t n = 0; n < extent; ++n) {
        T element;
        std::memcpy(&element, place, sizeof(T));
        sums.add(sum, static_cast<Wide>(element));
        place += strides[inner];
        sum += static_cast<std::size_t>(steps[inner]);
      }
    });
    sums.carry();
  }

  [[nodiscard]] Ptr merged(const Content &other) const override {
    Sums<Wide> both = sums;
    both.add(static_cast<const Exact &>(other).sums);
    return std::make_shared<Exact>(whole, std::move(both));
  }

  [[nodiscard]] Tensor result() const override {
    std::vector<T> results;
    for (std::size_t n = 0; n < static_cast<std::size_t>(sums.count()); ++n)
      results.push_back(sums.sum(n).template result<T>());
    return whole.results(results.data());
  }

  void write(ByteWriter &writer) const override { sums.write(writer); }

  [[nodiscard]] std::string to_string() const override {
    return "\n  " + first_of(sums.count(), [this](std::int64_t i) {
             const T rounded = sums.sum(static_cast<std::size_t>(i)).template result<T>();
             return element_to_string(whole.dtype, reinterpret_cast<const std::byte *>(&rounded));
           });
  }

private:
  Whole whole;
  Sums<Wide> sums;
};

/// Calls `visit` with an element of the dtype, a float.
template <class Visit> Content::Ptr visit_float(DType dtype, const Visit &visit) {
  return visit_dtype(dtype, [&]<class T>(T element) -> Content::Ptr {
    if constexpr (FloatElement<T>)
      return visit(element);
    else
      return nullptr;
  });
}

} // namespace

Content::Ptr make_exact(const Whole &whole, const Tensor &part) {
  // What must be computed is in pieces, of which only one takes memory at a time.
  constexpr std::int64_t most_bytes = 4 * 1024 * 1024;
  const std::int64_t extent = part.shape()[static_cast<std::size_t>(whole.cut)];
  const std::int64_t bytes = std::max<std::int64_t>(1, part.size() * size_of(whole.dtype));
  const std::int64_t step =
      part.is_evaluated() ? extent : std::max<std::int64_t>(1, extent * most_bytes / bytes);
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
