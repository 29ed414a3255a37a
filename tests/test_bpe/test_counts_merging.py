"""Counts files add up in bounded memory, however many there are."""

from __future__ import annotations

from pathlib import Path

import pytest

import bpe
from bpe import counts_merging
from bpe.errors import FormatError, OutputExistsError, TrainingError

TEXT = "the cat sat on the mat, the hat. " * 3 + "Übergröße 1234 \n\n"


def shards(folder: Path, number: int, engine: str) -> list[Path]:
    paths = []
    for index in range(number):
        texts = [f"{TEXT} {word}" for word in range(index, 23, number)]
        bpe.count(texts, engine=engine).save(folder / f"{number}-{index}")  # type: ignore[arg-type]
        paths.append(folder / f"{number}-{index}")
    return paths


def test_shards_give_the_same_bytes_and_the_same_vocabulary(tmp_path: Path, engine: str) -> None:
    whole = bpe.count([f"{TEXT} {word}" for word in range(23)], engine=engine)
    whole.save(tmp_path / "whole")
    expected = bpe.train(whole, 280, engine=engine)
    for number in (1, 2, 7):
        output = tmp_path / f"sum-{number}"
        merged = bpe.merge_counts(shards(tmp_path, number, engine), output, engine=engine)
        assert (tmp_path / "whole").read_bytes() == output.read_bytes()
        assert merged == whole
        assert expected == bpe.train(merged, 280, engine=engine)


def test_more_files_than_may_be_open_are_merged_in_rounds(
    tmp_path: Path, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts_merging, "MAX_OPEN_FILES", 3)
    paths = shards(tmp_path, 11, engine)
    merged = bpe.merge_counts(paths, tmp_path / "sum", min_frequency=23, engine=engine)
    whole = bpe.count([f"{TEXT} {word}" for word in range(23)], engine=engine)
    assert (whole.filter(23), whole.filter(23).dropped) == (merged, merged.dropped)


def test_a_filter_looks_at_the_sum(tmp_path: Path, engine: str) -> None:
    for name in "ab":
        counts = bpe.PretokenCounts([(b"x", 1), (name.encode(), 1)], engine=engine)
        counts.dropped = (1, 5)
        counts.save(tmp_path / name)
    paths = [tmp_path / "a", tmp_path / "b"]
    merged = bpe.merge_counts(paths, tmp_path / "sum", min_frequency=2, engine=engine)
    assert ([(b"x", 2)], (4, 12)) == (merged.items(), merged.dropped)


def test_a_file_may_be_replaced_by_the_sum(tmp_path: Path, engine: str) -> None:
    path = tmp_path / "a"
    bpe.PretokenCounts([(b"x", 2)], engine=engine).save(path)
    with pytest.raises(OutputExistsError):
        bpe.merge_counts([path, path], path, engine=engine)
    merged = bpe.merge_counts([path, path], path, overwrite=True, engine=engine)
    assert [(b"x", 4)] == merged.items()


def test_a_sum_beyond_64_bits_names_the_pretoken_and_leaves_nothing(
    tmp_path: Path, engine: str
) -> None:
    bpe.PretokenCounts([(b"word", 2**62)], engine=engine).save(tmp_path / "a")
    with pytest.raises(TrainingError, match="word"):
        bpe.merge_counts([tmp_path / "a"] * 2, tmp_path / "sum", engine=engine)
    bpe.PretokenCounts([(b"first", 2**62), (b"x", 2**62 - 1)], engine=engine).save(tmp_path / "b")
    with pytest.raises(TrainingError, match="word"):
        bpe.merge_counts([tmp_path / "b", tmp_path / "a"], tmp_path / "sum", engine=engine)
    assert ["a", "b"] == sorted(path.name for path in tmp_path.iterdir())


def test_files_that_do_not_belong_together_are_named(tmp_path: Path, engine: str) -> None:
    bpe.count(["a"], pattern="gpt2", engine=engine).save(tmp_path / "a")
    bpe.count(["a"], pattern="o200k", engine=engine).save(tmp_path / "b")
    with pytest.raises(TrainingError, match=r"different patterns .*b has"):
        bpe.merge_counts([tmp_path / "a", tmp_path / "b"], tmp_path / "sum", engine=engine)
    (tmp_path / "c").write_text("no counts")
    with pytest.raises(FormatError, match="c, offset 0"):
        bpe.merge_counts([tmp_path / "a", tmp_path / "c"], tmp_path / "sum", engine=engine)


@pytest.mark.parametrize("bad", [[], "a", Path("a")])
def test_what_is_no_list_of_files_is_refused(tmp_path: Path, bad: object) -> None:
    with pytest.raises(TrainingError, match="several counts files"):
        bpe.merge_counts(bad, tmp_path / "sum")  # type: ignore[arg-type]
    with pytest.raises(TrainingError, match="min_frequency"):
        bpe.merge_counts([tmp_path / "a"], tmp_path / "sum", min_frequency=0)
