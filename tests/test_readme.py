"""Every code block of the README runs, its tables are the committed results, its links exist."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks import report

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
TIKTOKEN_CACHE = ROOT.parent / "shared" / "tiktoken_cache"

#: Run by `make` itself; a test that runs the test suite would not end.
MAKE_COMMANDS = re.compile(r"^make \w+", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, the line it starts on, what it needs."""

    language: str
    text: str
    line: int
    needs: str

    def __str__(self) -> str:
        return f"{self.language} in line {self.line}"


def blocks() -> list[Block]:
    text = README.read_text("utf-8")
    fence = re.compile(r"(?:<!-- needs: (.*?) -->\n)?```(\w+)\n(.*?)```", re.DOTALL)
    return [
        Block(match[2], match[3], text.count("\n", 0, match.start(3)) + 1, match[1] or "")
        for match in fence.finditer(text)
    ]


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with `bpe` and `gpt` as an installation of this tree would have them."""
    folder = tmp_path_factory.mktemp("bin")
    for name in ("bpe", "gpt"):
        code = f"import sys, chimera_bpe as c; sys.argv[0] = {name!r}; sys.exit(c.{name}_command())"
        (folder / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{code}" "$@"\n')
        (folder / name).chmod(0o755)
    return folder


@pytest.mark.parametrize("block", blocks(), ids=str)
def test_every_code_block_runs(block: Block, programs: Path, tmp_path: Path) -> None:
    environment = os.environ | {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
    }
    if block.needs:
        assert block.needs == "published vocabularies"
        if not TIKTOKEN_CACHE.is_dir():
            pytest.skip("the published vocabularies are not in a cache beside the repository")
        environment["TIKTOKEN_CACHE_DIR"] = str(TIKTOKEN_CACHE)
    if MAKE_COMMANDS.match(block.text):
        targets = re.findall(r"^make (\w+)", block.text, re.MULTILINE)
        command = ["make", "--dry-run", "-C", str(ROOT), *targets]
    elif block.language == "python":
        command = [sys.executable, "-c", block.text]
    else:
        assert block.language == "sh"
        command = ["bash", "-euo", "pipefail", "-c", block.text]
    result = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_first_code_stands_within_25_lines_and_the_whole_within_200() -> None:
    assert blocks()[0].line <= 25
    assert len(README.read_text("utf-8").splitlines()) < 200


def test_the_tables_are_made_from_the_committed_results() -> None:
    for name, tables in report.pages(report.read_results(ROOT / "benchmarks" / "results")).items():
        text = (ROOT / name).read_text("utf-8")
        assert report.replace_between_markers(text, tables) == text, name


@pytest.mark.parametrize(
    "file", ["README.md", "CONTRIBUTING.md", "csrc/README.md", "benchmarks/RESULTS.md"]
)
def test_every_link_into_the_tree_leads_somewhere(file: str) -> None:
    path = ROOT / file
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text("utf-8"))
    assert [] == [target for target in targets if not (path.parent / target).exists()]


def test_the_options_named_in_contributing_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    targets = set(re.findall(r"^make (\w+)", text, re.MULTILINE))
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert targets
    assert set() == {name for name in targets if f"\n{name}:" not in makefile}
