# SPDX-License-Identifier: Apache-2.0
"""Runs mypy and pyright on typed_uses.py, on what docs/ shows of Python, and on the type stubs.

    check_types.py [FOLDER]

A folder with the files stays in FOLDER; without one it goes. Says what a checker finds, and ends
with an error if it is anything.
"""
import doctest
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import tsum

HERE = pathlib.Path(__file__).resolve().parent
DOCUMENTS = [HERE.parents[1] / "docs" / name for name in ("python.md", "tour.md", "gradients.md")]

# What is overridden with other parameters on purpose: tsum.numpy's arrays are tensors, whose
# methods are NumPy's. Documents use a name for several things, one after the other.
MYPY = """
[mypy]
strict = True
allow_untyped_calls = True
disable_error_code = override
allow_redefinition = True
local_partial_types = True
follow_imports = silent
follow_untyped_imports = True

[mypy-%s]
allow_untyped_defs = True
allow_untyped_decorators = True
allow_incomplete_defs = True
check_untyped_defs = True
disable_error_code = override,no-untyped-def,comparison-overlap

[mypy-tsum.*]
allow_any_generics = True
"""
PYRIGHT = {
    "typeCheckingMode": "standard",
    "enableTypeIgnoreComments": False,
    "reportIncompatibleMethodOverride": False,
    "reportIncompatibleVariableOverride": False,
    "reportUnnecessaryTypeIgnoreComment": True,
    "reportMissingModuleSource": False,
    "reportMissingImports": True,
}


def examples(document):
    """The examples of a document as one module."""
    parsed = doctest.DocTestParser().get_examples(document.read_text())
    return "".join([
        "# pyright: reportPossiblyUnboundVariable=false, reportUnusedExpression=false\n",
        *(example.source for example in parsed)])


def prepare(folder):
    """Writes what is checked to `folder`; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(HERE / "typed_uses.py", folder)
    files = ["typed_uses.py"]
    for document in DOCUMENTS:
        name = f"document_{document.stem}.py"
        (folder / name).write_text(examples(document))
        files.append(name)
    # As of an installed package, beside what uses it.
    package = pathlib.Path(tsum.__file__).parent
    link = folder / "tsum"
    if not link.exists():
        link.symlink_to(package, target_is_directory=True)
    files += [f"tsum/{stub.relative_to(package)}" for stub in sorted(package.rglob("*.pyi"))]
    documents = ",".join(name[:-3] for name in files if name.startswith("document_"))
    (folder / "mypy.ini").write_text(MYPY % documents)
    (folder / "pyrightconfig.json").write_text(json.dumps(PYRIGHT | {"include": files}))
    return files


def commands(files):
    python = sys.executable
    return {"mypy": [python, "-m", "mypy", "--config-file", "mypy.ini", "--python-executable",
                     python, *files],
            "pyright": [python, "-m", "pyright", "--warnings", "--pythonpath", python, "-p", "."]}


def check(folder, checkers=("mypy", "pyright")):
    """Whether each checker finds nothing, and what it says."""
    files = prepare(folder)
    found = {}
    for name in checkers:
        result = subprocess.run(commands(files)[name], cwd=folder, capture_output=True, text=True)
        found[name] = (result.returncode == 0, result.stdout + result.stderr)
    return found


def main():
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else pathlib.Path(
            temporary)
        found = check(folder)
    for name, (_, said) in found.items():
        print(f"{name}: {said.strip()}")
    sys.exit(not all(good for good, _ in found.values()))


if __name__ == "__main__":
    main()
