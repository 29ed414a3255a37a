"""Build the native core. Everything else about the package stands in pyproject.toml."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pybind11.setup_helpers import ParallelCompile, Pybind11Extension, build_ext
from setuptools import setup

ROOT = Path(__file__).parent


def relative_paths(*patterns: str) -> list[str]:
    return sorted(
        path.relative_to(ROOT).as_posix()
        for pattern in patterns
        for path in (ROOT / "csrc").rglob(pattern)
    )


compile_args = ["-O3", "-fno-math-errno", "-Wall", "-Wextra"] if sys.platform != "win32" else ["/O2"]

ParallelCompile("BPE_BUILD_JOBS", default=0).install()

setup(
    ext_modules=[
        Pybind11Extension(
            "bpe._core",
            relative_paths("*.cpp"),
            include_dirs=["csrc"],
            depends=relative_paths("*.h"),
            cxx_std=20,
            extra_compile_args=compile_args + os.environ.get("BPE_EXTRA_CFLAGS", "").split(),
            extra_link_args=os.environ.get("BPE_EXTRA_LDFLAGS", "").split(),
        )
    ],
    cmdclass={"build_ext": build_ext},
)
