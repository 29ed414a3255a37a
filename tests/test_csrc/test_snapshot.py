"""A list that is changed while a call reads it: the call has the items it began with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from test_text_view import codec_of

import bpe.text
from bpe import _core

#: Enough that the memory of the list is given back, and soon holds something else.
NUM_ITEMS = 1000


class Changing:
    """An id whose reading empties a list and takes the memory that was freed."""

    def __init__(self, items: list[Any]) -> None:
        self.items = items

    def __index__(self) -> int:
        self.items.clear()
        self.other = [[object()] * 4 for _ in range(NUM_ITEMS // 4)]
        return 97


def test_a_batch_to_decode_may_change_meanwhile() -> None:
    batch: list[Any] = []
    batch += [[Changing(batch)], *([98] for _ in range(NUM_ITEMS))]
    assert [b"a"] + [b"b"] * NUM_ITEMS == codec_of().decode_bytes_batch(batch, 1)


def test_tokens_may_change_meanwhile() -> None:
    pairs: list[Any] = []
    pairs += [(Changing(pairs), b"zz"), *((200 + i, b"%d" % i) for i in range(NUM_ITEMS))]
    table = _core.TokenTable(pairs)
    assert (1 + NUM_ITEMS, b"zz") == (len(table), table.bytes_of(97))


@pytest.mark.parametrize("encode", ["encode_batch", "encode_flat", "encode_pretokens"])
def test_texts_may_change_while_one_is_repaired(
    encode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    codec = codec_of()
    calls: dict[str, Callable[[list[str]], object]] = {
        "encode_batch": lambda texts: [i for ids in codec.encode_batch(texts, [], 1) for i in ids],
        "encode_flat": lambda texts: _core.encode_flat(codec, texts, [], 1)[0].tolist(),
        "encode_pretokens": lambda texts: codec.encode_pretokens(texts),
    }
    texts = ["\ud800", *(f"text {i}" for i in range(NUM_ITEMS))]
    expected = [id_ for text in texts for id_ in bpe.text.to_bytes(text)]

    def repair(text: str, to_bytes: Callable[[str], bytes] = bpe.text.to_bytes) -> bytes:
        Changing(texts).__index__()  # as another thread might
        return to_bytes(text)

    monkeypatch.setattr(bpe.text, "to_bytes", repair)
    assert expected == calls[encode](texts)
