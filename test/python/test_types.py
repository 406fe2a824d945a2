# SPDX-License-Identifier: Apache-2.0
"""What type checkers learn of the package."""
import ast
import importlib.util
import inspect
import pathlib
import typing

import pytest

import check_types
import tsum
import tsum.numpy as tnp
import typed_uses

PACKAGE = pathlib.Path(tsum.__file__).parent
STUBS = sorted(str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.pyi"))

# Whose types nobody knows: what is handed on to functions of the caller or of other libraries, and
# what depends on values. Everything else in a stub has a type.
UNKNOWN = {
    # Protocols of Python and NumPy.
    "__reduce__", "__deepcopy__", "__dlpack__", "__array_function__", "__array_ufunc__",
    "__getattr__", "__get__", "__array_namespace_info__",
    # A number, a structure of numbers; a function of the caller's.
    "item", "tolist", "__call__",
    # Of NumPy, where the result depends on values.
    "unique", "intersect1d", "gradient", "atleast_2d", "atleast_3d", "polyfit", "indices",
    "fromfunction", "qr", "svd", "apply_along_axis", "piecewise", "pad",
    # Not for users.
    "namespace_info", "evaluated", "from_numpy", "to_numpy", "wrap_array", "check_device",
}
# Tokens that only who made them reads.
OPAQUE = {"enter_accuracy", "leave_accuracy", "enter_threads", "leave_threads", "__eq__"}


def functions(stub):
    tree = ast.parse((PACKAGE / stub).read_text())
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_checkers_find_nothing(checker, tmp_path):
    if importlib.util.find_spec(checker) is None:
        pytest.skip(f"there is no {checker} (tools/dev setup installs it)")
    found = check_types.check(tmp_path, [checker])
    good, said = found[checker]
    assert good, said


def test_types_are_those_of_values():
    typed_uses.right()


def test_every_line_of_wrong_calls_is_wrong():
    """The lines that checkers have to refuse, which tsum refuses, too."""
    source = inspect.getsource(typed_uses.wrong)
    body = ast.parse(source).body[0].body
    a = typed_uses.np.ones((2, 3), "f4")
    scope = {"a": a, "x": tsum.asarray(a), "y": tnp.asarray(a), "tsum": tsum, "tnp": tnp}
    for statement in body:
        text = ast.unparse(statement)
        with pytest.raises((TypeError, ValueError, AttributeError, IndexError)):
            exec(text, scope)
            pytest.fail(f"{text}: was no error")


def test_all_modules_have_a_stub_or_annotations():
    assert (PACKAGE / "py.typed").exists()
    assert {"__init__.pyi", "_core.pyi", "math.pyi", "numpy/__init__.pyi", "numpy/_array.pyi",
            "numpy/fft.pyi", "numpy/linalg.pyi"} <= set(STUBS)


@pytest.mark.parametrize("stub", STUBS)
def test_stubs_have_types(stub):
    assert functions(stub) or stub == "math.pyi"
    for function in functions(stub):
        arguments = function.args
        named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs,
                 *filter(None, [arguments.vararg, arguments.kwarg])]
        annotations = [each.annotation for each in named if each.arg not in ("self", "cls")]
        where = f"{stub}: {function.name}"
        assert None not in [*annotations, function.returns], where
        said = " ".join(ast.unparse(each) for each in [*annotations, function.returns])
        if function.name not in UNKNOWN:
            assert "Any" not in said, f"{where}: {said}"
        if function.name not in OPAQUE | UNKNOWN:
            assert "object" not in said, f"{where}: {said}"


@pytest.mark.parametrize("module", [tsum, tnp, tnp.linalg, tnp.fft, tsum.math])
def test_stubs_have_every_public_name(module):
    name = module.__name__.removeprefix("tsum").replace(".", "/").strip("/")
    path = next(path for path in (PACKAGE / f"{name}.pyi", PACKAGE / name / "__init__.pyi")
                if path.exists() and path.name != ".pyi")
    known = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom):
            known |= {each.asname or each.name for each in node.names}
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            known.add(node.name)
        elif isinstance(node, ast.AnnAssign):
            known.add(node.target.id)
        elif isinstance(node, ast.Assign):
            known |= {each.id for each in node.targets}
    assert set(module.__all__) <= known


def test_annotations_are_there_at_run_time():
    hints = typing.get_type_hints(tsum.nansum)
    assert hints["a"] == tsum.typing.ArrayLike and hints["return"] is tsum.Tensor
    assert tsum.typing.Axis.__args__[-1] is type(None)
    assert all(hasattr(tsum.typing, name) for name in tsum.typing.__all__)
