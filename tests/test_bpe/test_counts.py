"""Counts add up, save, load and refuse damage."""

from __future__ import annotations

from pathlib import Path

import pytest

import bpe
from bpe.errors import FormatError, TrainingError


def test_counts_of_two_corpora_add_up(engine: str) -> None:
    one, two = ["a b a"], ["b c", "a"]
    both = bpe.count(one, engine=engine) + bpe.count(two, engine=engine)
    assert both == bpe.count(one + two, engine=engine)
    assert (len(both), both.total) == (5, 6)


def test_the_sum_leaves_its_parts_alone(engine: str) -> None:
    one = bpe.count(["a"], engine=engine)
    _ = one + one
    assert one.items() == [(b"a", 1)]


def test_top_is_sorted_by_count_then_bytes(engine: str) -> None:
    counts = bpe.PretokenCounts([(b"b", 2), (b"c", 9), (b"a", 2)], engine=engine)
    assert counts.top(2) == [(b"c", 9), (b"a", 2)]
    assert counts.top(99) == [(b"c", 9), (b"a", 2), (b"b", 2)]


def test_counts_of_different_patterns_do_not_add_up() -> None:
    with pytest.raises(TrainingError, match="different patterns"):
        _ = bpe.count(["a"], pattern="gpt2") + bpe.count(["a"], pattern="o200k")


@pytest.mark.parametrize("pattern", ["gpt2", None, r"\w+|\W+", [r"\d", r"\w+|\W+"]])
def test_a_saved_file_loads_equal(engine: str, tmp_path: Path, pattern: object) -> None:
    counts = bpe.count(["the cat \x00\n", b"\xff \xfe"], pattern=pattern, engine=engine)
    counts.save(tmp_path / "counts")
    loaded = bpe.PretokenCounts.load(tmp_path / "counts", engine=engine)
    assert loaded == counts
    assert loaded.pattern == counts.pattern


def test_large_counts_survive(engine: str, tmp_path: Path) -> None:
    counts = bpe.PretokenCounts([(b"a", 2**40), (b"b", 2**62)], engine=engine)
    counts.save(tmp_path / "counts")
    assert bpe.PretokenCounts.load(tmp_path / "counts", engine=engine).total == 2**40 + 2**62


def test_the_same_counts_give_the_same_bytes(tmp_path: Path) -> None:
    bpe.count(["a b", "c"], engine="native").save(tmp_path / "1")
    bpe.count(["c", "a b"], engine="reference").save(tmp_path / "2")
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()


def test_an_existing_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "counts"
    path.write_text("precious")
    with pytest.raises(FileExistsError):
        bpe.count(["a"]).save(path)
    assert path.read_text() == "precious"
    bpe.count(["a"]).save(path, overwrite=True)
    assert len(bpe.PretokenCounts.load(path)) == 1


def test_a_file_cut_at_any_byte_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "counts"
    bpe.count(["a b c"]).save(path)
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(FormatError):
            bpe.PretokenCounts.load(path)


def test_a_changed_byte_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "counts"
    bpe.count(["a b c"]).save(path)
    path.write_bytes(path.read_bytes().replace(b" 1\n", b" 2\n", 1))
    with pytest.raises(FormatError, match="checksum"):
        bpe.PretokenCounts.load(path)


@pytest.mark.parametrize("bad", [0, -1, 2**63, 1.5, True, None])
def test_a_count_must_be_a_positive_64_bit_integer(engine: str, bad: object) -> None:
    with pytest.raises((ValueError, TypeError, OverflowError)):
        bpe.PretokenCounts([(b"a", bad)], engine=engine)
