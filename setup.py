"""Build the native core. Everything else about the package stands in pyproject.toml.

What a build needs is looked at before anything is compiled, so that a machine without a compiler
gets one line that says what to install instead of a page of compiler output.

Environment: CXX (the compiler), BPE_BUILD_JOBS (files compiled at once; default all CPUs),
BPE_EXTRA_CFLAGS and BPE_EXTRA_LDFLAGS (sanitizers, warnings as errors, ...).
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import zlib
from pathlib import Path

import pybind11
from pybind11.setup_helpers import ParallelCompile, Pybind11Extension
from pybind11.setup_helpers import build_ext as pybind11_build_ext
from setuptools import setup

ROOT = Path(__file__).parent
EXTRA_CFLAGS = shlex.split(os.environ.get("BPE_EXTRA_CFLAGS", ""))
EXTRA_LDFLAGS = shlex.split(os.environ.get("BPE_EXTRA_LDFLAGS", ""))
COMPILE_ARGS = ["-O3", "-fno-math-errno", "-pthread", "-Wall", "-Wextra"]

# Every C++20 feature that the core leans on and that an older compiler lacks.
CPP20_PROBE = """
#include <bit>
#include <concepts>
#include <span>
static_assert(__cplusplus >= 202002L);
struct Key { int value = 0; friend bool operator==(const Key&, const Key&) = default; };
template <std::integral T> constexpr int ones(T value) { return std::popcount(value); }
int main() { return Key{} == Key{.value = ones(0u)} ? 0 : std::span<int>{}.empty(); }
"""


class BuildProblem(Exception):
    """Something the build needs is missing; the message is one line and holds the remedy."""


def cpp_compiler() -> list[str]:
    """Return the command that compiles C++: $CXX, or the one Python was configured with."""
    return shlex.split(os.environ.get("CXX") or sysconfig.get_config_var("CXX") or "c++")


def check_compiler(command: list[str]) -> None:
    """Raise BuildProblem unless the command compiles C++20."""
    if shutil.which(command[0]) is None:
        raise BuildProblem(
            f"there is no C++ compiler ({command[0]} is not found). Install one: "
            "apt install g++ | dnf install gcc-c++ | apk add g++ | xcode-select --install"
        )
    result = subprocess.run(
        [*command, "-std=c++20", "-x", "c++", "-fsyntax-only", "-"],
        input=CPP20_PROBE,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise BuildProblem(
            f"the C++ compiler {command[0]} ({compiler_version(command)}) cannot compile C++20; "
            "it takes GCC 10 or Clang 13. Install one and name it in CXX: "
            "apt install g++-12 | dnf install gcc-c++ | apk add g++ | brew install llvm"
        )


def compiler_version(command: list[str]) -> str:
    result = subprocess.run([*command, "--version"], capture_output=True, text=True, check=False)
    return next(iter(result.stdout.splitlines()), "version unknown")


def check_python_headers(include: Path) -> None:
    """Raise BuildProblem unless the folder holds Python's C headers."""
    if not (include / "Python.h").is_file():
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise BuildProblem(
            f"the headers of Python {version} are missing ({include / 'Python.h'}). Install them: "
            f"apt install python{version}-dev | dnf install python{version}-devel | "
            "apk add python3-dev | or use a Python from uv, pyenv, conda, brew or python.org"
        )


def check_machine() -> None:
    """Raise BuildProblem if the native core cannot be built here."""
    if sys.platform == "win32":
        raise BuildProblem("the native core builds on Linux and macOS; on Windows, use WSL")
    check_compiler(cpp_compiler())
    check_python_headers(Path(sysconfig.get_path("include")))


class build_ext(pybind11_build_ext):
    def finalize_options(self) -> None:
        super().finalize_options()
        # What has to be compiled again is decided file by file (needs_recompile), so never skip
        # the whole; objects that another compiler or other flags would make live elsewhere.
        self.force = True
        if self.inplace:
            made_by = (cpp_compiler(), EXTRA_CFLAGS, pybind11.__version__, sys.version)
            self.build_temp = f"build/objects-{zlib.crc32(repr(made_by).encode()):08x}"

    def run(self) -> None:
        try:
            check_machine()
        except BuildProblem as problem:
            # SystemExit and not an exception: pip would show a traceback around the sentence.
            raise SystemExit(f"chimera-bpe cannot be built: {problem}") from None
        super().run()


def relative_paths(pattern: str) -> list[str]:
    return sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "csrc").rglob(pattern))


def included_files(source: Path) -> set[Path]:
    """Return the source and every header of csrc/ that it includes, directly or not."""
    found: set[Path] = set()
    waiting = [source]
    while waiting:
        path = waiting.pop()
        if path in found or not path.is_file():
            continue
        found.add(path)
        names = re.findall(r'^\s*#\s*include\s+"([^"]+)"', path.read_text("utf-8"), re.MULTILINE)
        waiting += [ROOT / "csrc" / name for name in names]
    return found


def needs_recompile(object_file: str, source: str) -> bool:
    """Tell whether the object file is older than anything that it is made of."""
    compiled = Path(object_file).stat().st_mtime
    made_of = {ROOT / "setup.py", *included_files(ROOT / source)}
    return any(path.stat().st_mtime >= compiled for path in made_of)


def main() -> None:
    ParallelCompile("BPE_BUILD_JOBS", default=0, needs_recompile=needs_recompile).install()
    extension = Pybind11Extension(
        "bpe._core",
        relative_paths("*.cpp"),
        include_dirs=["csrc"],
        depends=[*relative_paths("*.h"), "setup.py"],
        cxx_std=20,
        extra_compile_args=[*COMPILE_ARGS, *EXTRA_CFLAGS],
        extra_link_args=["-pthread", *EXTRA_LDFLAGS],
    )
    setup(ext_modules=[extension], cmdclass={"build_ext": build_ext})


if __name__ == "__main__":
    main()
