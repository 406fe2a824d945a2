# SPDX-License-Identifier: Apache-2.0
"""Installs tsum, and uses it as other projects do.

usage: check_install.py BUILD WORK CMAKE C++_COMPILER
       check_install.py --installed PREFIX WORK CMAKE C++_COMPILER

Installs the build folder BUILD below WORK, or takes what is installed in PREFIX, and checks the
library's name, its size and what it exports, the headers, and the projects in this folder, which
are built from nothing else.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
is_installed = sys.argv[1] == "--installed"
source, work = (pathlib.Path(argument).resolve()
                for argument in sys.argv[1 + is_installed:3 + is_installed])
cmake, compiler = sys.argv[3 + is_installed:5 + is_installed]
prefix = source if is_installed else work / "prefix"
# What each project prints.
EXPECTED = {
    "cmake": """\
tsum.Tensor([ 5. 13.], shape=(2,), dtype=f32)
tsum.Tensor([[-1.  1.]
 [-1.  1.]], shape=(2, 2), dtype=f32)
reduce_sum: axis 2 is out of range for a tensor of rank 2 (valid: -2..1)
no such file
""",
    "eigen": "as Eigen computes it\n",
    "makefile": "5 7 9 6\n",
}

shared = prefix / "lib" / "libtsum.so"
static = prefix / "lib" / "libtsum.a"


def run(*command, environment=None, cwd=None):
    """What `command` prints."""
    result = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True,
                            stderr=subprocess.STDOUT, cwd=cwd,
                            env=dict(os.environ, **(environment or {})), check=False)
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}:\n{result.stdout}")
    return result.stdout


def install():
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    if not is_installed:
        run(cmake, "--install", source, "--prefix", prefix, "--component", "tsum", "--strip")
    dynamic = run("readelf", "--dynamic", "--wide", shared)
    soname = re.search(r"SONAME.*\[(.*)\]", dynamic)[1]
    version = re.search(r"Version: (.*)", (prefix / "lib/pkgconfig/tsum.pc").read_text())[1]
    assert soname == f"libtsum.so.{version.split('.')[0]}", soname
    assert os.readlink(shared) == soname and os.readlink(prefix / "lib" / soname) == \
        f"libtsum.so.{version}"
    is_self_contained = not re.search(r"NEEDED.*\[lib(LLVM|MLIR)", dynamic)
    megabytes = shared.stat().st_size / 1e6
    print(f"{soname}, version {version}: {megabytes:.1f} MB, LLVM "
          f"{'within' if is_self_contained else 'beside it'}")
    assert megabytes < 50 # 40 are LLVM with one target and the passes that are used
    assert static.exists() == is_self_contained


def exported(library, *flags):
    lines = run("nm", "--defined-only", "--extern-only", "--demangle", *flags,
                library).splitlines()
    return {line.split(" ", 2)[2] for line in lines if re.match(r"[0-9a-f]+ \w ", line)}


def check_symbols():
    """Everything exported is declared in a public header, and both libraries export the same."""
    public = sorted(exported(shared, "--dynamic"))
    declared = run(compiler, "-std=c++20", "-E", "-P", "-I", prefix / "include",
                   "-x", "c++", HERE / "headers.h")
    for symbol in public:
        if symbol.startswith("tsum_exact_"):
            continue  # what compiled exact sums call
        name = re.fullmatch(r"(?:typeinfo(?: name)? for |vtable for )?tsum::(?:detail::)?"
                            r"(?:\w+::)?(~?\w+|operator[^\w\s]+)(?:\[abi:cxx11\])?(?:\(.*)?",
                            symbol)
        assert name, f"{symbol} is exported"
        assert re.search(rf"(?<!\w){re.escape(name[1])}(?!\w)", declared), \
            f"{symbol} is exported and in no public header"
    for function in ("reduce_sum(", "eval(", "compile(", "load_npy(", "cache_stats("):
        assert any(symbol.startswith("tsum::" + function) for symbol in public), function
    print(f"{len(public)} exported symbols:")
    print("\n".join("  " + re.sub(r"std::basic_string_view<.*?> >", "std::string_view", symbol)
                    for symbol in public))
    if static.exists():
        assert exported(static) == set(public), sorted(exported(static) ^ set(public))
        print(f"the same in libtsum.a, {static.stat().st_size / 1e6:.1f} MB")


def check_headers():
    """What a header includes is installed, too; the test `headers` compiles each alone."""
    print(run(sys.executable, HERE.parent / "check_headers.py", "--together", prefix / "include",
              compiler, "g++").strip())


def check(project, output):
    assert output == EXPECTED[project], output
    print(f"{project}: ok")


def build_with_cmake(project, folder, *arguments):
    run(cmake, "-S", HERE / folder, "-B", work / project, f"-DCMAKE_PREFIX_PATH={prefix}",
        "-DCMAKE_CXX_COMPILER=g++", *arguments)
    run(cmake, "--build", work / project)
    return run(work / project / "consumer")


def build_with_make(prefix, libdir="lib", package="tsum"):
    """The project with a makefile, by what pkg-config says of `package`."""
    folder = work / "makefile"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(HERE / "makefile", folder)
    # pkg-config would leave out -L of a folder that is the system's, never of this one.
    run("make", f"CXX={compiler}", f"package={package}", cwd=folder,
        environment={"PKG_CONFIG_PATH": str(prefix / libdir / "pkgconfig")})
    return run(folder / "consumer", environment={"LD_LIBRARY_PATH": str(prefix / libdir)})


def check_layouts():
    """The same with the libraries in other folders, and with all of it moved afterwards."""
    version = re.search(r"Version: (.*)", (prefix / "lib/pkgconfig/tsum.pc").read_text())[1]
    assert "-ltbb" in (prefix / "lib/pkgconfig/tsum-static.pc").read_text()
    for libdir in ("lib64", "lib/x86_64-linux-gnu", str(work / "elsewhere")):
        laid_out = work / "layout"
        shutil.rmtree(laid_out, ignore_errors=True)
        folder = laid_out / libdir
        shutil.copytree(prefix / "lib", folder, symlinks=True,
                        ignore=shutil.ignore_patterns("cmake", "pkgconfig"))
        shutil.copytree(prefix / "include", laid_out / "include")
        (folder / "pkgconfig").mkdir()
        run(cmake, f"-Dlibdir={libdir}", "-Dincludedir=include", f"-Dprefix={laid_out}",
            f"-Dversion={version}", f"-Dfolder={folder / 'pkgconfig'}", "-P",
            HERE.parents[1] / "tools" / "package" / "WritePkgConfig.cmake")
        if not os.path.isabs(libdir):
            laid_out = laid_out.rename(work / "moved")
        for package in ("tsum", "tsum-static"):
            assert build_with_make(laid_out, libdir, package) == EXPECTED["makefile"]
        shutil.rmtree(laid_out)
        print(f"makefile, {libdir.replace(str(work), '')}: ok")


def main():
    os.environ["TSUM_CACHE_DIR"] = ""
    install()
    check_symbols()
    check_headers()
    check("cmake", build_with_cmake("cmake", "cmake"))
    if static.exists():
        check("cmake", build_with_cmake("static", "cmake", "-Dlibrary=static"))
    check("eigen", build_with_cmake("eigen", "eigen"))
    check("makefile", build_with_make(prefix))
    if static.exists():
        check("makefile", build_with_make(prefix, package="tsum-static"))
        check_layouts()


if __name__ == "__main__":
    main()
