"""The native counting gives what the reference gives, however the text is cut and shared out."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpe import _core
from bpe.engines import get_engine
from bpe.errors import CorpusError, PatternError, SpecialTokenError
from bpe.patterns import NAMED_PATTERNS, Pattern
from bpe.testing.strategies import byte_strings

SPECIALS = ("<|endoftext|>", "<|end", "<|endoftext|><|a|>", "a'")
PATTERNS = (*NAMED_PATTERNS, None)
Items = list[tuple[bytes, int]]


def native(
    documents: Sequence[bytes],
    pattern: str | None,
    specials: Sequence[str] = (),
    threads: int = 1,
    chunk_bytes: int | None = None,
) -> Items:
    table = _core.CountTable()
    encoded = [text.encode() for text in specials]
    table.count_documents(documents, pattern or "", encoded, threads, None, chunk_bytes)
    return checked(table)


def native_file(
    path: Path,
    pattern: str | None,
    specials: Sequence[str] = (),
    threads: int = 1,
    chunk_bytes: int | None = None,
) -> Items:
    table = _core.CountTable()
    encoded = [text.encode() for text in specials]
    table.count_file(str(path), pattern or "", encoded, threads, None, chunk_bytes)
    return checked(table)


def checked(table: _core.CountTable) -> Items:
    items = table.items()
    assert (len(items), sum(n for _, n in items)) == (len(table), table.total)
    return items


def reference(
    documents: Sequence[bytes], pattern: str | None, specials: Sequence[str] = ()
) -> Items:
    engine = get_engine("reference")
    table = engine.count_table()
    engine.count_documents(table, documents, Pattern.of(pattern), specials, 1, None)
    return table.items()


def mixed_text(num_pieces: int, seed: int = 0) -> bytes:
    """Make text in which every kind of border is common, and no cut is far away."""
    pieces = [
        b"the ", b"it's ", b" 1234567", b"\n\n", b"\r\n", b"  ", b"\xe3\x80\x80", b"\xe4\xb8\xad",
        "naïve ".encode(), b"...\n/", b"\xff", b"\xe4\xb8", b"<|endoftext|>", b"<|end", b"a" * 20,
        b"internationalization", "😀".encode(), b"x", b"\x00", b"'", b"\t",
    ]  # fmt: skip
    return b"".join(random.Random(seed).choices(pieces, k=num_pieces))


# --- equal to the reference -----------------------------------------------------------------------


@pytest.mark.parametrize("pattern", PATTERNS)
@given(documents=st.lists(byte_strings(), max_size=4), specials=st.sets(st.sampled_from(SPECIALS)))
@settings(max_examples=60, deadline=None)
def test_counts_are_those_of_the_reference(
    pattern: str | None, documents: list[bytes], specials: set[str]
) -> None:
    expected = reference(documents, pattern, tuple(specials))
    assert expected == native(documents, pattern, tuple(specials))


@pytest.mark.parametrize("pattern", PATTERNS)
@given(
    document=byte_strings(),
    specials=st.sets(st.sampled_from(SPECIALS)),
    chunk_bytes=st.integers(1, 70),
    threads=st.sampled_from([1, 2, 3, 8]),
)
@settings(max_examples=60, deadline=None)
def test_no_chunk_size_or_number_of_threads_changes_a_count(
    pattern: str | None, document: bytes, specials: set[str], chunk_bytes: int, threads: int
) -> None:
    expected = reference([document], pattern, tuple(specials))
    assert expected == native([document], pattern, tuple(specials), threads, chunk_bytes)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_file_may_be_cut_anywhere(pattern: str | None, tmp_path: Path) -> None:
    data = mixed_text(300)
    path = tmp_path / "text"
    path.write_bytes(data)
    expected = reference([data], pattern, SPECIALS)
    for chunk_bytes in [*range(1, 40), 64, 1000, 4096, len(data), len(data) + 1]:
        assert expected == native_file(path, pattern, SPECIALS, 1 + chunk_bytes % 3, chunk_bytes)


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_a_large_file_is_shared_by_threads(threads: int, tmp_path: Path) -> None:
    data = mixed_text(60_000)
    path = tmp_path / "text"
    path.write_bytes(data)
    expected = native([data], "o200k", SPECIALS)
    assert expected == native_file(path, "o200k", SPECIALS, threads, 20_000)
    assert expected == native([data], "o200k", SPECIALS, threads, 20_000)


def test_a_special_token_may_stand_at_every_edge_of_a_chunk(tmp_path: Path) -> None:
    path = tmp_path / "text"
    for before in range(40):
        data = b"ab " * 13 + b"c" * before + b"<|endoftext|>" + b" de" * 20
        path.write_bytes(data)
        expected = reference([data], "cl100k", SPECIALS)
        for chunk_bytes in range(20, 70, 7):
            assert expected == native_file(path, "cl100k", SPECIALS, 2, chunk_bytes)


@given(
    text=st.text("ab ", max_size=80),
    specials=st.sets(st.text("ab", min_size=1, max_size=5), min_size=1, max_size=4),
    chunk_bytes=st.integers(1, 20),
)
@settings(max_examples=300, deadline=None)
def test_special_tokens_that_overlap_are_found_from_the_left(
    text: str, specials: set[str], chunk_bytes: int
) -> None:
    data = text.encode()
    expected = reference([data], "gpt2", tuple(specials))
    assert expected == native([data], "gpt2", tuple(specials), 2, chunk_bytes)


def test_a_special_token_is_a_cut_where_the_pattern_has_none(tmp_path: Path) -> None:
    data = b"<x>".join([b"one two", b"three"] * 2000)
    path = tmp_path / "text"
    path.write_bytes(data)
    expected = [(b"one two", 2000), (b"three", 2000)]
    assert expected == native_file(path, None, ["<x>"], 2, 100)
    assert expected == native([data], None, ["<x>"], 2, 100)


def test_a_special_token_that_hangs_over_every_cut_is_counted_right(tmp_path: Path) -> None:
    data = b"a" * 50_001
    path = tmp_path / "text"
    path.write_bytes(data)
    assert [(b"a", 1)] == native_file(path, "gpt2", ["aa"], 2, 100)
    assert [(b"a", 1)] == native([data], "gpt2", ["aa"], 2, 100)


def test_pretokens_of_every_length_are_kept_apart() -> None:
    words = [b"x" * n for n in range(1, 60)] + [b"y" * n for n in range(1, 60)]
    documents = [word for n, word in enumerate(words, start=1) for _ in range(n)]
    random.Random(1).shuffle(documents)
    assert sorted((w, n) for n, w in enumerate(words, start=1)) == native(
        documents, None, (), 3, 64
    )


def test_a_pretoken_of_many_megabytes_is_one_pretoken(tmp_path: Path) -> None:
    data = b"b " + b"a" * 6_000_000 + b" b"
    path = tmp_path / "text"
    path.write_bytes(data)
    items = native_file(path, "gpt2", (), 2, 4096)
    assert [(6_000_001, 1), (2, 1), (1, 1)] == [(len(pretoken), n) for pretoken, n in items]
    assert data == b"b" + b"".join(pretoken for pretoken, _ in items[:2])


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_many_distinct_pretokens_grow_the_tables_and_join(threads: int) -> None:
    documents = [b"%d" % n for n in range(100_000)] + [b"%020d" % n for n in range(50_000)]
    expected = sorted((document, 2) for document in documents)
    random.Random(threads).shuffle(documents)
    assert expected == native(documents * 2, None, (), threads, 10_000)


def test_joining_keeps_the_sums_of_frequent_pretokens() -> None:
    documents = [b"%d" % (n % 7) for n in range(5000)] + [b"%020d" % (n % 3) for n in range(5000)]
    documents += [b"%d" % n for n in range(200_000, 260_000)]
    random.Random(9).shuffle(documents)
    assert native(documents, None) == native(documents, None, (), 4, 1000)


def test_nothing_gives_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert [] == native([], "gpt2")
    assert [] == native([b"", b""], "gpt2")
    assert [] == native([b"<x><x>"], "gpt2", ["<x>"])
    assert [] == native_file(tmp_path / "empty", "gpt2")


def test_text_that_can_change_is_taken_too() -> None:
    documents = ["é", bytearray(b"a"), memoryview(b"a")]
    assert [(b"a", 2), ("é".encode(), 1)] == native(documents, "gpt2")  # type: ignore[arg-type]


@pytest.mark.parametrize("pattern", ["gpt2", "cl100k", "o200k"])
@pytest.mark.needs_corpora
def test_real_text_gives_the_same_from_files_by_threads(
    pattern: str, shared: Path, tmp_path: Path
) -> None:
    import gzip

    for source in sorted((shared / "corpora").rglob("*.txt*")):
        with gzip.open(source) if source.suffix == ".gz" else source.open("rb") as file:
            data = file.read(1_000_000)
        path = tmp_path / "text"
        path.write_bytes(data)
        expected = native([data], pattern, SPECIALS, 1, 2**40)
        assert expected == native_file(path, pattern, SPECIALS, 3, 5000), source.name


# --- a counter over many sources ------------------------------------------------------------------


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
@pytest.mark.parametrize("chunk_bytes", [1, 50, 700, 2**20])
def test_a_counter_takes_files_and_documents_in_turn(
    threads: int, chunk_bytes: int, tmp_path: Path
) -> None:
    texts = [mixed_text(size, seed=size) for size in (0, 1, 5, 300, 0, 20, 40, 2, 0)]
    paths = [tmp_path / str(number) for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_bytes(text)
    counter = _core.Counter("cl100k", [text.encode() for text in SPECIALS], threads, chunk_bytes)
    counter.add_files([str(path) for path in paths], None)
    counter.add_documents(texts[::-1], None)
    counter.add_files([], None)
    counter.add_documents([], None)
    counter.add_files([os.fsencode(paths[3])], None)  # type: ignore[list-item]
    expected = reference([*texts, *texts, texts[3]], "cl100k", SPECIALS)
    assert expected == checked(counter.finish(None))
    assert [] == counter.finish(None).items()
    counter.add_documents([b"a"], None)
    assert [(b"a", 1)] == counter.finish(None).items()


def test_a_counter_that_counted_nothing_gives_an_empty_table() -> None:
    assert [] == _core.Counter("gpt2", [], 2).finish(None).items()


def test_more_files_than_may_be_open_at_once(tmp_path: Path) -> None:
    paths = [tmp_path / str(number) for number in range(3000)]
    for number, path in enumerate(paths):
        path.write_bytes(b"" if number % 3 else b"word%d" % number)
    counter = _core.Counter("", [], 3)
    counter.add_files(map(str, paths), None)  # type: ignore[arg-type]
    assert sorted((b"word%d" % n, 1) for n in range(0, 3000, 3)) == counter.finish(None).items()


def test_a_bad_file_among_good_ones_is_named(tmp_path: Path) -> None:
    (tmp_path / "good").write_bytes(b"text")
    paths = [str(tmp_path / name) for name in ("good", "missing", "good")]
    with pytest.raises(FileNotFoundError) as error:
        _core.Counter("gpt2", [], 2).add_files(paths, None)
    assert str(tmp_path / "missing") == error.value.filename


def test_progress_of_several_files_goes_to_their_size_in_all(tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(b"some text " * 1000)
    reports: list[tuple[str, int, int]] = []
    counter = _core.Counter("gpt2", [], 2)
    counter.add_files([str(tmp_path / "text")] * 3, lambda *report: reports.append(report))
    assert ("counting", 30_000, 30_000) == reports[-1]


# --- bad requests ---------------------------------------------------------------------------------


@pytest.mark.parametrize("item", [None, 1, object()])
def test_what_is_no_text_is_named_by_its_index(item: Any) -> None:
    with pytest.raises(
        TypeError, match=rf"documents\[1\] must be bytes, not {type(item).__name__}"
    ):
        native([b"a", item], "gpt2")


@pytest.mark.parametrize("documents", [b"abc", "abc", bytearray(b"abc")])
def test_a_single_document_is_not_a_list_of_documents(documents: Any) -> None:
    with pytest.raises(TypeError, match="put it into a list"):
        native(documents, "gpt2")


def test_errors_do_not_print_the_documents() -> None:
    with pytest.raises(ValueError, match="num_threads must be") as error:
        native([b"z" * 10_000], "gpt2", (), "many")  # type: ignore[arg-type]
    assert len(str(error.value)) < 200


@pytest.mark.parametrize("number", [0, -1, 1.5, True, 2**70, None])
def test_the_number_of_threads_is_at_least_one(number: Any) -> None:
    with pytest.raises(ValueError, match="num_threads must be an int of at least 1"):
        native([b"a"], "gpt2", (), number)


def test_an_unknown_pattern_is_named() -> None:
    with pytest.raises(PatternError, match="gpt7"):
        native([b"a"], "gpt7")


def test_an_empty_special_token_is_refused() -> None:
    with pytest.raises(SpecialTokenError, match="empty"):
        native([b"a"], "gpt2", [""])


# --- files that cannot be read --------------------------------------------------------------------


def test_a_missing_file_is_an_os_error_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as error:
        native_file(tmp_path / "no such fileé", "gpt2")
    assert str(tmp_path / "no such fileé") == error.value.filename


def test_a_folder_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        native_file(tmp_path, "gpt2")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_forbidden_file_is_an_os_error(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.touch(mode=0)
    with pytest.raises(PermissionError):
        native_file(path, "gpt2")


def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(CorpusError, match="pipe is not a regular file"):
        native_file(path, "gpt2")


def test_an_endless_device_is_refused() -> None:
    with pytest.raises(CorpusError, match="not a regular file"):
        native_file(Path("/dev/zero"), "gpt2")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="there is no /proc here")
def test_a_file_without_an_honest_size_is_not_taken_for_empty() -> None:
    with pytest.raises(CorpusError, match="changed while it was read"):
        native_file(Path("/proc/self/status"), "gpt2")


@pytest.mark.parametrize("change", ["shrinks", "grows", "is rewritten"])
def test_a_file_that_changes_while_it_is_read_is_refused(change: str, tmp_path: Path) -> None:
    path = tmp_path / "text"
    data = mixed_text(300_000)
    path.write_bytes(data)
    os.utime(path, (1, 1))

    def interfere(phase: str, done: int, total: int) -> None:
        if change == "shrinks":
            os.truncate(path, 10)
        elif change == "grows":
            with path.open("ab") as file:
                file.write(b"x")
        else:
            os.utime(path, (2, 2))

    table = _core.CountTable()
    with pytest.raises(CorpusError, match="text changed while it was read"):
        # Chunks of one byte are slow, so that the callback comes in the middle.
        table.count_file(str(path), "o200k", [], 1, call_in_the_middle(interfere), 1)


def call_in_the_middle(callback: Any) -> Any:
    """Return a progress callback that calls the other one the first time, if not at the end."""
    state = {"called": False}

    def progress(phase: str, done: int, total: int) -> None:
        if not state["called"]:
            assert done < total, "the work was over before the first report; make it larger"
            state["called"] = True
            callback(phase, done, total)

    return progress


# --- progress, interruption, sharing --------------------------------------------------------------


def test_progress_tells_bytes_up_to_the_end(tmp_path: Path) -> None:
    data = mixed_text(100_000)
    path = tmp_path / "text"
    path.write_bytes(data)
    reports: list[tuple[str, int, int]] = []

    def progress(phase: str, done: int, total: int) -> None:
        reports.append((phase, done, total))

    _core.CountTable().count_file(str(path), "o200k", [b"<|endoftext|>"], 2, progress)
    assert ("counting", len(data), len(data)) == reports[-1]
    assert sorted(reports) == reports
    reports.clear()
    _core.CountTable().count_documents([data, data], "o200k", [b"<|endoftext|>"], 2, progress)
    assert ("counting", 2 * len(data), 2 * len(data)) == reports[-1]


def test_an_error_of_the_callback_passes_through_and_the_table_stays_usable() -> None:
    def fail(phase: str, done: int, total: int) -> None:
        raise LookupError("from the callback")

    table = _core.CountTable()
    with pytest.raises(LookupError, match="from the callback"):
        table.count_documents([mixed_text(300_000)], "o200k", [], 2, fail)
    table.add(b"a", 1)
    assert len(checked(table)) >= 1


def test_a_table_in_use_is_not_touched_by_its_callback() -> None:
    table = _core.CountTable()
    with pytest.raises(RuntimeError, match="in use by another call"):
        table.count_documents([b"a"], "gpt2", [], 1, lambda *_: table.add(b"a", 1))
    table.add(b"a", 1)


def test_threads_of_python_may_count_at_the_same_time() -> None:
    data = mixed_text(40_000)
    expected = native([data], "gpt2")
    results: list[Items] = []
    threads = [
        threading.Thread(target=lambda: results.append(native([data], "gpt2", (), 2)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [expected] * 3 == results
