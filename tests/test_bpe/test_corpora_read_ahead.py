"""Reading in another thread gives the same, and ends when nobody wants more."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from bpe.corpora.read_ahead import read_ahead


def test_everything_comes_in_order() -> None:
    assert list(range(1000)) == list(read_ahead(iter(range(1000))))
    assert [] == list(read_ahead(iter([])))


def test_an_exception_of_the_reader_is_raised_here_after_what_came_before() -> None:
    def reader() -> Iterator[int]:
        yield 1
        raise LookupError("theirs")

    items = read_ahead(reader())
    assert 1 == next(items)
    with pytest.raises(LookupError, match="theirs"):
        next(items)


def test_the_thread_ends_when_nobody_wants_more() -> None:
    closed = threading.Event()

    def endless() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            closed.set()

    items = read_ahead(endless())
    assert 1 == next(items)
    items.close()  # type: ignore[attr-defined]
    assert closed.wait(300)
    assert [] == [thread for thread in threading.enumerate() if thread.name == "bpe reader"]


def test_it_reads_no_further_ahead_than_two() -> None:
    made = []

    def reader() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            yield number

    for item in read_ahead(reader()):
        assert len(made) <= item + 4


def test_without_threads_it_reads_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert [1, 2] == list(read_ahead(iter([1, 2])))
