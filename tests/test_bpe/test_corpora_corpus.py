"""A corpus holds its options, refuses wrong ones, and is read as they say."""

from __future__ import annotations

import random
from collections import Counter
from hashlib import blake2b
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bpe
from bpe.corpora import Corpus, PlainFile, Reading, TextPart, join_parts, read_documents
from bpe.corpora.parts import Limit
from bpe.corpora.reading import cut_at_character, cuts_alike


def documents(source: Any, **options: Any) -> list[bytes]:
    return list(read_documents(Corpus(source, **options)))


def counted(source: Any, engine: Any = "native", **options: Any) -> list[tuple[bytes, int]]:
    return bpe.count(source, pattern="gpt2", num_threads=1, engine=engine, **options).items()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"text_field": ""}, "text_field must be a str that is not empty"),
        ({"text_field": "\ud800"}, "half of a surrogate pair"),
        ({"separator": ""}, "separator must be a str that is not empty"),
        ({"separator": b"\n"}, "separator must be a str"),
        ({"separator": "x", "documents": "line"}, "contradict each other"),
        ({"documents": "lines"}, "documents must be one of 'file', 'line'"),
        ({"format": "csv"}, "format must be one of None, 'text'"),
        ({"errors": "ignore"}, "errors must be one of 'bytes'"),
        ({"on_bad_record": True}, "on_bad_record must be one of 'raise'"),
        ({"weight": 0}, "weight must be a whole number from 1 on, not 0"),
        ({"weight": 1.5}, "weight must be a whole number"),
        ({"weight": 2**63}, "weight must be a whole number"),
        ({"max_bytes": 0}, "max_bytes must be a whole number from 1 on"),
        ({"seed": -1}, "seed must be a whole number from 0 on"),
        ({"sample": 0}, "sample must be above 0 and at most 1, not 0"),
        ({"sample": 1.1}, "sample must be above 0"),
        ({"sample": float("nan")}, "sample must be above 0"),
        ({"sample": True}, "sample must be a number"),
    ],
)
def test_a_wrong_option_is_refused_at_once(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Corpus([], **options)


def test_a_corpus_of_a_corpus_is_refused() -> None:
    with pytest.raises(ValueError, match=r"give \[corpus\]"):
        Corpus(Corpus([]))


# --- documents of text files ----------------------------------------------------


def test_lines_keep_their_line_feeds_so_that_nothing_is_lost(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"a\r\n\nb\rc\nd")
    assert [b"a\r\n", b"\n", b"b\rc\n", b"d"] == documents(tmp_path, documents="line")


def test_a_separator_belongs_to_no_document(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"a<>b<><>c<>")
    (tmp_path / "b.txt").write_bytes(b"no separator")
    expected = [b"a", b"b", b"", b"c", b"no separator"]
    assert expected == documents(tmp_path, separator="<>")


@given(text=st.text(alphabet="ab", max_size=40), separator=st.text("ab", min_size=1, max_size=4))
def test_separators_are_found_wherever_blocks_end(text: str, separator: str) -> None:
    from bpe.corpora.packer import Packer
    from bpe.corpora.text import read_separated

    expected = text.encode().split(separator.encode())
    if not expected[-1]:
        expected.pop()
    for size in (1, 2, 3, 7):
        packer = Packer(10**6)
        blocks = (text[i : i + size].encode() for i in range(0, len(text), size))
        list(read_separated(blocks, Corpus("-", separator=separator), packer, "x"))
        assert expected == list(packer.batch)


def test_a_format_is_taken_whatever_the_name_says(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b'{"text": "a"}\n{"text": "b"}\n')
    assert [b"a", b"b"] == documents(tmp_path / "a.json", format="jsonl")
    (tmp_path / "b.jsonl").write_bytes(b"{}")
    assert [b"{}"] == documents(tmp_path / "b.jsonl", format="text")


# --- long files -------------------------------------------------------------------


@pytest.fixture
def long_file(tmp_path: Path) -> Path:
    """Return a file that is too long to be read at once."""
    words = random.Random(1).choices(
        ["the", " cat", "\n\n", " sat ", "<|x|>", " né", "  "], k=600_000
    )
    (tmp_path / "long.txt").write_text("".join(words), "utf-8")
    return tmp_path / "long.txt"


def test_a_long_file_counts_the_same_however_it_is_read(long_file: Path, tmp_path: Path) -> None:
    import gzip

    text = long_file.read_bytes()
    (tmp_path / "long.txt.gz").write_bytes(gzip.compress(text, 1))
    specials = ["<|x|>"]
    expected = bpe.count([text], pattern="gpt2", special_tokens=specials, num_threads=1).items()
    sources = [
        long_file,
        Corpus(long_file, errors="strict"),
        Corpus(long_file, errors="replace"),
        Corpus(long_file, separator="<|x|>"),
        Corpus(long_file, max_bytes=10**9),
        tmp_path / "long.txt.gz",
    ]
    for source in sources:
        for num_threads in (1, 3):
            got = bpe.count(
                source, pattern="gpt2", special_tokens=specials, num_threads=num_threads
            )
            assert expected == got.items()
            if source != sources[3]:
                assert len(text) == got.report.num_bytes if got.report else False


def test_a_plain_file_is_left_to_the_engine_where_that_makes_no_difference(long_file: Path) -> None:
    def is_plain(cuts: list[str] | None = None, **options: Any) -> bool:
        steps = Reading(Corpus(long_file, **options)).steps(cuts)
        return any(isinstance(step, PlainFile) for step in steps)

    assert is_plain([])
    assert is_plain(["<|x|>"], separator="<|x|>")
    assert is_plain(["<|y|>"], separator="<|x|>")
    assert not is_plain(["|>a"], separator="<|x|>")  # in <|x|>a they overlap
    assert is_plain([], separator="\n\n")
    assert not is_plain(None)
    others = ({"sample": 0.5}, {"errors": "strict"}, {"max_bytes": 10**9}, {"documents": "line"})
    assert not any(is_plain([], **options) for options in others)


@given(st.text("ab", min_size=1, max_size=3), st.lists(st.text("ab", min_size=1, max_size=3)))
def test_cuts_are_alike_only_if_no_text_tells_them_apart(separator: str, cuts: list[str]) -> None:
    if not cuts_alike(separator, cuts):
        return
    specials = [cut.encode() for cut in cuts]
    for text in ("abbaababbab", "aabbbaaab", "bababbaa"):
        whole = bpe.count([text], pattern=None, special_tokens={*cuts, separator}, num_threads=1)
        parts = text.split(separator)
        apart = bpe.count(iter(parts), pattern=None, special_tokens=set(cuts), num_threads=1)
        assert apart.items() == whole.items(), (text, specials)


def test_parts_are_joined_only_as_far_as_they_must_be() -> None:
    def steps(text: bytes, size: int) -> Any:
        for start in range(0, len(text), size):
            yield TextPart(text[start : start + size], False, 1, start)
        yield TextPart(b"", True, 1, len(text))

    searched = []

    def find_cut(data: bytes, near: int) -> int:
        searched.append(len(data))
        found = data.find(b" ", near)
        return found if found >= 0 else len(data)

    size = 4 * 2**20
    text = b"word " * (10 * size // 5)
    joined = list(join_parts(steps(text, size), find_cut))
    assert text == b"".join(step.documents[0] for step in joined)  # type: ignore[union-attr]
    assert 3 == len(joined)
    searched.clear()
    text = b"x" * (20 * size)
    (only,) = join_parts(steps(text, size), find_cut)
    assert [text] == only.documents  # type: ignore[union-attr]
    assert len(searched) <= 4  # each time it has doubled, so all is linear


# --- weights ----------------------------------------------------------------------


@pytest.mark.parametrize("threads", [1, 2])
def test_large_files_batches_and_weights_add_up_whichever_has_more(
    tmp_path: Path, threads: int
) -> None:
    # A large file, batches, and what has a weight are counted in tables of their own.
    words = [f"w{number}" for number in range(2_000)]
    file, texts = tmp_path / "a.txt", [" ".join(words[n % 7 :: 7]) for n in range(50)]
    file.write_text(" ".join(words) * 100)
    parts = [file, Corpus(texts), Corpus(texts[:3], weight=5)]
    for few in (["b"], texts):
        sources = [*parts, Corpus(few)]
        expected: Counter[bytes] = Counter()
        for source in sources:
            expected.update(dict(counted(source, "reference")))
        for order in (sources, sources[::-1]):
            counts = bpe.count(order, pattern="gpt2", num_threads=threads)
            assert sorted(expected.items()) == counts.items()


def test_weights_multiply_counts_exactly(tmp_path: Path, engine: str) -> None:
    (tmp_path / "a.txt").write_text("a b")
    (tmp_path / "b.jsonl").write_text('{"text": "b b"}\n')
    once = {b"a": 1, b" b": 1}, {b"b": 1, b" b": 1}
    expected = Counter({key: 3 * n for key, n in once[0].items()}) + Counter(once[1])
    a, b = tmp_path / "a.txt", tmp_path / "b.jsonl"
    sources = (
        {a: 3, b: 1},
        {str(a): 3, str(b): 1},
        [Corpus(a, weight=3), b],
        [b, Corpus(a, weight=3)],
    )
    for source in sources:
        assert sorted(expected.items()) == counted(source, engine)
    assert [(b" b", 10**15), (b"a", 10**15)] == counted(Corpus(["a b"], weight=10**15), engine)
    assert [(b" b", 6), (b"a", 6)] == counted(Corpus({a: 3}, weight=2), engine)
    with pytest.raises(ValueError, match="more than"):
        counted(Corpus(["a b"], weight=2**63 - 1), engine)


@pytest.mark.parametrize("source", [{"a": 1.5}, {"a": True}, {1: 1}, {"train": ["a"]}])
def test_a_mapping_is_paths_and_weights(source: Any) -> None:
    with pytest.raises(TypeError, match="a mapping as a source has paths as keys"):
        counted(source)


# --- samples ----------------------------------------------------------------------


def test_a_sample_depends_on_the_documents_alone(tmp_path: Path) -> None:
    texts = [f"document {number} é" for number in range(2000)]
    key = (7).to_bytes(8, "little")
    expected = [
        text.encode()
        for text in texts
        if int.from_bytes(blake2b(text.encode(), digest_size=8, key=key).digest(), "little")
        < int(0.25 * 2**64)
    ]
    assert 400 < len(expected) < 600
    assert expected == documents(texts, sample=0.25, seed=7)
    (tmp_path / "a.txt").write_text("".join(f"{text}\n" for text in texts), "utf-8")
    in_lines = documents(tmp_path / "a.txt", sample=0.25, seed=7, documents="line")
    assert len(in_lines) != len(expected)  # other documents: these have line feeds
    in_parts = documents(tmp_path / "a.txt", sample=0.25, seed=7, separator="\n")
    assert expected == in_parts
    assert set(expected) < set(documents(texts, sample=0.5, seed=7))
    assert expected != documents(texts, sample=0.25, seed=8)
    assert texts == [text.decode() for text in documents(texts, sample=1)]


def test_a_file_is_in_a_sample_or_not(tmp_path: Path) -> None:
    for number in range(100):
        (tmp_path / f"{number}.txt").write_text(f"file {number}")
    assert 20 < len(documents(tmp_path, sample=0.5)) < 80


# --- limits -----------------------------------------------------------------------


def test_reading_ends_at_the_limit_within_a_character_or_not(tmp_path: Path) -> None:
    assert [b"abc", b"d"] == documents(["abc", "déf"], max_bytes=5)
    assert [b"abc", "dé".encode()] == documents(["abc", "déf"], max_bytes=6)
    assert [b"abc"] == documents(["abc", "déf"], max_bytes=3)
    (tmp_path / "a.txt").write_text("é" * 700_000, "utf-8")
    (tmp_path / "b.txt").write_text("b")
    assert ["é".encode() * 500_000] == documents(tmp_path, max_bytes=1_000_001)
    assert [2] == [len(each) for each in documents([tmp_path / "a.txt"], max_bytes=3)]


def test_an_endless_source_ends_at_the_limit() -> None:
    texts = (f"document {number}" for number in count())
    assert 10**5 == sum(map(len, documents(texts, max_bytes=10**5)))
    assert [(b"x", 1000)] == counted(Corpus(iter("x" for _ in count()), max_bytes=1000))


def test_an_outer_limit_holds_for_all_that_is_inside() -> None:
    inner = [Corpus(["aaaa"], weight=2), Corpus(["bbbb"], max_bytes=1), Corpus(["cccc"])]
    assert [b"aaaa", b"b", b"c"] == documents(inner, max_bytes=6)
    assert Limit(None, Limit(None)).left is None
    assert 3 == Limit(5, Limit(3)).left


@given(st.text(max_size=20).map(str.encode) | st.binary(max_size=20), st.integers(0, 25))
def test_a_cut_falls_between_characters(data: bytes, size: int) -> None:
    cut = cut_at_character(data, size)
    assert data.startswith(cut)
    assert len(cut) <= size
    try:
        data.decode()
    except UnicodeDecodeError:
        return
    cut.decode()
    assert len(cut) >= min(size, len(data)) - 3


# --- what is inside what ------------------------------------------------------------


def test_an_empty_corpus_cannot_train(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"\n\n")
    for source in ([], iter([]), [""], tmp_path / "a.jsonl", Corpus([""])):
        with pytest.raises(bpe.TrainingError, match="the corpus is empty"):
            bpe.train(source, 300, num_threads=1)


def test_an_iterator_may_count_while_it_is_counted() -> None:
    def texts() -> Any:
        yield "a b"
        assert [(b"c", 1)] == counted(["c"])
        yield "a b"

    assert [(b" b", 2), (b"a", 2)] == counted(texts())


def test_corpora_may_stand_among_documents(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"body": "a"}\n')
    inner = Corpus(tmp_path / "a.jsonl", text_field="body")
    assert [b"x", b"a", b"y"] == documents(iter(["x", inner, "y"]))
    assert [b"a", b"a"] == documents([inner, inner])


def test_progress_knows_the_bytes_of_all_files(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt", "c.jsonl"):
        (tmp_path / name).write_text('{"text": "%s"}\n' % ("ab " * 500_000))
    size = sum(path.stat().st_size for path in tmp_path.iterdir())
    calls: list[tuple[str, int, int]] = []
    bpe.count(tmp_path, pattern="gpt2", num_threads=2, progress=lambda *call: calls.append(call))
    assert {size} == {total for _, _, total in calls}
    done = [done for _, done, _ in calls]
    assert sorted(done) == done
    assert size == done[-1]
    calls.clear()
    bpe.count(iter(["ab"] * 10), pattern="gpt2", progress=lambda *call: calls.append(call))
    assert ("counting", 20, 0) == calls[-1]
