"""The build says in one line what a machine lacks, and the package says who stands in its way."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tarfile
import textwrap
import time
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


def test_looking_for_foreign_files_reads_one_folder_and_no_file(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"package_{number}-1.0.dist-info").mkdir()
    code = f"""
        import sys, chimera_bpe
        from pathlib import Path
        seen = []
        sys.addaudithook(lambda event, args: seen.append(event))
        chimera_bpe.warn_about_foreign_files(Path({str(tmp_path)!r}))
        print(*(event for event in seen if event.startswith(("open", "os.", "import"))))
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() in ("os.listdir", "os.scandir")


@pytest.fixture(scope="module")
def source_distribution(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the source distribution and unpack it."""
    folder = tmp_path_factory.mktemp("sdist")
    code = "import sys; from setuptools import build_meta as b; print(b.build_sdist(sys.argv[1]))"
    command = [sys.executable, "-W", "ignore", "-c", code, str(folder)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    name = built.stdout.split()[-1]
    with tarfile.open(folder / name) as archive:
        archive.extractall(folder, filter="data")
    return folder / name.removesuffix(".tar.gz")


def files_below(*folders: Path, kinds: set[str]) -> set[str]:
    return {
        path.relative_to(folder.parent).as_posix()
        for folder in folders
        for path in folder.rglob("*")
        if path.suffix in kinds and "__pycache__" not in path.parts
    }


def test_the_source_distribution_holds_all_it_takes_to_build_and_test(
    source_distribution: Path,
) -> None:
    folders = (
        "csrc",
        "bpe",
        "model",
        "tiktoken_ext",
        "tests",
        "benchmarks",
        "demo",
        "tools",
        "docs",
    )
    kinds = {".cpp", ".h", ".py", ".pyi", ".md", ".txt", ".typed"}
    wanted = files_below(*(ROOT / name for name in folders), kinds=kinds)
    found = files_below(*(source_distribution / name for name in folders), kinds=kinds)
    assert wanted
    assert set() == wanted - found
    single = {"chimera_bpe.py", "setup.py", "Makefile", "constraints.txt", "README.md", "LICENSE"}
    assert set() == {name for name in single if not (source_distribution / name).is_file()}


def test_what_is_installed_from_it_is_every_python_file_and_stub(
    source_distribution: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-W", "ignore", "setup.py", "-q", "build_py", "-d", str(tmp_path)]
    subprocess.run(command, cwd=source_distribution, capture_output=True, check=True)
    kinds = {".py", ".pyi", ".typed"}
    folders = (ROOT / name for name in ("bpe", "model", "tiktoken_ext"))
    wanted = files_below(*folders, kinds=kinds) | {"chimera_bpe.py"}
    installed = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    assert wanted == installed
