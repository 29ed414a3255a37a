"""One codec in many threads, and on both sides of a fork."""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
from array import array

import pytest

from bpe import _core

TEXTS = [f"text {number} " * (1 + number % 40) + "é好" * (number % 7) for number in range(200)]


def warm_codec() -> _core.Codec:
    """Return a codec whose memos and int objects are in use."""
    tokens = [(byte, bytes([byte])) for byte in range(256)] + [(256, b"te"), (257, b"xt")]
    columns = [array("I", column) for column in ([116, 120], [101, 116], [256, 257], [0, 1])]
    codec = _core.Codec("gpt2", tokens, *columns, [(b"<s>", 300)], False)
    for text in TEXTS[::2]:
        codec.encode_unless_special(text)
    return codec


def by_every_road(codec: _core.Codec) -> list[object]:
    found: list[object] = [codec.encode_unless_special(text) for text in TEXTS]
    found += [codec.count(text, [300]) for text in TEXTS]
    found += codec.encode_batch(TEXTS, [], 2)
    found += [codec.decode_bytes(codec.encode_ordinary(text)) for text in TEXTS]
    return found


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # that is the point
def test_a_forked_process_encodes_with_what_it_was_given() -> None:
    codec = warm_codec()
    expected = by_every_road(codec)
    busy = threading.Event()
    stop = threading.Event()

    def encode_meanwhile() -> None:
        while not stop.is_set():
            codec.encode_ordinary("text of another thread " * 500)
            busy.set()

    other = threading.Thread(target=encode_meanwhile)
    other.start()
    busy.wait()
    child = os.fork()
    if child == 0:
        os._exit(0 if by_every_road(codec) == expected else 1)
    stop.set()
    other.join()
    deadline = time.monotonic() + 60
    while (ended := os.waitpid(child, os.WNOHANG)) == (0, 0):
        assert time.monotonic() < deadline, "the child hangs"
        time.sleep(0.01)
    assert os.waitstatus_to_exitcode(ended[1]) == 0
    assert expected == by_every_road(codec)


def test_a_thousand_threads_share_one_codec() -> None:
    codec = warm_codec()
    texts = [text * 120 for text in TEXTS[::10]]  # long enough that the GIL is let go, and to meet
    expected = [codec.encode_ordinary(text) for text in texts]
    wrong: list[int] = []
    begin = threading.Event()

    def work(number: int) -> None:
        begin.wait()
        text = texts[number % 20]
        ids = codec.encode_unless_special(text)
        if ids != expected[number % 20] or codec.decode_bytes(ids) != text.encode():
            wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1000)]
    for thread in threads:
        thread.start()
    begin.set()
    for thread in threads:
        thread.join()
    assert [] == wrong


@pytest.mark.parametrize("times", [1, 100])
def test_the_references_to_shared_ints_balance(times: int) -> None:
    codec = warm_codec()
    text = "text" * times
    number = codec.encode_ordinary(text)[0]
    assert number == 256
    before = sys.getrefcount(number)
    for _ in range(1000):
        codec.encode_ordinary(text)
        codec.decode_bytes([number] * times)
        codec.encode_batch([text], [], 1)
    assert before == sys.getrefcount(number)


@pytest.mark.parametrize("is_enabled", [True, False])
def test_a_batch_leaves_the_search_for_garbage_as_it_was(is_enabled: bool) -> None:
    codec = warm_codec()
    was_enabled = gc.isenabled()
    try:
        gc.enable() if is_enabled else gc.disable()
        lists = codec.encode_batch(TEXTS, [], 1)
        assert is_enabled == gc.isenabled()
        assert all(gc.is_tracked(ids) for ids in lists)  # who puts a list into itself is found
    finally:
        gc.enable() if was_enabled else gc.disable()
