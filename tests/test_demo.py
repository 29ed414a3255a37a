"""`make demo` goes the whole road, on a small text and in seconds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from demo.screen import Bar, Screen
from demo.text import standard_library

pytest.importorskip("torch")

ROOT = Path(__file__).resolve().parent.parent


def run_demo(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "demo", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_the_demonstration_writes_what_it_says(tmp_path: Path) -> None:
    output = tmp_path / "out"
    arguments = ("--text", ROOT / "bpe", "--vocab-size", 512, "--minutes", 0.02)
    result = run_demo("--output", output, *arguments)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "all equal" in result.stdout
    assert "bits per byte on text it has not seen" in result.stdout
    assert {"corpus.txt", "tokenizer", "corpus.bin", "gpt"} <= {p.name for p in output.iterdir()}
    again = run_demo("--output", output / "gpt")
    assert "that the demonstration did not write" in again.stderr


def test_files_that_are_not_utf_8_are_skipped_by_name(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text("print('é')\n", "utf-8")
    (tmp_path / "bad.py").write_bytes(b"# \xff\n")
    (tmp_path / "empty.py").touch()
    (tmp_path / "site-packages").mkdir()
    (tmp_path / "site-packages" / "foreign.py").write_text("import this\n")
    text = standard_library(tmp_path)
    assert ["print('é')\n"] == text.documents
    assert ["bad.py"] == text.skipped
    assert 12 == text.num_bytes


def test_tables_and_packages_below_the_folder_are_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "dist-packages"  # what lies above does not matter
    for name in ("mine.py", "encodings/cp037.py", "site-packages/theirs.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    assert ["mine.py"] == standard_library(folder).documents


def test_the_order_of_the_text_is_shuffled_but_always_the_same(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"{number:02}.py").write_text(f"{number}\n")
    first, second = standard_library(tmp_path), standard_library(tmp_path)
    assert first.documents == second.documents
    assert first.documents != sorted(first.documents)


def test_a_bar_off_a_terminal_is_a_few_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    bar = Bar(Screen(), {"phase": "doing it"})
    for done in range(1001):
        bar("phase", done, 1000)
    bar.close()
    lines = capsys.readouterr().out.splitlines()
    assert [" 25%", " 50%", " 75%", "100%"] == [line[-4:] for line in lines]
    assert all("doing it" in line and "\033" not in line for line in lines)
