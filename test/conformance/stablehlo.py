# SPDX-License-Identifier: Apache-2.0
"""StableHLO's test data, computed by tsum; `tools/dev conformance stablehlo` is what calls it.

    stablehlo.py [--list] CHECKOUT

CHECKOUT is one of github.com/openxla/stablehlo. Each file of its stablehlo/testdata is a program,
written by JAX, with its inputs and what XLA has computed of them. jaxlib reads it, each of its
operations becomes tsum's, and the results must be as close as the file asks. A program with an
operation that is none of tsum's is out of scope: the reasons are counted, and with --list the
programs named. Ends with 1 if a result is wrong that KNOWN does not name, or one of KNOWN is right.
"""
import argparse
import collections
import pathlib
import re
import sys

import ml_dtypes
import numpy as np
from jax._src.interpreters import mlir
from jaxlib.mlir import ir

import tsum

DTYPES = {"i1": np.bool_, "i8": np.int8, "i16": np.int16, "i32": np.int32, "i64": np.int64,
          "ui8": np.uint8, "ui16": np.uint16, "ui32": np.uint32, "ui64": np.uint64,
          "f16": np.float16, "bf16": ml_dtypes.bfloat16, "f32": np.float32, "f64": np.float64,
          "complex<f32>": np.complex64, "complex<f64>": np.complex128}

# Results that are further from XLA's than 3 units in the last place, and what both are from the
# exact ones, in the same units.
KNOWN = {
    "cosh_float32_20_20_chlo": "XLA's is 4.3 units from the exact result, tsum's 1.1",
    "sinh_float32_20_20_chlo": "XLA's is 6.7 units from the exact result, tsum's 1.3",
    "sin_complex64_20_20": "XLA's is 3.6 units from the exact result, tsum's 2.3",
    "pow_complex64_20_30_complex64_20_30":
        "of the size of the exact result XLA's is 14.2 units away, tsum's 19.6",
}


class OutOfScope(Exception):
    """Why tsum does not do this."""


class WrongResult(Exception):
    """What is wrong with it."""


#===-- Types and constants -------------------------------------------------------------------===//

def dtype_of(type):
    name = str(ir.ShapedType(type).element_type)
    if name not in DTYPES:
        raise OutOfScope(f"dtype {name}")
    return np.dtype(DTYPES[name])


def shape_of(type):
    return tuple(ir.ShapedType(type).shape)


def constant(op, type):
    """The array of `dense<...>`, whose text is a number, lists of numbers, or bytes.

    The text, since jaxlib gives no values of bf16.
    """
    dtype, shape = dtype_of(type), shape_of(type)
    text = re.search(r"dense<(.*)> : tensor<", str(op), re.DOTALL)[1]
    if text.startswith('"0x'):
        values = np.frombuffer(bytes.fromhex(text[3:-1]), dtype)
    else:
        numbers = re.findall(r"0x[0-9A-F]+|true|false|-?\d[\d.eE+-]*", text)
        values = np.array([number(each, real_part(dtype)) for each in numbers], real_part(dtype))
        if dtype.kind == "c":
            values = values.view(dtype)
    values = values.reshape(shape) if values.size != 1 else np.broadcast_to(values.reshape(()),
                                                                            shape)
    return np.array(values)


def real_part(dtype):
    return np.zeros(0, dtype).real.dtype if dtype.kind == "c" else dtype


def number(text, dtype):
    if text in ("true", "false"):
        return text == "true"
    if text.startswith("0x"):  # the bits of a float
        digits = int(text, 16)
        return np.array(digits, f"u{dtype.itemsize}").view(dtype)[()]
    return int(text) if dtype.kind in "iu" else float(text)


#===-- Operations ----------------------------------------------------------------------------===//

UNARY = {
    "stablehlo.abs": "abs", "stablehlo.cbrt": "cbrt", "stablehlo.ceil": "ceil",
    "stablehlo.cosine": "cos", "stablehlo.exponential": "exp", "stablehlo.floor": "floor",
    "stablehlo.exponential_minus_one": "expm1", "stablehlo.imag": "imag",
    "stablehlo.is_finite": "is_finite", "stablehlo.log": "log", "stablehlo.log_plus_one": "log1p",
    "stablehlo.logistic": "sigmoid", "stablehlo.negate": "negative", "stablehlo.real": "real",
    "stablehlo.round_nearest_even": "round", "stablehlo.rsqrt": "rsqrt", "stablehlo.sign": "sign",
    "stablehlo.sine": "sin", "stablehlo.sqrt": "sqrt", "stablehlo.tan": "tan",
    "stablehlo.tanh": "tanh",
    "chlo.acos": "acos", "chlo.acosh": "acosh", "chlo.asin": "asin", "chlo.asinh": "asinh",
    "chlo.atan": "atan", "chlo.atanh": "atanh", "chlo.conj": "conj", "chlo.cosh": "cosh",
    "chlo.erf": "erf", "chlo.erfc": "erfc", "chlo.is_inf": "is_inf", "chlo.sinh": "sinh",
    "chlo.square": "square", "chlo.tan": "tan",
}
BINARY = {
    "stablehlo.add": "add", "stablehlo.atan2": "atan2", "stablehlo.complex": "complex",
    "stablehlo.maximum": "maximum", "stablehlo.minimum": "minimum",
    "stablehlo.multiply": "multiply", "stablehlo.power": "pow",
    "stablehlo.subtract": "subtract", "stablehlo.shift_left": "left_shift",
    "chlo.next_after": "nextafter",
}
# Of booleans and of integers.
LOGICAL = {"stablehlo.and": ("logical_and", "bitwise_and"),
           "stablehlo.or": ("logical_or", "bitwise_or"),
           "stablehlo.xor": ("logical_xor", "bitwise_xor"),
           "stablehlo.not": ("logical_not", "invert")}
COMPARISONS = {"EQ": "equal", "NE": "not_equal", "LT": "less", "LE": "less_equal", "GT": "greater",
               "GE": "greater_equal"}
# Of booleans, StableHLO's arithmetic.
OF_BOOLEANS = {"stablehlo.add": "logical_or", "stablehlo.multiply": "logical_and",
               "stablehlo.maximum": "logical_or", "stablehlo.minimum": "logical_and"}
# What reduces by an operation of two elements, and what a reduction begins with.
REDUCTIONS = {
    "stablehlo.add": ("reduce_sum", tsum.add), "stablehlo.multiply": ("reduce_prod", tsum.multiply),
    "stablehlo.maximum": ("reduce_max", tsum.maximum),
    "stablehlo.minimum": ("reduce_min", tsum.minimum),
    "stablehlo.and": ("reduce_all", tsum.logical_and),
    "stablehlo.or": ("reduce_any", tsum.logical_or),
}
# The body that JAX writes for argmax and argmin: the first of the largest, or the first NaN.
ARGUMENT = ["compare {}", "compare NE", "or", "compare EQ", "compare LT", "and", "or", "select",
            "select", "return"]


def numbers(attribute):
    return [int(each) for each in re.findall(r"-?\d+", str(attribute).partition(":")[2])]


def direction(op):
    return re.search(r"\b(EQ|NE|LT|LE|GT|GE)\b", str(op.attributes["comparison_direction"]))[1]


def compute(op, operands, call):
    """The tensors that `op` gives for those of its operands."""
    name, operands = op.name, [tsum.asarray(each) for each in operands]
    type = op.results[0].type if len(op.results) else None
    is_boolean = bool(operands) and operands[-1].dtype == tsum.boolean
    if name in OF_BOOLEANS and is_boolean:
        return [getattr(tsum, OF_BOOLEANS[name])(*operands)]
    if name in LOGICAL:
        return [getattr(tsum, LOGICAL[name][not is_boolean])(*operands)]
    if name in UNARY or name in BINARY:
        operation = UNARY.get(name) or BINARY[name]
        if not hasattr(tsum, operation):
            raise OutOfScope(f"tsum has no {operation}")
        return [getattr(tsum, operation)(*operands)]
    if name in SPECIAL:
        return SPECIAL[name](op, type, *operands)
    if name == "func.call":
        return call(ir.FlatSymbolRefAttr(op.attributes["callee"]).value, operands)
    raise OutOfScope(name.replace("stablehlo.", ""))


def fill(op, type):
    return [constant(op, type)]


def iota(op, type):
    axis, shape = int(ir.IntegerAttr(op.attributes["iota_dimension"])), shape_of(type)
    line = np.arange(shape[axis]).astype(dtype_of(type))
    return [tsum.broadcast_to(line.reshape([-1 if each == axis else 1
                                            for each in range(len(shape))]), shape)]


def broadcast(op, type, x):
    kept = numbers(op.attributes["broadcast_dimensions"])
    shape = shape_of(type)
    laid_out = [1] * len(shape)
    for axis, extent in zip(kept, x.shape):
        laid_out[axis] = extent
    order = sorted(range(len(kept)), key=kept.__getitem__)
    return [tsum.broadcast_to(tsum.reshape(tsum.transpose(x, order), laid_out), shape)]


def cut(op, type, x):
    bounds = [numbers(op.attributes[name]) for name in ("start_indices", "limit_indices",
                                                        "strides")]
    return [x[tuple(slice(*each) for each in zip(*bounds))]]


def convert(op, type, x):
    wanted = dtype_of(type)
    if x.dtype.numpy.kind == "c" and wanted.kind != "c":
        x = tsum.real(x)
    if wanted.kind == "b":
        return [tsum.not_equal(x, 0)] if x.dtype != tsum.boolean else [x]
    return [tsum.cast(x, wanted)]


def compare(op, type, x, y):
    if "TOTALORDER" in str(op.attributes["compare_type"] if "compare_type" in op.attributes
                           else ""):
        raise OutOfScope("compare in the total order")
    return [getattr(tsum, COMPARISONS[direction(op)])(x, y)]


def divide(op, type, x, y):
    kind = x.dtype.numpy.kind
    if kind not in "iu":
        return [tsum.divide(x, y)]
    if not np.all(y.numpy()):
        raise OutOfScope("division of integers by zero")
    quotient = tsum.floordiv(x, y)
    if kind == "u":
        return [quotient]
    # StableHLO rounds towards 0, tsum down.
    is_below = tsum.logical_and(tsum.less(quotient, 0), tsum.not_equal(quotient * y, x))
    return [quotient + tsum.cast(is_below, quotient.dtype)]


def remainder(op, type, x, y):
    if x.dtype.numpy.kind not in "iu":
        raise OutOfScope("remainder of floats, which has the dividend's sign")
    (quotient,) = divide(op, type, x, y)
    return [x - quotient * y]


def shift_right(is_logical):
    def shift(op, type, x, y):
        if is_logical != (x.dtype.numpy.kind == "u"):
            raise OutOfScope("shift_right of the other signedness")
        return [tsum.right_shift(x, y)]
    return shift


def reduce(op, type, *operands):
    """One or several reductions side by side, or argmax and argmin."""
    count = len(operands) // 2
    inputs, starts = operands[:count], operands[count:]
    axes = numbers(op.attributes["dimensions"])
    body = op.regions[0].blocks[0]
    found = arguments_of_extremes(body, inputs, axes)
    if found is not None:
        return found
    return [one_reduction(body, place, x, start, axes)
            for place, (x, start) in enumerate(zip(inputs, starts))]


def one_reduction(body, place, x, start, axes):
    count = len(body.arguments) // 2
    value = list(body.operations)[-1].operands[place]
    if not isinstance(value, ir.OpResult):
        raise OutOfScope("reduce by another function")
    by = value.owner
    given = [body.arguments[place], body.arguments[place + count]]
    if by.name not in REDUCTIONS or [*by.operands] not in (given, given[::-1]):
        raise OutOfScope("reduce by another function")
    name, combine = REDUCTIONS[by.name]
    if x.dtype == tsum.boolean and by.name in OF_BOOLEANS:
        is_or = OF_BOOLEANS[by.name] == "logical_or"
        name, combine = (("reduce_any", tsum.logical_or) if is_or else
                         ("reduce_all", tsum.logical_and))
    elif name in ("reduce_all", "reduce_any") and x.dtype != tsum.boolean:
        raise OutOfScope(f"reduce by the bits of {by.name.replace('stablehlo.', '')}")
    return combine(getattr(tsum, name)(x, axes), start)


def arguments_of_extremes(body, inputs, axes):
    words = [op.name.split(".")[1] + (f" {direction(op)}" if "compare" in op.name else "")
             for op in body.operations]
    for name, sign in ("max", "GT"), ("min", "LT"):
        if words == [each.format(sign) for each in ARGUMENT] and len(axes) == 1:
            values, places = inputs
            counted = np.arange(values.shape[axes[0]]).reshape(
                [-1 if axis == axes[0] else 1 for axis in range(values.ndim)])
            if not np.array_equal(places.numpy(), np.broadcast_to(counted, values.shape)):
                return None
            if values.dtype == tsum.boolean:
                extreme = (tsum.reduce_any if name == "max" else tsum.reduce_all)(values, axes[0])
                values = tsum.cast(values, "int8")
            else:
                extreme = getattr(tsum, f"reduce_{name}")(values, axes[0])
            place = getattr(tsum, f"arg{name}")(values, axes[0])
            return [extreme, tsum.cast(place, places.dtype)]
    return None


SPECIAL = {
    "stablehlo.constant": fill, "stablehlo.iota": iota, "stablehlo.broadcast_in_dim": broadcast,
    "stablehlo.reshape": lambda op, type, x: [tsum.reshape(x, shape_of(type))],
    "stablehlo.transpose": lambda op, type, x: [
        tsum.transpose(x, numbers(op.attributes["permutation"]))],
    "stablehlo.reverse": lambda op, type, x: [tsum.flip(x, numbers(op.attributes["dimensions"]))],
    "stablehlo.slice": cut, "stablehlo.convert": convert, "stablehlo.compare": compare,
    "stablehlo.select": lambda op, type, c, x, y: [tsum.where(c, x, y)],
    "stablehlo.clamp": lambda op, type, low, x, high: [
        tsum.minimum(tsum.maximum(x, low), high)],
    "stablehlo.divide": divide, "stablehlo.remainder": remainder, "stablehlo.reduce": reduce,
    "stablehlo.shift_right_logical": shift_right(True),
    "stablehlo.shift_right_arithmetic": shift_right(False),
}


#===-- Programs ------------------------------------------------------------------------------===//

class Program:
    """A module, whose `main` compares what it computes with what it expects."""

    def __init__(self, text):
        self.module = ir.Module.parse(text)
        self.functions = {ir.StringAttr(op.attributes["sym_name"]).value: op
                          for op in self.module.body.operations}
        self.compared = 0

    def run(self, name="main", arguments=()):
        body = self.functions[name].regions[0].blocks[0]
        values = dict(zip(body.arguments, arguments))
        for op in body.operations:
            op = op.operation
            operands = [values[each] for each in op.operands]
            if op.name == "func.return":
                return operands
            if op.name == "stablehlo.custom_call":
                self.compare(op, *operands)
                continue
            try:
                results = compute(op, operands, self.run)
            except tsum.DTypeError as error:
                raise OutOfScope(f"dtype: {str(error).partition(' (')[0]}") from error
            for value, result in zip(op.results, results):
                values[value] = result
                check_type(op.name, value.type, tsum.asarray(result))

    def compare(self, op, found, expected):
        how = ir.StringAttr(op.attributes["call_target_name"]).value
        if not how.startswith("check."):
            raise OutOfScope("custom_call")
        self.compared += 1
        found, expected = tsum.asarray(found).numpy(), tsum.asarray(expected).numpy()
        if np.iscomplexobj(expected):
            found, expected = (np.stack([x.real, x.imag]) for x in (found, expected))
        same = (found == expected) | ((found != found) & (expected != expected))
        if expected.dtype.kind in "biu" or how == "check.expect_eq":
            is_right = same
        elif how == "check.expect_close":
            is_right = same | are_close(found, expected)
        else:
            is_right = same | (np.abs(found.astype("f8") - expected.astype("f8")) <= 0.001)
        if not np.all(is_right):
            place = tuple(np.argwhere(~np.atleast_1d(is_right))[0])
            raise WrongResult(f"{np.atleast_1d(found)[place]} in place of "
                              f"{np.atleast_1d(expected)[place]}")


def are_close(found, expected):
    """Within 3 units in the last place, as StableHLO's own interpreter is asked."""
    unit = float(ml_dtypes.finfo(expected.dtype).eps)
    smallest = float(ml_dtypes.finfo(expected.dtype).tiny)
    found, expected = found.astype(np.float64), expected.astype(np.float64)
    # An infinity would be near to everything.
    near = 3 * unit * np.maximum(np.abs(expected), smallest)
    with np.errstate(invalid="ignore"):
        return np.isfinite(expected) & (np.abs(found - expected) <= near)


def check_type(name, type, result):
    if result.shape != shape_of(type) or result.dtype.numpy != dtype_of(type):
        raise WrongResult(f"{name} gives {result.shape} {result.dtype.name} in place of {type}")


def outcome(text):
    """"passes", or why the program is out of scope. Raises WrongResult."""
    program = Program(text)
    try:
        program.run()
    except OutOfScope as reason:
        return str(reason)
    assert program.compared
    return "passes"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("checkout", type=pathlib.Path)
    parser.add_argument("--list", action="store_true", help="name the programs out of scope")
    arguments = parser.parse_args()
    files = sorted((arguments.checkout / "stablehlo" / "testdata").glob("*.mlir"))
    if not files:
        sys.exit(f"{arguments.checkout} has no stablehlo/testdata/*.mlir "
                 "(git clone https://github.com/openxla/stablehlo)")
    passed, wrong, reasons = collections.Counter(), {}, collections.defaultdict(list)
    with mlir.make_ir_context() as context, ir.Location.unknown(context):
        for file in files:
            subject = re.match(r"[a-z0-9]+(?:_(?:and|or|max|min|precision|window\w*?|in))?",
                               file.stem)[0]
            try:
                said = outcome(file.read_text())
            except WrongResult as error:
                wrong[file.stem] = str(error)
                continue
            except ir.MLIRError:
                said = "jaxlib does not read it"
            except Exception as error:  # is a finding, too
                wrong[file.stem] = f"{type(error).__name__}: {error}"
                continue
            if said == "passes":
                passed[subject] += 1
            else:
                reasons[said].append(file.stem)
    known = {name: reason for name, reason in KNOWN.items() if name in wrong}
    print(f"{len(files)} programs: {sum(passed.values())} pass, {len(wrong)} are wrong, of which "
          f"{len(known)} are known, {sum(map(len, reasons.values()))} are out of scope")
    print(", ".join(f"{subject} {count}" for subject, count in sorted(passed.items())))
    for reason, names in sorted(reasons.items(), key=lambda each: -len(each[1])):
        print(f"  {len(names)} {reason}" + (f": {', '.join(names)}" if arguments.list else ""))
    for name, message in wrong.items():
        print(f"{'known' if name in known else 'WRONG'} {name}: {message}"
              + (f" ({known[name]})" if name in known else ""))
    present = {file.stem for file in files}
    right = [name for name in KNOWN if name in present and name not in wrong]
    for name in right:
        print(f"{name} passes: KNOWN names it")
    sys.exit(bool(right) or len(wrong) > len(known))


if __name__ == "__main__":
    main()
