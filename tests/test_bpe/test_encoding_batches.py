"""Batches to arrays hold the ids of every text, and say which of them are padding."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bpe
from bpe.errors import SpecialTokenError
from bpe.spec import TokenizerSpec
from bpe.testing import strategies

SIDES = st.sampled_from(["left", "right"])


@settings(deadline=None)
@given(
    spec=strategies.specs(),
    texts=st.lists(strategies.byte_strings(), max_size=5),
    threads=st.integers(1, 3),
    engine=st.sampled_from(["native", "reference"]),
)
def test_a_ragged_batch_holds_what_each_text_gives(
    spec: TokenizerSpec, texts: list[bytes], threads: int, engine: Any
) -> None:
    tok = bpe.Tokenizer(spec, engine=engine)
    batch = tok.encode_batch_to_ragged(texts, special="all", num_threads=threads)
    expected = [tok.encode(text, special="all") for text in texts]
    assert expected == [ids.tolist() for ids in batch]
    assert (len(texts), tok.id_dtype) == (len(batch), str(batch.ids.dtype))
    assert [0, *np.cumsum([len(ids) for ids in expected]).tolist()] == batch.offsets.tolist()
    end = 7
    flat, offsets = tok._codec.encode_flat(texts, frozenset(), threads, end)
    ended = [[*tok.encode_ordinary(text), end] for text in texts]
    assert [id_ for ids in ended for id_ in ids] == flat.tolist()
    assert sum(map(len, ended)) == offsets[-1]


@settings(deadline=None)
@given(
    texts=st.lists(st.text("ab ", max_size=12), max_size=6),
    pad_side=SIDES,
    truncate_side=SIDES,
    max_length=st.none() | st.integers(0, 8),
    multiple_of=st.integers(1, 5),
    engine=st.sampled_from(["native", "reference"]),
)
def test_a_padded_batch_is_what_loops_over_lists_give(
    texts: list[str],
    pad_side: Any,
    truncate_side: Any,
    max_length: int | None,
    multiple_of: int,
    engine: Any,
) -> None:
    tok = bpe.Tokenizer(SMALL, engine=engine)
    batch = tok.encode_batch_to_padded(
        texts,
        pad_id=999,
        pad_side=pad_side,
        max_length=max_length,
        truncate_side=truncate_side,
        multiple_of=multiple_of,
    )
    rows = [tok.encode(text) for text in texts]
    if max_length is not None:
        rows = [
            ids[:max_length] if truncate_side == "right" else ids[max(0, len(ids) - max_length) :]
            for ids in rows
        ]
    width = -(-max(map(len, rows), default=0) // multiple_of) * multiple_of
    padding = [[999] * (width - len(ids)) for ids in rows]
    left = pad_side == "left"
    assert [(p + ids if left else ids + p) for p, ids in zip(padding, rows, strict=True)] == (
        batch.ids.tolist()
    )
    ones = [[True] * len(ids) for ids in rows]
    no = [[False] * len(p) for p in padding]
    assert [(n + o if left else o + n) for n, o in zip(no, ones, strict=True)] == (
        batch.attention_mask.tolist()
    )
    assert (len(texts), width) == batch.ids.shape


SMALL = TokenizerSpec.from_pairs(bpe.Pattern.of("gpt2"), [(97, 98), (256, 256)], ["<|x|>"])


def test_the_dtype_is_the_callers_choice(engine: str) -> None:
    tok = bpe.Tokenizer(SMALL, engine=engine)
    assert np.uint16 == tok.encode_batch_to_padded(["ab"], pad_id=0).ids.dtype
    wide = tok.encode_batch_to_padded(["ab", "a b"], pad_id=-100, dtype="int64").ids
    assert (np.int64, -100) == (wide.dtype, wide[0, -1])
    with pytest.raises(ValueError, match="pad_id -100 does not fit into uint16"):
        tok.encode_batch_to_padded(["ab"], pad_id=-100)
    with pytest.raises(TypeError, match="must be of integers, not float32"):
        tok.encode_batch_to_padded(["ab"], pad_id=0, dtype="float32")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pad_side": "middle"}, 'pad_side must be "left" or "right"'),
        ({"truncate_side": "up"}, 'truncate_side must be "left" or "right"'),
        ({"max_length": -1}, "max_length must be 0 or more, not -1"),
        ({"multiple_of": 0}, "multiple_of must be at least 1, not 0"),
    ],
)
def test_a_wrong_option_is_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        bpe.Tokenizer(SMALL).encode_batch_to_padded(["ab"], pad_id=0, **options)


def test_a_special_token_is_refused_with_the_index_of_its_text(engine: str) -> None:
    tok = bpe.Tokenizer(SMALL, engine=engine)
    with pytest.raises(SpecialTokenError, match=r"text 1: .*'<\|x\|>'"):
        tok.encode_batch_to_ragged(["fine", "a<|x|>"])
    assert [258] == tok.encode_batch_to_ragged(["<|x|>"], special="all")[0].tolist()


def test_a_text_that_is_not_there_is_an_index_error() -> None:
    batch = bpe.Tokenizer(SMALL).encode_batch_to_ragged(["a", "b"])
    assert [98] == batch[-1].tolist()
    for index in (2, -3):
        with pytest.raises(IndexError, match=f"no text {index} in a batch of 2"):
            batch[index]


def test_a_large_batch_is_gathered_on_several_threads() -> None:
    tok = bpe.Tokenizer(SMALL)
    texts = ["ab ab a" * (index % 7) for index in range(20_000)] + ["ab" * 600_000]
    for threads in (1, 2, 5):
        batch = tok.encode_batch_to_ragged(texts, num_threads=threads)
        assert tok.encode_batch(texts) == [ids.tolist() for ids in batch]
