"""What is compiled on ARM alone compiles for it, wherever the tests run."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

CSRC = Path(__file__).resolve().parents[2] / "csrc"
COMPILERS = ("aarch64-linux-gnu-g++", "aarch64-unknown-linux-gnu-g++", "aarch64-linux-gnu-clang++")


@pytest.fixture(scope="module")
def compiler() -> str:
    found = next(filter(None, map(shutil.which, COMPILERS)), None)
    if found is None:
        pytest.skip(f"no cross compiler for aarch64 here: none of {', '.join(COMPILERS)}")
    return found


@pytest.mark.parametrize(
    ("source", "named"),
    [("kernels/neon", "kNeonKernel"), ("kernels", "kNeonKernel"), ("pack", "active_pack")],
)
def test_it_compiles_for_arm_without_a_warning(
    source: str, named: str, compiler: str, tmp_path: Path
) -> None:
    to = tmp_path / "object.o"
    command = [compiler, "-std=c++20", "-O2", "-Wall", "-Wextra", "-Werror", "-I", str(CSRC)]
    command += ["-c", str(CSRC / "pretokenizer" / f"{source}.cpp"), "-o", str(to)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert "" == done.stderr
    assert 0 == done.returncode
    # Nothing would compile as well, if the guard around the file were wrong.
    assert named.encode() in to.read_bytes()
