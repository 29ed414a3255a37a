"""A source that is counts already is recognised by its content."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

import bpe
from bpe.counts_sources import counts_of
from bpe.errors import CorpusError, FormatError, TrainingError

TEXT = "the cat sat on the mat " * 5


@pytest.fixture
def counts_file(tmp_path: Path) -> Path:
    bpe.count([TEXT], pattern="gpt2", engine="reference").save(tmp_path / "any.name")
    return tmp_path / "any.name"


def test_a_counts_file_trains_like_the_text(counts_file: Path, engine: str) -> None:
    expected = bpe.train([TEXT], 264, pattern="gpt2", engine=engine)
    for source in (counts_file, str(counts_file), [counts_file]):
        assert expected == bpe.train(source, 264, pattern="gpt2", engine=engine)  # type: ignore[arg-type]


@pytest.mark.parametrize("tie_break", ["id", "huggingface", "bytes_max", "bytes_min"])
def test_a_counts_file_trains_like_its_counts(counts_file: Path, tie_break: str) -> None:
    for engine in ("native", "reference"):
        counts = bpe.PretokenCounts.load(counts_file, engine=engine)  # type: ignore[arg-type]
        options = {"tie_break": tie_break, "pattern": "gpt2", "engine": engine}
        expected = bpe.train(counts, 264, **options)  # type: ignore[arg-type]
        assert expected == bpe.train(counts_file, 264, **options)  # type: ignore[arg-type]
        assert len(counts) == 7  # training left them alone


def test_several_counts_files_add_up(counts_file: Path, engine: str) -> None:
    counts = counts_of([counts_file, counts_file], engine)  # type: ignore[arg-type]
    assert counts is not None
    assert [(b" cat", 10), (b" mat", 10)] == counts.items()[1:3]
    assert counts == bpe.count([counts_file, counts_file], pattern="gpt2", engine=engine)  # type: ignore[arg-type]


def test_what_is_no_counts_file_is_left_to_the_corpora(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    for source in (tmp_path / "a.txt", tmp_path, tmp_path / "nope", "*.txt", ["a"], iter(["a"])):
        assert counts_of(source, "native") is None


def test_texts_and_counts_are_not_mixed(counts_file: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    with pytest.raises(CorpusError, match=r"any\.name is a counts file, and .*a\.txt is none"):
        bpe.train([tmp_path / "a.txt", counts_file], 264)
    with pytest.raises(CorpusError, match="how text is read"):
        bpe.count(bpe.Corpus(counts_file, sample=0.5))


@pytest.mark.parametrize("name", ["b.txt", "b.jsonl", "b.txt.gz"])
@pytest.mark.parametrize("num_words", [5, 200_000])
def test_a_counts_file_among_texts_is_named_and_not_read_as_one(
    tmp_path: Path, engine: str, name: str, num_words: int
) -> None:
    """However small or large it is, and whoever reads it: the reader or the native counting."""
    counts = bpe.count([" ".join(map(str, range(num_words)))], pattern="gpt2")
    counts.save(tmp_path / "counts")
    data = (tmp_path / "counts").read_bytes()
    (tmp_path / "counts").unlink()
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    (tmp_path / "a.txt").write_text("text")
    for source in (tmp_path, str(tmp_path / "*"), bpe.Corpus(tmp_path / name, separator="\n")):
        if isinstance(source, bpe.Corpus) and not name.endswith(".gz"):
            continue  # a counts file that is named alone is one
        with pytest.raises(CorpusError, match=rf"{name}' is a counts file, no text; .*merge-count"):
            bpe.count(source, engine=engine)  # type: ignore[arg-type]


def test_a_damaged_file_stops_the_training(counts_file: Path, engine: str) -> None:
    data = counts_file.read_bytes()
    at = len(data) - 60  # in the block of pretokens
    counts_file.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    with pytest.raises(FormatError, match="offset"):
        bpe.train(counts_file, 264, pattern="gpt2", engine=engine)


def test_another_pattern_is_refused(counts_file: Path, engine: str) -> None:
    with pytest.raises(TrainingError, match="another pattern"):
        bpe.train(counts_file, 264, pattern="cl100k", engine=engine)
