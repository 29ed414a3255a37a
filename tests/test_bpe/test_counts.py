"""Counts add up, save, load, describe themselves, and can be filtered."""

from __future__ import annotations

from pathlib import Path

import pytest

import bpe
from bpe.engines import StoredCounts
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


def test_counts_grow_in_place(engine: str) -> None:
    counts = bpe.count(["a"], engine=engine)
    counts += bpe.count(["a", "b"], engine=engine)
    counts += counts
    assert counts.items() == [(b"a", 4), (b"b", 2)]


def test_top_is_sorted_by_count_then_bytes(engine: str) -> None:
    counts = bpe.PretokenCounts([(b"b", 2), (b"c", 9), (b"a", 2)], engine=engine)
    assert counts.top(2) == [(b"c", 9), (b"a", 2)]
    assert counts.top(99) == [(b"c", 9), (b"a", 2), (b"b", 2)]
    assert counts.top(0) == counts.top(-1) == []


def test_counts_made_in_different_ways_do_not_add_up(engine: str) -> None:
    one = bpe.count(["a"], pattern="gpt2", engine=engine)
    other_unicode = bpe.count(["a"], pattern="gpt2", engine=engine)
    header = other_unicode.header
    other_unicode.header = type(header)(header.pattern, header.special_tokens, "9.0.0")
    for other, what in [
        (bpe.count(["a"], pattern="o200k", engine=engine), "different patterns"),
        (bpe.count(["a"], pattern="gpt2", special_tokens=["<x>"], engine=engine), "special tokens"),
        (other_unicode, "different Unicode versions"),
    ]:
        with pytest.raises(TrainingError, match=what):
            _ = one + other
        with pytest.raises(TrainingError, match=what):
            one += other
    assert one.items() == [(b"a", 1)]


def test_a_sum_beyond_64_bits_names_the_pretoken(engine: str) -> None:
    one = bpe.PretokenCounts([(b"word", 2**62)], engine=engine)
    with pytest.raises(TrainingError, match="word"):
        _ = one + one


def test_the_order_of_special_tokens_does_not_matter(engine: str) -> None:
    one = bpe.count(["a"], special_tokens=["<x>", "<y>"], engine=engine)
    assert one.header.special_tokens == ("<x>", "<y>")
    assert (one + bpe.count(["a"], special_tokens=["<y>", "<x>"], engine=engine)).total == 2


def test_a_filter_says_what_it_dropped(engine: str) -> None:
    counts = bpe.PretokenCounts([(b"a", 5), (b"b", 2), (b"c", 1), (b"d", 1)], engine=engine)
    kept = counts.filter(2)
    assert (kept.items(), kept.dropped) == ([(b"a", 5), (b"b", 2)], (2, 2))
    again = kept.filter(3)
    assert (again.items(), again.dropped) == ([(b"a", 5)], (3, 4))
    assert (again + kept).dropped == (5, 6)
    assert len(counts) == 4
    for bad in (0, -1, 1.5, None):
        with pytest.raises(TrainingError, match="min_frequency"):
            counts.filter(bad)  # type: ignore[arg-type]


def test_a_summary_describes_the_counts(engine: str) -> None:
    counts = bpe.PretokenCounts([(b"a" * 20, 3), (b"b", 1), (b"cc", 1)], engine=engine).filter(1)
    summary = counts.summary()
    assert summary == bpe.CountsSummary(3, 5, 23, 63, 2, 20, {1: 1, 2: 1, 16: 1})
    assert summary.share_of_singletons == 2 / 3
    assert bpe.PretokenCounts(engine=engine).summary().share_of_singletons == 0
    huge = bpe.PretokenCounts([(b"x" * 100, 2**62)], engine=engine).summary()
    assert huge.num_text_bytes == 100 * 2**62


@pytest.mark.parametrize("pattern", ["gpt2", None, r"\w+|\W+", [r"\d", r"\w+|\W+"]])
def test_a_saved_file_loads_equal(engine: str, tmp_path: Path, pattern: object) -> None:
    specials = ["<|end|>", "é"]
    counts = bpe.count(
        ["the cat \x00\n", b"\xff \xfe"], pattern=pattern, special_tokens=specials, engine=engine
    ).filter(1)
    counts.dropped = (3, 4)
    counts.save(tmp_path / "counts")
    for loaded in (
        bpe.PretokenCounts.load(tmp_path / "counts", engine=engine),
        bpe.PretokenCounts.open(tmp_path / "counts", engine=engine),
    ):
        assert loaded == counts
        assert (loaded.header, loaded.dropped) == (counts.header, (3, 4))
        assert loaded.summary() == counts.summary()
        assert loaded.top(3) == counts.top(3)


def test_opened_counts_add_up_and_save_like_others(engine: str, tmp_path: Path) -> None:
    counts = bpe.count(["a b a"], engine=engine)
    counts.save(tmp_path / "1")
    opened = bpe.PretokenCounts.open(tmp_path / "1", engine=engine)
    assert isinstance(opened.table, StoredCounts)
    assert opened + opened == counts + counts == counts + opened
    assert opened.filter(1) == counts
    opened.save(tmp_path / "2")
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()
    opened += counts
    assert opened == counts + counts


def test_large_counts_survive(engine: str, tmp_path: Path) -> None:
    counts = bpe.PretokenCounts([(b"a", 2**40), (b"b", 2**62)], engine=engine)
    counts.save(tmp_path / "counts")
    assert bpe.PretokenCounts.load(tmp_path / "counts", engine=engine).total == 2**40 + 2**62


def test_the_same_counts_give_the_same_bytes(tmp_path: Path) -> None:
    texts = [f"é{i % 40}word{i * 7}" for i in range(40_000)]
    bpe.count(texts, pattern=None, engine="native", num_threads=2).save(tmp_path / "1")
    bpe.count(texts[::-1], pattern=None, engine="reference").save(tmp_path / "2")
    assert 2 * 2**16 < (tmp_path / "1").stat().st_size  # several blocks
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()


def test_an_existing_file_stays(tmp_path: Path, engine: str) -> None:
    path = tmp_path / "counts"
    path.write_text("precious")
    with pytest.raises(FileExistsError):
        bpe.count(["a"], engine=engine).save(path)
    assert path.read_text() == "precious"
    bpe.count(["a"], engine=engine).save(path, overwrite=True)
    assert len(bpe.PretokenCounts.load(path, engine=engine)) == 1


def test_a_file_cut_at_any_byte_is_refused(tmp_path: Path, engine: str) -> None:
    path = tmp_path / "counts"
    bpe.count(["a b c"], pattern=None, engine=engine).save(path)
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(FormatError, match="counts, offset"):
            bpe.PretokenCounts.load(path, engine=engine)
    path.write_bytes(whole + b"\x00")
    with pytest.raises(FormatError, match="offset"):
        bpe.PretokenCounts.load(path, engine=engine)


def test_a_changed_byte_is_noticed_wherever_it_stands(tmp_path: Path, engine: str) -> None:
    path = tmp_path / "counts"
    bpe.count(["a b c"], pattern=None, engine=engine).save(path)
    whole = path.read_bytes()
    for at in range(len(whole)):
        for flip in (0x01, 0x80):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ flip]) + whole[at + 1 :])
            with pytest.raises(FormatError, match="counts, offset"):
                bpe.PretokenCounts.load(path, engine=engine)


@pytest.mark.parametrize("bad", [0, -1, 2**63, 1.5, True, None])
def test_a_count_must_be_a_positive_64_bit_integer(engine: str, bad: object) -> None:
    with pytest.raises((ValueError, TypeError, OverflowError)):
        bpe.PretokenCounts([(b"a", bad)], engine=engine)
