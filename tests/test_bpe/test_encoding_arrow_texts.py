"""Columns of Arrow are batches of texts, on both engines."""

from __future__ import annotations

from typing import Any

import pytest

import bpe
from bpe.encoding.arrow_texts import texts_of_column
from bpe.errors import SpecialTokenError

pa = pytest.importorskip("pyarrow")

TEXTS = ["low lower", "", "é 好 lowest", "a longer text of some words, lower and lowest " * 9]


@pytest.fixture
def tokenizer(engine: str) -> bpe.Tokenizer:
    return bpe.train(TEXTS * 9, 280, special_tokens=["<s>"], pattern="cl100k", engine=engine)


COLUMNS = [
    pa.array(TEXTS),
    pa.array(TEXTS, pa.large_string()),
    pa.array([text.encode() for text in TEXTS]),
    pa.array(["left out", *TEXTS, "too"])[1:-1],
    pa.chunked_array([TEXTS[:1], [], TEXTS[1:]]),
    pa.array(TEXTS).dictionary_encode(),
]


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: str(column.type))
def test_a_column_is_encoded_like_the_list_of_its_rows(
    tokenizer: bpe.Tokenizer, column: Any
) -> None:
    expected = tokenizer.encode_batch(TEXTS)
    assert expected == tokenizer.encode_batch(column)
    assert expected == tokenizer.encode_ordinary_batch(column, num_threads=2)
    assert expected == [ids.tolist() for ids in tokenizer.encode_batch_to_ragged(column)]


def test_a_pattern_of_ones_own_takes_columns_too() -> None:
    tokenizer = bpe.train(TEXTS * 9, 280, pattern=r"\w+|\W+")
    assert tokenizer.encode_batch(TEXTS) == tokenizer.encode_batch(pa.array(TEXTS))


def test_a_column_that_cannot_hand_out_its_buffers_is_read_row_by_row() -> None:
    class Series(list[str]):
        def __arrow_c_stream__(self) -> object:
            raise ImportError("pyarrow is required")

    assert TEXTS == texts_of_column(Series(TEXTS))


def test_a_special_token_is_refused_by_its_row(tokenizer: bpe.Tokenizer) -> None:
    column = pa.array(["fine", "x<s>"])
    with pytest.raises(SpecialTokenError, match=r"text 1: .*<s>"):
        tokenizer.encode_batch(column)
    ids = tokenizer.encode_batch(column, allowed_special="all")
    assert tokenizer.encode_batch(["fine", "x<s>"], allowed_special="all") == ids


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (pa.array(["a", None, "b"]), "1 row.* null"),
        (pa.array([1, 2]), "column of text"),
        (pa.table({"text": ["a"]}), "column of text"),
    ],
)
def test_what_is_no_column_of_texts_is_refused(
    tokenizer: bpe.Tokenizer, column: Any, message: str
) -> None:
    with pytest.raises(TypeError, match=message):
        tokenizer.encode_batch(column)
