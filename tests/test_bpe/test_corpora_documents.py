"""Every kind of source gives its documents, in order, and bad ones are named."""

from __future__ import annotations

import io
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bpe.corpora import Corpus, read_documents
from bpe.errors import CorpusError, SourceNotFoundError


def documents(source: object, **options: object) -> list[bytes]:
    return list(read_documents(Corpus(source, **options)))  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a file of each plain kind, some hidden, some unknown."""
    (tmp_path / "b.txt").write_bytes(b"B\r\n\xff")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.md").write_text("A")
    (tmp_path / "c.jsonl").write_text('{"text": "C1"}\n{"text": "C2", "n": 1}\n')
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    (tmp_path / ".hidden.txt").write_text("hidden")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "x.txt").write_text("hidden")
    return tmp_path


# --- what a source is ---------------------------------------------------------


def test_a_text_file_is_one_document_byte_for_byte(folder: Path) -> None:
    assert [b"B\r\n\xff"] == documents(str(folder / "b.txt"))
    assert [b"B\r\n\xff"] == documents(folder / "b.txt")


def test_a_file_of_any_other_name_is_text_when_it_is_named(folder: Path) -> None:
    assert [b"\x89PNG"] == documents(folder / "picture.png")


def test_a_folder_is_searched_deeply_for_what_it_may_hold(folder: Path) -> None:
    assert [b"B\r\n\xff", b"C1", b"C2", b"A"] == documents(folder)


def test_a_glob_gives_its_files_sorted(folder: Path) -> None:
    assert [b"B\r\n\xff", b"A"] == documents(str(folder / "**" / "*.[tm]*"))
    assert [b"\x89PNG"] == documents(str(folder / "*.png"))


def test_a_name_that_only_looks_like_a_glob_is_a_name(tmp_path: Path) -> None:
    (tmp_path / "a[1].txt").write_text("brackets")
    (tmp_path / "a1.txt").write_text("plain")
    assert [b"brackets"] == documents(tmp_path / "a[1].txt")


def test_several_paths_keep_their_order(folder: Path) -> None:
    paths = [folder / "sub", folder / "b.txt", folder / "sub"]
    assert [b"A", b"B\r\n\xff", b"A"] == documents(paths)
    assert [b"A", b"B\r\n\xff", b"A"] == documents(iter(paths))


def test_documents_and_paths_may_be_mixed(folder: Path) -> None:
    items = ["text", b"\xff", bytearray(b"x"), memoryview(b"y"), folder / "c.jsonl", ""]
    assert [b"text", b"\xff", b"x", b"y", b"C1", b"C2", b""] == documents(items)


def test_standard_input_is_one_document(monkeypatch: pytest.MonkeyPatch) -> None:
    for source in ("-", Path("-"), [Path("-")]):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"from\r\nstdin\xff")))
        assert [b"from\r\nstdin\xff"] == documents(source)


def test_an_iterator_is_pulled_in_small_batches() -> None:
    pulled = []

    def endless() -> Iterator[str]:
        for number in range(10**9):
            pulled.append(number)
            yield str(number)

    stream = read_documents(endless())
    assert [b"0", b"1"] == [next(stream), next(stream)]
    assert len(pulled) < 10_000


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a named pipe")
def test_a_named_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=lambda: (tmp_path / "pipe").write_bytes(b"x" * 200_000))
    writer.start()
    assert [200_000] == [len(document) for document in documents(tmp_path / "pipe")]
    writer.join()


# --- text -----------------------------------------------------------------------


def test_surrogates_in_a_str_are_repaired_like_the_tokenizer_does() -> None:
    assert ["😀".encode(), "a\ufffdb".encode()] == documents(["\ud83d\ude00", "a\ud83db"])


def test_bytes_that_are_not_utf8_are_kept_refused_or_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"ab\xc3(")
    assert [b"ab\xc3("] == documents(tmp_path / "a.txt")
    assert ["ab\ufffd(".encode()] == documents(tmp_path / "a.txt", errors="replace")
    with pytest.raises(CorpusError, match=r"a\.txt': byte 0xc3 at offset 2 is not UTF-8"):
        documents(tmp_path / "a.txt", errors="strict")
    with pytest.raises(CorpusError, match=r"^item 1: byte 0xff at offset 0"):
        documents([b"fine", b"\xff"], errors="strict")
    with pytest.raises(ValueError, match="errors must be"):
        read_documents(Corpus([], errors="ignore"))  # type: ignore[arg-type]


# --- errors -------------------------------------------------------------------


def test_a_missing_file_is_named_at_once_with_its_neighbours(folder: Path) -> None:
    with pytest.raises(
        SourceNotFoundError, match=r"there is no .*d\.jsonl'; there is '.*c\.jsonl'"
    ):
        read_documents(folder / "d.jsonl")
    with pytest.raises(FileNotFoundError, match=r"nor a folder"):
        read_documents([folder / "b.txt", folder / "nowhere" / "b.txt"])
    with pytest.raises(SourceNotFoundError, match=r"\*\.foo' matches nothing"):
        read_documents(folder / "*.foo")
    with pytest.raises(SourceNotFoundError, match=r"matches only folders"):
        read_documents(folder / "s?b")


@pytest.mark.parametrize("text", ["to be or not to be", "to be,\nor not", "ab " * 5000, "", "a?"])
def test_a_text_in_the_place_of_a_path_is_explained(text: str) -> None:
    with pytest.raises(SourceNotFoundError, match=r"to read a text itself, pass \[text\]"):
        read_documents(text)


def test_names_of_files_in_the_place_of_documents_are_explained(folder: Path) -> None:
    names = [str(folder / "b.txt"), str(folder / "c.jsonl")]
    with pytest.raises(CorpusError, match=r"give pathlib\.Path objects"):
        documents(names)
    assert [name.encode() for name in names] == documents(iter(names))
    assert [names[0].encode(), b"a text"] == documents([names[0], "a text"])


@pytest.mark.parametrize(
    ("items", "message"),
    [
        (["a", None], "item 1 of the source is None"),
        ([b"a", 7], "item 1 of the source is of type int"),
        ([["a"]], "item 0 .* type list"),
    ],
)
def test_an_item_that_is_no_document_is_named_by_its_index(items: object, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        documents(items)


@pytest.mark.parametrize("source", [None, 7, b"bytes", object()])
def test_what_cannot_be_a_source_is_refused_at_once(source: object) -> None:
    with pytest.raises(TypeError, match="a source is a path or an iterable"):
        read_documents(source)  # type: ignore[arg-type]


def test_an_exception_of_an_iterator_passes_through() -> None:
    def broken() -> Iterator[str]:
        yield "a"
        raise LookupError("theirs")

    with pytest.raises(LookupError, match="theirs"):
        documents(broken())


def test_a_folder_with_nothing_to_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "picture.png").write_bytes(b"")
    with pytest.raises(CorpusError, match=r"holds no file that ends in \.txt"):
        read_documents(tmp_path)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs a device")
def test_a_device_is_refused() -> None:
    with pytest.raises(CorpusError, match="is a device"):
        read_documents("/dev/zero")


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz", "a.tgz", "A.ZIP"])
def test_an_archive_of_files_is_not_taken_for_text(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"PK")
    with pytest.raises(CorpusError, match="is an archive of files; unpack it"):
        read_documents(tmp_path / name)


def test_a_read_that_fails_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    (tmp_path / "a.txt").write_text("a")
    monkeypatch.setattr(Path, "open", lambda *_, **__: Broken())
    with pytest.raises(OSError, match="Input/output error") as caught:
        documents(tmp_path / "a.txt")
    assert (5, str(tmp_path / "a.txt")) == (caught.value.errno, caught.value.filename)
