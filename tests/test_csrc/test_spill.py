"""Spilled counting equals counting in memory, wherever the tables are cut."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from bpe import _core, native
from bpe.patterns import Pattern
from bpe.reference.count import CountTable, count_documents

WORDS = ["the", "cat", "Übergröße", "1234", "\n", "<x>", "a" * 40, "supercalifragilistic", "é"]


def corpus(seed: int, num_words: int) -> list[bytes]:
    rng = random.Random(seed)
    texts = [" ".join(rng.choices(WORDS, k=num_words)) + f" w{rng.randrange(50)}" for _ in range(9)]
    return [text.encode() for text in texts]


def expected_items(documents: list[bytes], pattern: str) -> list[tuple[bytes, int]]:
    table = CountTable()
    count_documents(table, documents, Pattern.of(pattern), ["<x>"], None)
    return table.items()


@pytest.mark.parametrize("num_threads", [1, 2, 3, 8])
@pytest.mark.parametrize("max_pretokens", [1, 2, 3, 7, 20, 10_000])
def test_every_limit_gives_the_same_counts(
    tmp_path: Path, max_pretokens: int, num_threads: int
) -> None:
    documents = corpus(max_pretokens, 30)
    spill = native.NativeSpill(str(tmp_path), 2**30, num_threads, max_pretokens)
    table = _core.CountTable()
    for batch in (documents[:4], documents[4:]):
        table.count_documents(
            batch, "gpt2", [b"<x>"], num_threads, None, chunk_bytes=16, spill=spill.runs
        )
    num_runs = spill.runs.num_runs
    counts = spill.finish(table, None)
    assert expected_items(documents, "gpt2") == counts.items()
    assert (num_runs > 0) == (max_pretokens < 10_000) == isinstance(counts, _core.CountsFile)
    assert len(list(tmp_path.iterdir())) == (1 if num_runs else 0)


def test_more_runs_than_may_be_open_are_merged_in_rounds(tmp_path: Path) -> None:
    documents = corpus(5, 60)
    spill = native.NativeSpill(str(tmp_path), 2**30, 1, 1)
    table = _core.CountTable()
    table.count_documents(documents, "gpt2", [b"<x>"], 1, None, chunk_bytes=2, spill=spill.runs)
    assert spill.runs.num_runs > 200
    assert expected_items(documents, "gpt2") == spill.finish(table, None).items()
    assert 1 == len(list(tmp_path.iterdir()))


@pytest.mark.parametrize("table_bytes", [1, 1000, 4000, 100_000])
def test_tables_stay_within_their_share(tmp_path: Path, table_bytes: int) -> None:
    documents = [b" ".join(b"%d" % i for i in range(3000))]
    spill = native.NativeSpill(str(tmp_path), table_bytes, 1)
    table = _core.CountTable()
    table.count_documents(documents, "gpt2", [], 1, None, chunk_bytes=64, spill=spill.runs)
    assert spill.runs.num_runs > 1
    assert expected_items(documents, "gpt2") == spill.finish(table, None).items()


@pytest.mark.parametrize("num_threads", [1, 3])
def test_a_file_spills_too(tmp_path: Path, num_threads: int) -> None:
    data = b"".join(corpus(1, 40))
    (tmp_path / "corpus").write_bytes(data)
    (tmp_path / "runs").mkdir()
    spill = native.NativeSpill(str(tmp_path / "runs"), 2**30, num_threads, 5)
    table = _core.CountTable()
    table.count_file(str(tmp_path / "corpus"), "o200k", [b"<x>"], num_threads, None, 16, spill.runs)
    assert expected_items([data], "o200k") == spill.finish(table, None).items()


def test_a_pattern_without_a_scanner_spills_too(tmp_path: Path) -> None:
    documents, pattern = corpus(2, 40), Pattern.of(r"\w+|\W+")
    spill = native.NativeSpill(str(tmp_path), 2**30, 1, 3)
    table = _core.CountTable()
    native.engine.count_documents(table, documents, pattern, ["<x>"], 1, None, spill)
    assert spill.runs.num_runs > 2
    assert expected_items(documents, r"\w+|\W+") == spill.finish(table, None).items()


@pytest.mark.parametrize("tie_break", ["id", "huggingface", "bytes_max", "bytes_min"])
def test_training_from_spilled_counts_gives_the_same_merges(tmp_path: Path, tie_break: str) -> None:
    documents = corpus(3, 80)
    whole = _core.CountTable()
    whole.count_documents(documents, "gpt2", [], 1, None)
    spill = native.NativeSpill(str(tmp_path), 2**30, 2, 4)
    table = _core.CountTable()
    table.count_documents(documents, "gpt2", [], 2, None, chunk_bytes=16, spill=spill.runs)
    counts = spill.finish(table, None)
    expected = _core.train(whole, 60, tie_break, 1, None, [], 1, None)
    assert expected == _core.train(counts, 60, tie_break, 1, None, [], 1, None)
    assert 0 < len(whole)
    assert expected == _core.train(whole, 60, tie_break, 1, None, [], 1, None, empty_table=True)
    assert 0 == len(whole)
