"""What the options of reading mean on the command line, and how skipped records are answered."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import bpe
from bpe.cli import main

Run = Callable[..., tuple[int, dict[str, int], str]]


@pytest.fixture
def count(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Run:
    """Return a function that runs `bpe count` and gives exit status, counts and standard error."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str | Path, stdin: bytes = b"") -> tuple[int, dict[str, int], str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = main(["count", *map(str, words), "--pattern", "gpt2", "--json", "--quiet"])
        captured = capsys.readouterr()
        top: list[dict[str, Any]] = json.loads(captured.out)["top"] if captured.out else []
        return code, {row["text"]: row["count"] for row in top}, captured.err

    return run


@pytest.fixture(autouse=True)
def files(tmp_path: Path) -> None:
    """Make some files to read."""
    (tmp_path / "a.txt").write_text("a<>b\nb")
    (tmp_path / "b.jsonl").write_text('{"body": "c"}\n{"body": "d d"}\n')
    (tmp_path / "bad.jsonl").write_text('{"text": "a"}\n?\n{"text": "b"}\n')


def test_documents_are_cut_as_asked(count: Run) -> None:
    assert {"a": 1, "<>": 1, "b": 2, "\n": 1} == count("a.txt")[1]
    assert {"a": 1, "b": 2, "\n": 1} == count("a.txt", "--separator", "<>")[1]
    lines = count("a.txt", "--documents", "line", "--sample", "1", "--seed", "3")[1]
    assert {"a": 1, "<>": 1, "b": 2, "\n": 1} == lines
    assert {"a": 1, "<>": 1} == count("a.txt", "b.jsonl", "--max-bytes", "3")[1]


def test_standard_input_may_be_json_lines(count: Run) -> None:
    code, counts, _ = count("-", "--format", "jsonl", "--text-field", "x", stdin=b'{"x": "hi"}\n')
    assert (0, {"hi": 1}) == (code, counts)


def test_a_weight_belongs_to_one_source(count: Run) -> None:
    words = ("a.txt", "b.jsonl", "--text-field", "body", "--separator", "<>", "--weight")
    assert {"a": 1, "b": 2, "\n": 1, "c": 5, "d": 5, " d": 5} == count(*words, "b.jsonl=5")[1]
    limited = count(*words, "./b.jsonl=5", "--weight", "a.txt=2", "--max-bytes", "5")[1]
    assert {"a": 2, "b": 4, "\n": 2, "c": 5} == limited
    for wrong in ("b.jsonl", "b.jsonl=0", "b.jsonl=x", "c.jsonl=2", "=2"):
        code, _, error = count(*words, wrong)
        assert (1, True) == (code, "--weight takes SOURCE=N" in error)


def test_a_url_is_a_source(count: Run) -> None:
    fsspec = pytest.importorskip("fsspec")
    fsspec.filesystem("memory").pipe("/cli/a.txt", b"far away")
    assert (0, {"far": 1, " away": 1}) == count("memory://cli/a.txt")[:2]
    assert {"far": 2, " away": 2} == count("memory://cli/*", "--weight", "memory://cli/*=2")[1]


def test_skipped_records_are_a_failure_unless_they_are_allowed(count: Run) -> None:
    code, counts, error = count("bad.jsonl")
    assert (1, {}) == (code, counts)
    assert "'bad.jsonl', line 2: not JSON" in error
    assert "--on-bad-record skip" in error
    code, counts, error = count("bad.jsonl", "--on-bad-record", "skip")
    assert (1, {"a": 1, "b": 1}) == (code, counts)
    assert "bpe count: warning: skipped 1 bad record(s): 'bad.jsonl', line 2" in error
    words = ("bad.jsonl", "--on-bad-record", "skip", "--allow-skips")
    assert (0, counts, error) == count(*words)


def test_training_on_what_is_left_says_so_and_is_done(tmp_path: Path, count: Run) -> None:
    words = ["train", "bad.jsonl", "--vocab-size", "257", "-o", "t", "--on-bad-record", "skip"]
    assert 1 == main(words)
    assert 257 == len(bpe.Tokenizer.load(tmp_path / "t"))
    assert 0 == main([*words, "--force", "--allow-skips"])


def test_encoding_reads_the_same_sources(tmp_path: Path, count: Run, capsys: Any) -> None:
    bpe.train(["ab"], 257, num_threads=1).save(tmp_path / "t")
    words = ["encode", "a.txt", "-t", "t", "--separator", "<>", "--max-bytes", "2"]
    assert 0 == main(words)
    assert "97\n98\n" == capsys.readouterr().out
