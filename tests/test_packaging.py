"""The build says in one line what a machine lacks, and the package says who stands in its way."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

import chimera_bpe

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def setup_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("setup_script", ROOT / "setup.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def script(path: Path, body: str) -> str:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


def build(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "setup.py", "-q", "build_ext", "--build-lib", str(tmp_path / "lib")]
    command += ["--build-temp", str(tmp_path / "temp")]
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False
    )


def test_this_machine_can_build(setup_script: ModuleType) -> None:
    setup_script.check_machine()


def test_a_missing_compiler_is_one_line_with_the_remedy(tmp_path: Path) -> None:
    result = build(tmp_path, CXX="/nonexistent/g++")
    assert result.returncode != 0
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert "/nonexistent/g++ is not found" in line
    assert "apt install g++" in line
    assert "dnf install gcc-c++" in line


def test_a_compiler_that_is_too_old_is_one_line_with_its_version(tmp_path: Path) -> None:
    old = script(
        tmp_path / "g++-9",
        'case "$*" in *--version*) echo "g++ (Old) 9.4.0";;'
        " *) echo \"error: unrecognized option '-std=c++20'\" >&2; exit 1;; esac",
    )
    result = build(tmp_path, CXX=old)
    assert result.returncode != 0
    (line,) = result.stderr.splitlines()
    assert "g++ (Old) 9.4.0" in line
    assert "GCC 10" in line
    assert "apt install g++-12" in line


def test_missing_python_headers_are_one_line_with_the_package(
    setup_script: ModuleType, tmp_path: Path
) -> None:
    with pytest.raises(setup_script.BuildProblem) as problem:
        setup_script.check_python_headers(tmp_path)
    (line,) = str(problem.value).splitlines()
    assert str(tmp_path / "Python.h") in line
    assert f"apt install python3.{sys.version_info.minor}-dev" in line


def test_the_compiler_may_be_a_command_with_arguments(
    setup_script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXX", "ccache g++ -pipe")
    assert ["ccache", "g++", "-pipe"] == setup_script.cpp_compiler()


def test_a_source_is_compiled_again_when_a_header_below_it_changes(
    setup_script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "csrc" / "base").mkdir(parents=True)
    header = tmp_path / "csrc" / "base" / "deep.h"
    header.write_text("// nothing\n")
    (tmp_path / "csrc" / "top.h").write_text('#pragma once\n#include "base/deep.h"\n')
    source = tmp_path / "csrc" / "top.cpp"
    source.write_text('#include "top.h"\n#include <vector>\n')
    (tmp_path / "setup.py").write_text("")
    monkeypatch.setattr(setup_script, "ROOT", tmp_path)
    object_file = tmp_path / "top.o"
    object_file.write_text("")

    long_ago = time.time() - 1000
    for path in (header, tmp_path / "csrc" / "top.h", source, tmp_path / "setup.py"):
        os.utime(path, (long_ago, long_ago))
    assert not setup_script.needs_recompile(str(object_file), "csrc/top.cpp")
    os.utime(header, (time.time() + 10, time.time() + 10))
    assert setup_script.needs_recompile(str(object_file), "csrc/top.cpp")


def fake_site_packages(tmp_path: Path) -> Path:
    for package in chimera_bpe.PACKAGES:
        (tmp_path / package).mkdir(parents=True)
        (tmp_path / package / "__init__.py").write_text("")
    return tmp_path


def test_our_own_packages_are_accepted() -> None:
    chimera_bpe.require_own_packages()


def test_a_package_found_elsewhere_is_named_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = fake_site_packages(tmp_path / "ours")
    foreign = fake_site_packages(tmp_path / "foreign")
    monkeypatch.syspath_prepend(str(foreign))
    for package in chimera_bpe.PACKAGES:
        for name in [n for n in sys.modules if n == package or n.startswith(f"{package}.")]:
            monkeypatch.delitem(sys.modules, name)
        with pytest.raises(chimera_bpe.ForeignPackageError) as error:
            chimera_bpe.require_own_packages((package,), home=ours)
        assert str(foreign / package) in str(error.value)
        assert str(ours / package) in str(error.value)


def test_the_distribution_bpe_in_our_folder_is_named(tmp_path: Path) -> None:
    assert chimera_bpe.foreign_distribution(tmp_path) is None
    (tmp_path / "bpe_toolkit-2.0.dist-info").mkdir()
    (tmp_path / "chimera_bpe-0.1.0.dist-info").mkdir()
    assert chimera_bpe.foreign_distribution(tmp_path) is None
    (tmp_path / "bpe-1.0.dist-info").mkdir()
    assert chimera_bpe.foreign_distribution(tmp_path) == "bpe 1.0"
    with pytest.warns(UserWarning, match=r"the distribution bpe 1\.0 .* pip uninstall bpe"):
        chimera_bpe.warn_about_foreign_files(tmp_path)


def test_a_command_in_front_of_a_foreign_package_ends_in_one_line(tmp_path: Path) -> None:
    foreign = fake_site_packages(tmp_path)
    code = f"import sys; sys.path[:0] = [{str(foreign)!r}, {str(ROOT)!r}]; sys.argv[0] = 'bpe'; "
    result = subprocess.run(
        [sys.executable, "-c", code + "import chimera_bpe; sys.exit(chimera_bpe.bpe_command())"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"bpe: `import bpe` is {foreign / 'bpe'}")


def test_looking_for_foreign_files_takes_less_than_three_milliseconds(tmp_path: Path) -> None:
    for number in range(400):
        (tmp_path / f"package_{number}-1.0.dist-info").mkdir()
    start = time.perf_counter()
    for _ in range(10):
        chimera_bpe.warn_about_foreign_files(tmp_path)
    assert (time.perf_counter() - start) / 10 < 0.003


@pytest.mark.slow
def test_the_source_distribution_builds_a_complete_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is in the wheel is the question, not how fast it runs.
    monkeypatch.setenv("BPE_EXTRA_CFLAGS", "-O0")
    backend = "from setuptools import build_meta as b; import sys; "
    sdist = subprocess.run(
        [sys.executable, "-c", backend + "print(b.build_sdist(sys.argv[1]))", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()[-1]  # fmt: skip
    with tarfile.open(tmp_path / sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    tree = tmp_path / sdist.removesuffix(".tar.gz")
    wheel = subprocess.run(
        [sys.executable, "-c", backend + "print(b.build_wheel(sys.argv[1]))", str(tmp_path)],
        cwd=tree, capture_output=True, text=True, check=True,
    ).stdout.split()[-1]  # fmt: skip
    inside = set(zipfile.ZipFile(tmp_path / wheel).namelist())
    python_files = {
        path.relative_to(ROOT).as_posix()
        for package in chimera_bpe.PACKAGES
        for path in (ROOT / package).rglob("*.py*")
        if path.suffix in {".py", ".pyi"}
    }
    wanted = python_files | {"chimera_bpe.py", "bpe/py.typed", "model/py.typed"}
    assert set() == wanted - inside
    assert any(name.startswith("bpe/_core.") and name.endswith(".so") for name in inside)
