"""Laws: what must hold for every tokenizer on every input. Each is a function that asserts.

The first group is about anything with the methods of `tiktoken.Encoding`, ours or not; the second
compares engines stage by stage, so a failure names the stage.
"""

from __future__ import annotations

import pickle
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any, Protocol

from bpe.engines import Engine, TieBreak
from bpe.patterns import Pattern
from bpe.spec import TokenizerSpec
from bpe.tokenizer import Tokenizer

EVERY_THREAD_COUNT = (1, 2, 3)


class AnyTokenizer(Protocol):
    """The methods of `tiktoken.Encoding` that the laws use."""

    def encode_ordinary(self, text: str, /) -> list[int]: ...
    def encode_ordinary_batch(self, texts: list[str], /) -> list[list[int]]: ...
    def encode(
        self, text: str, /, *, allowed_special: Any, disallowed_special: Any
    ) -> list[int]: ...
    def decode(self, tokens: Sequence[int], /) -> str: ...
    def decode_bytes(self, tokens: Sequence[int], /) -> bytes: ...
    def decode_single_token_bytes(self, token: int, /) -> bytes: ...
    @property
    def special_tokens_set(self) -> set[str]: ...


def as_utf8(text: str) -> bytes:
    """Return the bytes that a text stands for.

    Two halves of a UTF-16 surrogate pair are one character; a half alone becomes U+FFFD.

    >>> as_utf8("\\ud83d\\ude00") == "😀".encode(), as_utf8("a\\ud83d") == "a\\ufffd".encode()
    (True, True)
    """
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def round_trip(tokenizer: AnyTokenizer, text: str) -> None:
    """Encoding loses nothing: the ids of a text give its bytes back, token by token."""
    ids = tokenizer.encode_ordinary(text)
    assert tokenizer.decode_bytes(ids) == as_utf8(text)
    assert tokenizer.decode(ids) == as_utf8(text).decode()
    assert b"".join(map(tokenizer.decode_single_token_bytes, ids)) == as_utf8(text)


def round_trip_with_special_tokens(tokenizer: AnyTokenizer, text: str) -> None:
    """The same when every special token in the text becomes its id."""
    ids = tokenizer.encode(text, allowed_special="all", disallowed_special=())
    assert tokenizer.decode_bytes(ids) == as_utf8(text)


def special_tokens_are_text_unless_allowed(tokenizer: AnyTokenizer, text: str) -> None:
    """Nothing that a text says becomes a special id when the caller allows none."""
    ids = tokenizer.encode(text, allowed_special=set(), disallowed_special=())
    assert tokenizer.encode_ordinary(text) == ids
    names = {token.encode() for token in tokenizer.special_tokens_set}
    assert not names.intersection(map(tokenizer.decode_single_token_bytes, ids))


def batch_equals_single(tokenizer: AnyTokenizer, texts: list[str]) -> None:
    """A batch gives what its texts give one by one."""
    expected = [tokenizer.encode_ordinary(text) for text in texts]
    assert expected == tokenizer.encode_ordinary_batch(texts)


def pickling_keeps_identity(tokenizer: AnyTokenizer, text: str) -> None:
    """A copy that went through pickle encodes alike."""
    copy: AnyTokenizer = pickle.loads(pickle.dumps(tokenizer))
    assert tokenizer.encode_ordinary(text) == copy.encode_ordinary(text)


def tokenizers_agree(expected: AnyTokenizer, actual: AnyTokenizer, text: str) -> None:
    """Two tokenizers give the same ids, special tokens as text and as ids."""
    assert expected.encode_ordinary(text) == actual.encode_ordinary(text)
    assert expected.encode(text, allowed_special="all", disallowed_special=()) == actual.encode(
        text, allowed_special="all", disallowed_special=()
    )


def split_is_total(engine: Engine, data: bytes, pattern: Pattern) -> None:
    """The pretokens, joined, are the data again, and none is empty."""
    pretokens = engine.split(data, pattern)
    assert b"".join(pretokens) == data
    assert all(pretokens)


def splits_agree(expected: Engine, actual: Engine, data: bytes, pattern: Pattern) -> None:
    """Two engines cut at the same places."""
    assert _borders(expected.split(data, pattern)) == _borders(actual.split(data, pattern))


def codecs_agree(expected: Engine, actual: Engine, spec: TokenizerSpec, data: bytes) -> None:
    """Two engines give the same ids by every road, and the data back from them."""
    special_tokens = frozenset(spec.special_tokens)
    one, other = expected.codec(spec), actual.codec(spec)
    assert one.find_special(data, special_tokens) == other.find_special(data, special_tokens)
    assert one.encode_ordinary(data) == other.encode_ordinary(data)
    for allowed in (frozenset(), special_tokens):
        ids = one.encode(data, allowed)
        assert ids == other.encode(data, allowed)
        assert ids == other.encode_to_numpy(data, allowed, "uint32").tolist()
        assert len(ids) == other.count(data, allowed)
        assert data == one.decode_bytes(ids) == other.decode_bytes(ids)
        for num_threads in EVERY_THREAD_COUNT:
            assert [ids, [], ids] == other.encode_batch([data, b"", data], allowed, num_threads)
            assert [data, b""] == other.decode_bytes_batch([ids, []], num_threads)


def countings_agree(
    expected: Engine,
    actual: Engine,
    documents: Sequence[bytes],
    pattern: Pattern,
    special_tokens: Sequence[str] = (),
) -> None:
    """Two engines count the same pretokens, whatever the threads and the order."""
    table = expected.count_table()
    expected.count_documents(table, documents, pattern, special_tokens, 1, None)
    for num_threads in EVERY_THREAD_COUNT:
        for order in (documents, documents[::-1]):
            other = actual.count_table()
            actual.count_documents(other, order, pattern, special_tokens, num_threads, None)
            assert table.items() == other.items()
            assert (table.total, len(table)) == (other.total, len(other))
            assert table.top(3) == other.top(3)


def trainings_agree(
    expected: Engine,
    actual: Engine,
    counts: Sequence[tuple[bytes, int]],
    num_merges: int,
    *,
    tie_break: TieBreak = "id",
    min_frequency: int = 1,
    max_token_bytes: int | None = None,
    max_token_words: int | None = None,
    forbidden_tokens: Collection[bytes] = (),
    initial_pairs: Sequence[tuple[int, int]] = (),
    num_threads: int = 1,
) -> None:
    """Two engines learn the same merges in the same order, and tell of each when it is made."""

    def merges(engine: Engine) -> list[tuple[int, int]]:
        told: list[tuple[int, int]] = []
        learned = engine.train(
            engine.count_table(counts),
            num_merges,
            tie_break=tie_break,
            min_frequency=min_frequency,
            max_token_bytes=max_token_bytes,
            max_token_words=max_token_words,
            forbidden_tokens=forbidden_tokens,
            initial_pairs=initial_pairs,
            num_threads=num_threads,
            progress=None,
            on_merges=told.extend,
        )
        assert learned == told
        return learned

    assert merges(expected) == merges(actual)


def extension_only_joins(base: Tokenizer, extended: Tokenizer, text: str | bytes) -> None:
    """An extended tokenizer joins what its base gives, and changes nothing else.

    With every new token written as the base writes its bytes, the ids are those of the base.
    """
    unsplit = Tokenizer(replace(base.spec, pattern=Pattern.of(None)))
    ids: list[int] = []
    for id_ in extended.encode_ordinary(text):
        is_old = id_ in base.spec.id_to_bytes
        ids += [id_] if is_old else unsplit.encode_ordinary(extended.spec.id_to_bytes[id_])
    assert base.encode_ordinary(text) == ids


def _borders(pretokens: Sequence[bytes]) -> list[tuple[int, bytes]]:
    return list(zip(accumulate(map(len, pretokens)), pretokens, strict=True))
