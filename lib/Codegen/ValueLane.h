// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Vectors.h"

#include "tsum/Math/Lane.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

/// The lane type of tsum/Math/Lane.h whose operations build MLIR.
namespace tsum {

/// Where a function's operations go, how many lanes its values have, none for a scalar, and whether
/// the target is one with AVX-512.
struct LaneBuilder {
  mlir::OpBuilder b;
  mlir::Location loc;
  llvm::SmallVector<int64_t, 1> shape;
  bool hasAVX512 = false;

  template <class T> mlir::Type element() {
    if constexpr (std::is_floating_point_v<T>)
      return sizeof(T) == 4 ? mlir::Type(b.getF32Type()) : b.getF64Type();
    else
      return b.getIntegerType(sizeof(T) * 8);
  }

  mlir::Type lanes(mlir::Type element) const {
    return shape.empty() ? element : mlir::VectorType::get(shape, element);
  }

  template <class T> mlir::Value constant(T value) {
    mlir::TypedAttr attribute;
    if constexpr (std::is_floating_point_v<T>)
      attribute = b.getFloatAttr(element<T>(), value);
    else
      attribute = b.getIntegerAttr(element<T>(), llvm::APInt(sizeof(T) * 8, value));
    if (!shape.empty())
      attribute = mlir::DenseElementsAttr::get(mlir::cast<mlir::VectorType>(lanes(element<T>())),
                                               mlir::Attribute(attribute));
    return mlir::arith::ConstantOp::create(b, loc, attribute);
  }

  template <class Op, class... Operands> mlir::Value create(Operands &&...operands) {
    return Op::create(b, loc, std::forward<Operands>(operands)...);
  }
};

/// An i1 for each lane.
struct MaskLane {
  LaneBuilder *builder;
  mlir::Value value;
};

/// Lanes of float, double, std::uint32_t or std::uint64_t; or a number that becomes a constant of
/// as many lanes as what it is combined with.
template <class T> struct ValueLane {
  LaneBuilder *builder = nullptr; // null: a number
  mlir::Value value;
  T number{};

  ValueLane() = default;
  ValueLane(T number) : number(number) {}
  ValueLane(LaneBuilder *builder, mlir::Value value) : builder(builder), value(value) {}

  mlir::Value in(LaneBuilder &builder) const { return value ? value : builder.constant<T>(number); }

  friend ValueLane operator+(ValueLane x, ValueLane y) {
    return binary<mlir::arith::AddFOp, mlir::arith::AddIOp>(x, y, [](T a, T b) { return a + b; });
  }
  friend ValueLane operator-(ValueLane x, ValueLane y) {
    return binary<mlir::arith::SubFOp, mlir::arith::SubIOp>(x, y, [](T a, T b) { return a - b; });
  }
  friend ValueLane operator*(ValueLane x, ValueLane y) {
    return binary<mlir::arith::MulFOp, mlir::arith::MulIOp>(x, y, [](T a, T b) { return a * b; });
  }
  friend ValueLane operator/(ValueLane x, ValueLane y) {
    return binary<mlir::arith::DivFOp, mlir::arith::DivUIOp>(x, y, [](T a, T b) { return a / b; });
  }
  friend ValueLane operator-(ValueLane x) {
    if (!x.builder)
      return -x.number;
    return {x.builder, x.builder->create<mlir::arith::NegFOp>(x.value)};
  }

  // Of integers.
  friend ValueLane operator&(ValueLane x, ValueLane y) {
    return integer<mlir::arith::AndIOp>(x, y);
  }
  friend ValueLane operator|(ValueLane x, ValueLane y) { return integer<mlir::arith::OrIOp>(x, y); }
  friend ValueLane operator^(ValueLane x, ValueLane y) {
    return integer<mlir::arith::XOrIOp>(x, y);
  }
  friend ValueLane operator<<(ValueLane x, ValueLane y) {
    return integer<mlir::arith::ShLIOp>(x, y);
  }
  friend ValueLane operator>>(ValueLane x, ValueLane y) {
    return integer<mlir::arith::ShRUIOp>(x, y);
  }
  friend ValueLane operator<<(ValueLane x, int count) { return x << ValueLane(T(count)); }
  friend ValueLane operator>>(ValueLane x, int count) { return x >> ValueLane(T(count)); }

  friend MaskLane operator<(ValueLane x, ValueLane y) { return compare(x, y, Predicate::OLT); }
  friend MaskLane operator<=(ValueLane x, ValueLane y) { return compare(x, y, Predicate::OLE); }
  friend MaskLane operator>(ValueLane x, ValueLane y) { return compare(x, y, Predicate::OGT); }
  friend MaskLane operator>=(ValueLane x, ValueLane y) { return compare(x, y, Predicate::OGE); }
  friend MaskLane operator==(ValueLane x, ValueLane y) { return compare(x, y, Predicate::OEQ); }
  friend MaskLane operator!=(ValueLane x, ValueLane y) { return compare(x, y, Predicate::UNE); }

  friend ValueLane select(MaskLane mask, ValueLane x, ValueLane y) {
    LaneBuilder *l = mask.builder;
    return {l, l->create<mlir::arith::SelectOp>(mask.value, x.in(*l), y.in(*l))};
  }
  friend ValueLane fma(ValueLane x, ValueLane y, ValueLane z) {
    LaneBuilder *l = x.builder ? x.builder : y.builder ? y.builder : z.builder;
    return {l, l->create<mlir::math::FmaOp>(x.in(*l), y.in(*l), z.in(*l))};
  }
  friend ValueLane exact_remainder(ValueLane x, ValueLane y) {
    LaneBuilder *l = x.builder;
    return {l, l->create<mlir::arith::RemFOp>(x.value, y.in(*l))};
  }
  friend ValueLane abs(ValueLane x) {
    return {x.builder, x.builder->create<mlir::math::AbsFOp>(x.value)};
  }
  friend ValueLane floor(ValueLane x) {
    return {x.builder, x.builder->create<mlir::math::FloorOp>(x.value)};
  }
  friend ValueLane sqrt(ValueLane x) {
    return {x.builder, x.builder->create<mlir::math::SqrtOp>(x.value)};
  }
  friend ValueLane copysign(ValueLane x, ValueLane sign) {
    LaneBuilder *l = sign.builder;
    return {l, l->create<mlir::math::CopySignOp>(x.in(*l), sign.value)};
  }

private:
  using Predicate = mlir::arith::CmpFPredicate;

  template <class FloatOp, class IntegerOp, class Fold>
  static ValueLane binary(ValueLane x, ValueLane y, Fold fold) {
    LaneBuilder *l = x.builder ? x.builder : y.builder;
    if (!l)
      return fold(x.number, y.number);
    using Op = std::conditional_t<std::is_floating_point_v<T>, FloatOp, IntegerOp>;
    return {l, l->create<Op>(x.in(*l), y.in(*l))};
  }

  template <class Op> static ValueLane integer(ValueLane x, ValueLane y) {
    static_assert(std::is_unsigned_v<T>);
    LaneBuilder *l = x.builder ? x.builder : y.builder;
    return {l, l->create<Op>(x.in(*l), y.in(*l))};
  }

  static MaskLane compare(ValueLane x, ValueLane y, Predicate predicate) {
    LaneBuilder *l = x.builder ? x.builder : y.builder;
    if constexpr (std::is_floating_point_v<T>) {
      return {l, l->create<mlir::arith::CmpFOp>(predicate, x.in(*l), y.in(*l))};
    } else {
      assert(predicate == Predicate::OEQ || predicate == Predicate::UNE);
      auto of = predicate == Predicate::OEQ ? mlir::arith::CmpIPredicate::eq
                                            : mlir::arith::CmpIPredicate::ne;
      return {l, l->create<mlir::arith::CmpIOp>(of, x.in(*l), y.in(*l))};
    }
  }
};

/// `x`, by `Op`, as lanes of To.
template <class To, class Op, class From> ValueLane<To> convert(ValueLane<From> x) {
  LaneBuilder *l = x.builder;
  return {l, l->create<Op>(l->lanes(l->element<To>()), x.value)};
}

template <std::floating_point T> ValueLane<math::Bits<T>> bits(ValueLane<T> x) {
  if (!x.builder)
    return std::bit_cast<math::Bits<T>>(x.number);
  return convert<math::Bits<T>, mlir::arith::BitcastOp>(x);
}
inline ValueLane<float> from_bits(ValueLane<std::uint32_t> x) {
  return convert<float, mlir::arith::BitcastOp>(x);
}
inline ValueLane<double> from_bits(ValueLane<std::uint64_t> x) {
  return convert<double, mlir::arith::BitcastOp>(x);
}
inline ValueLane<double> widen(ValueLane<float> x) {
  return convert<double, mlir::arith::ExtFOp>(x);
}
inline ValueLane<float> narrow(ValueLane<double> x) {
  return convert<float, mlir::arith::TruncFOp>(x);
}
inline ValueLane<float> signed_to_float(ValueLane<std::uint32_t> x) {
  return convert<float, mlir::arith::SIToFPOp>(x);
}

/// By vscalefps or vscalefpd, for as many lanes as fill registers.
template <std::floating_point T>
std::optional<ValueLane<T>> scale_by_instruction(ValueLane<T> p, ValueLane<T> n) {
  constexpr int64_t width = 64 / sizeof(T);
  LaneBuilder *l = p.builder;
  if (!l->hasAVX512 || l->shape.empty() || l->shape[0] % width != 0)
    return std::nullopt;
  auto name = l->b.getStringAttr(sizeof(T) == 4 ? "llvm.x86.avx512.mask.scalef.ps.512"
                                                : "llvm.x86.avx512.mask.scalef.pd.512");
  auto constant = [&](mlir::IntegerAttr value) {
    return mlir::arith::ConstantOp::create(l->b, l->loc, value).getResult();
  };
  mlir::Value everyLane = constant(l->b.getIntegerAttr(l->b.getIntegerType(width), -1));
  mlir::Value currentRounding = constant(l->b.getI32IntegerAttr(4));
  llvm::SmallVector<mlir::Value> registers;
  for (int64_t lane = 0; lane < l->shape[0]; lane += width) {
    mlir::Value part = takeLanes(l->b, l->loc, p.value, lane, width);
    mlir::Value power = takeLanes(l->b, l->loc, n.value, lane, width);
    registers.push_back(mlir::LLVM::CallIntrinsicOp::create(
                            l->b, l->loc, part.getType(), name,
                            mlir::ValueRange{part, power, part, everyLane, currentRounding})
                            .getResults());
  }
  return ValueLane<T>(l, concatenate(l->b, l->loc, registers));
}

inline MaskLane both(MaskLane x, MaskLane y) {
  return {x.builder, x.builder->create<mlir::arith::AndIOp>(x.value, y.value)};
}
inline MaskLane either(MaskLane x, MaskLane y) {
  return {x.builder, x.builder->create<mlir::arith::OrIOp>(x.value, y.value)};
}
inline MaskLane negated(MaskLane x) {
  LaneBuilder *l = x.builder;
  mlir::Value ones =
      mlir::arith::ConstantOp::create(l->b, l->loc, l->b.getOneAttr(l->lanes(l->b.getI1Type())));
  return {l, l->create<mlir::arith::XOrIOp>(x.value, ones)};
}

/// An scf.if around `slow`, on whether any lane needs it.
template <class T, std::size_t N, class Slow>
std::array<ValueLane<T>, N> rare(MaskLane mask, Slow slow, std::array<ValueLane<T>, N> fast) {
  LaneBuilder *l = mask.builder;
  mlir::Value any = mask.value;
  if (!l->shape.empty())
    any = l->create<mlir::vector::ReductionOp>(mlir::vector::CombiningKind::OR, any);
  llvm::SmallVector<mlir::Value> values;
  for (const ValueLane<T> &lane : fast)
    values.push_back(lane.in(*l));
  auto branch = mlir::scf::IfOp::create(l->b, l->loc, mlir::TypeRange(mlir::ValueRange(values)),
                                        any, /*withElse=*/true);
  mlir::OpBuilder::InsertionGuard guard(l->b);
  l->b.setInsertionPointToStart(branch.elseBlock());
  mlir::scf::YieldOp::create(l->b, l->loc, values);
  l->b.setInsertionPointToStart(branch.thenBlock());
  std::array<ValueLane<T>, N> slowly = slow();
  for (auto [value, lane] : llvm::zip_equal(values, slowly))
    value = select(mask, lane, ValueLane<T>(l, value)).value;
  mlir::scf::YieldOp::create(l->b, l->loc, values);
  for (auto [lane, result] : llvm::zip_equal(fast, branch.getResults()))
    lane = {l, result};
  return fast;
}

/// As `rare`, but a loop over the lanes of a vector, each of which branches on its own.
template <class T, std::size_t N, class Slow>
std::array<ValueLane<T>, N> rare_each(MaskLane mask, Slow slow, ValueLane<T> x,
                                      std::array<ValueLane<T>, N> fast) {
  LaneBuilder *l = mask.builder;
  if (l->shape.empty())
    return rare(mask, [&] { return slow(x); }, fast);
  mlir::OpBuilder &b = l->b;
  auto index = [&](int64_t i) {
    return mlir::arith::ConstantIndexOp::create(b, l->loc, i).getResult();
  };
  auto yield = [](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange values) {
    mlir::scf::YieldOp::create(b, loc, values);
  };
  return rare(
      mask,
      [&] {
        llvm::SmallVector<mlir::Value> values;
        for (const ValueLane<T> &lane : fast)
          values.push_back(lane.in(*l));
        auto body = [&](mlir::OpBuilder &b, mlir::Location loc, mlir::Value lane,
                        mlir::ValueRange carried) {
          auto at = [&](mlir::OpBuilder &b, mlir::Value vector) {
            return mlir::vector::ExtractOp::create(b, loc, vector, lane).getResult();
          };
          auto rewrite = [&](mlir::OpBuilder &b, mlir::Location loc) {
            LaneBuilder scalar{b, loc, {}};
            std::array<ValueLane<T>, N> slowly = slow(ValueLane<T>(&scalar, at(b, x.value)));
            llvm::SmallVector<mlir::Value> inserted;
            for (auto [vector, value] : llvm::zip_equal(carried, slowly))
              inserted.push_back(
                  mlir::vector::InsertOp::create(scalar.b, loc, value.value, vector, lane));
            yield(scalar.b, loc, inserted);
          };
          auto keep = [&](mlir::OpBuilder &b, mlir::Location loc) { yield(b, loc, carried); };
          auto branch = mlir::scf::IfOp::create(b, loc, at(b, mask.value), rewrite, keep);
          yield(b, loc, branch.getResults());
        };
        auto loop = mlir::scf::ForOp::create(b, l->loc, index(0), index(l->shape[0]), index(1),
                                             values, body);
        std::array<ValueLane<T>, N> result;
        for (auto [lane, value] : llvm::zip_equal(result, loop.getResults()))
          lane = {l, value};
        return result;
      },
      fast);
}

} // namespace tsum

namespace tsum::math {

template <> struct LaneTraits<ValueLane<float>> {
  using Scalar = float;
  using Bits = ValueLane<std::uint32_t>;
  using Wide = ValueLane<double>;
};

template <> struct LaneTraits<ValueLane<double>> {
  using Scalar = double;
  using Bits = ValueLane<std::uint64_t>;
};

} // namespace tsum::math
