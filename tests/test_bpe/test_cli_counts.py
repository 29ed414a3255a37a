"""The command line over counts: count, merge-counts, inspect, train."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import bpe
from bpe.cli import main

TEXT = "the cat sat on the mat. " * 20 + "<|endoftext|>\r\n\x00 é\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BPE_DEBUG", raising=False)
    for name in "ab":
        (tmp_path / f"{name}.txt").write_text(TEXT + f" only {name}")
        assert 0 == main(["count", f"{name}.txt", "-o", f"{name}.counts", "-q", "--top", "0"])
    return tmp_path


@pytest.mark.parametrize("command", ["merge-counts", "count"])
def test_counts_of_shards_train_like_the_whole(
    folder: Path, capsys: pytest.CaptureFixture[str], engine: str, command: str
) -> None:
    merge = [command, "a.counts", "b.counts", "-o", "sum.counts", "--engine", engine]
    assert 0 == main(merge)
    sources_of = {"1": ["a.txt", "b.txt"], "2": ["sum.counts"], "3": ["a.counts", "b.counts"]}
    for name, sources in sources_of.items():
        assert 0 == main(["train", *sources, "--vocab-size", "270", "-o", name, "--engine", engine])
    tokenizers = [bpe.Tokenizer.load(folder / name) for name in "123"]
    assert tokenizers[0] == tokenizers[1] == tokenizers[2]
    assert 1 == main(merge)
    assert "--force" in capsys.readouterr().err
    assert 0 == main([*merge, "--force"])


def test_merge_counts_says_what_it_left_out(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    options = ["-o", "few.counts", "--min-frequency", "2", "--json"]
    assert 0 == main(["merge-counts", "a.counts", *options])
    captured = capsys.readouterr()
    document = json.loads(captured.out)
    kept = bpe.PretokenCounts.load(folder / "a.counts").filter(2)
    assert (len(kept), kept.total) == (document["num_distinct"], document["total"])
    assert list(kept.dropped) == [document["dropped_pretokens"], document["dropped_occurrences"]]
    assert f"{kept.dropped[0]} distinct" in captured.err


def test_inspect_describes_a_counts_file(
    folder: Path, capsys: pytest.CaptureFixture[str], engine: str
) -> None:
    capsys.readouterr()
    assert 0 == main(["inspect", "a.counts", "--top", "2", "--engine", engine])
    text = capsys.readouterr().out
    for line in ("pattern         o200k", "special token   <|endoftext|>", "' the'", "dropped"):
        assert line in text
    assert 0 == main(["inspect", "a.counts", "--top", "1", "--json", "--engine", engine])
    document = json.loads(capsys.readouterr().out)
    counts = bpe.PretokenCounts.load(folder / "a.counts")
    assert counts.total == document["total"]
    assert [" the"] == [each["text"] for each in document["top"]]
    (folder / "a.counts").write_bytes((folder / "a.counts").read_bytes()[:-1])
    assert 1 == main(["inspect", "a.counts"])
    assert "a.counts, offset " in capsys.readouterr().err


def test_a_memory_limit_changes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    limit = ["--memory-limit", "64MB", "--spill-folder", str(folder)]
    assert 0 == main(["count", "a.txt", "-o", "again.counts", *limit])
    assert (folder / "a.counts").read_bytes() == (folder / "again.counts").read_bytes()
    for name, options in [("1", []), ("2", limit)]:
        assert 0 == main(["train", "a.txt", "--vocab-size", "270", "-o", name, *options])
    assert bpe.Tokenizer.load(folder / "1") == bpe.Tokenizer.load(folder / "2")
    assert [] == list(folder.glob("bpe-spill-*"))
    capsys.readouterr()
    assert 1 == main(["count", "a.txt", "--memory-limit", "1MB"])
    assert "the smallest that would do" in capsys.readouterr().err
    assert 2 == main(["count", "a.txt", "--memory-limit", "much"])
    assert "'much' is not a number of bytes" in capsys.readouterr().err


def test_counts_bring_their_pattern(folder: Path) -> None:
    count = ["count", "a.txt", "--pattern", "gpt2", "-o", "gpt2.counts", "-q"]
    assert 0 == main(count)
    assert 0 == main(["train", "gpt2.counts", "--vocab-size", "270", "-o", "tok"])
    assert "gpt2" == bpe.Tokenizer.load(folder / "tok").spec.pattern.name
    assert bpe.Tokenizer.load(folder / "tok") == bpe.train(folder / "gpt2.counts", 270)
    other = ["train", "gpt2.counts", "--pattern", "cl100k", "--vocab-size", "270", "-o", "no"]
    assert 1 == main(other)
