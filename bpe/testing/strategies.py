"""Hypothesis strategies: texts, bytes, corpora and vocabularies that find mistakes.

Uniformly random input finds few of them. What is hard for a tokenizer is rare in random data:
borders between scripts, runs of one character, ties, characters cut in two, almost-special tokens.
Each strategy mixes such fragments with plain random ones, and shrinks towards small cases.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from random import Random
from typing import TYPE_CHECKING, Any

from bpe.engines import TIE_BREAKS
from bpe.errors import MissingDependencyError
from bpe.patterns import NAMED_PATTERNS, Pattern
from bpe.spec import Merges, TokenizerSpec
from bpe.testing.fragments import BROKEN_UTF8, FRAGMENTS, SURROGATES, TELLING_BYTES

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

if find_spec("hypothesis") is None:
    raise MissingDependencyError(
        "bpe.testing.strategies needs hypothesis; install chimera-bpe[test]"
    )


def texts(
    *, special_tokens: Sequence[str] = ("<|endoftext|>",), lone_surrogates: bool = True
) -> SearchStrategy[str]:
    """Make texts of mixed scripts, with long runs, lone surrogates and almost-special tokens."""
    from hypothesis import strategies as st

    characters = st.characters() if lone_surrogates else st.characters(codec="utf-8")
    pieces = [
        st.sampled_from(FRAGMENTS),
        st.text(characters, max_size=8),
        st.builds(_repeat, st.sampled_from(FRAGMENTS), st.integers(1, 60)),
    ]
    if lone_surrogates:
        pieces.append(st.sampled_from(SURROGATES))
    if special_tokens:
        pieces.append(st.sampled_from(_lookalikes(special_tokens)))
    return st.lists(st.one_of(pieces), max_size=12).map("".join)


def byte_strings() -> SearchStrategy[bytes]:
    """Make bytes: random ones, UTF-8, and UTF-8 with broken places."""
    from hypothesis import strategies as st

    valid = texts(lone_surrogates=False).map(str.encode)
    cut = st.builds(_cut, valid, st.integers(0, 40), st.integers(0, 40))
    pieces = st.one_of(st.binary(max_size=20), st.sampled_from(BROKEN_UTF8), cut)
    return st.one_of(valid, st.lists(pieces, max_size=8).map(b"".join))


def corpora(*, max_words: int = 12) -> SearchStrategy[list[tuple[bytes, int]]]:
    """Make counted pretokens over a tiny alphabet: long runs, many ties, some very large counts.

    The pretokens of one corpus are distinct.
    """
    from hypothesis import strategies as st

    def over(alphabet: Sequence[int]) -> SearchStrategy[list[tuple[bytes, int]]]:
        run = st.builds(_run, st.sampled_from(alphabet), st.integers(1, 17))
        letters = st.lists(st.sampled_from(alphabet), min_size=1, max_size=9).map(bytes)
        word = st.lists(st.one_of(letters, run), min_size=1, max_size=3).map(b"".join)
        count = st.one_of(st.integers(1, 3), st.sampled_from([1000, 2**31, 2**33 + 1, 2**45]))
        return st.lists(
            st.tuples(word, count), min_size=1, max_size=max_words, unique_by=lambda item: item[0]
        )

    alphabet = st.lists(st.sampled_from(TELLING_BYTES), min_size=1, max_size=4, unique=True)
    return alphabet.flatmap(over)


def patterns() -> SearchStrategy[Pattern]:
    """Make split patterns: the named ones, none at all, and expressions without a scanner."""
    from hypothesis import strategies as st

    others = [None, r"\s+|\S+", [r"\d", r"\w+|\W+"], r"(?i:[aeiou])", r"[^\r\n]+", ["a"]]
    return st.sampled_from([Pattern.of(p) for p in (*NAMED_PATTERNS, *others)])


def tie_breaks() -> SearchStrategy[Any]:
    """Make names of tie rules."""
    from hypothesis import strategies as st

    return st.sampled_from(TIE_BREAKS)


def specs(
    *, special_tokens: Sequence[str] = ("<|endoftext|>", "<|end", "<|endoftext|><|a|>", "a'")
) -> SearchStrategy[TokenizerSpec]:
    """Make vocabularies, most of which no training would give, but all of which are valid.

    Ids are in any order and have gaps. Merges are in any order too: one may stand before those
    that make its parts, or share its rank with others.
    """
    from hypothesis import strategies as st

    tokens = st.lists(_token(), max_size=24, unique=True)
    return st.builds(
        _spec,
        patterns(),
        tokens,
        st.integers(0, 2**16).map(Random),
        st.lists(st.sampled_from(special_tokens), unique=True) if special_tokens else st.just([]),
        st.booleans(),
    )


def _token() -> SearchStrategy[bytes]:
    from hypothesis import strategies as st

    few = st.lists(st.sampled_from(b"ab <"), min_size=2, max_size=6).map(bytes)
    fragment = st.sampled_from([f.encode() for f in FRAGMENTS if len(f.encode()) > 1])
    return st.one_of(few, few, fragment, st.sampled_from([b"\xe6\x97", b"\xff\xff", b"aaaaaaaa"]))


def _spec(
    pattern: Pattern,
    tokens: Sequence[bytes],
    random: Random,
    special_tokens: Sequence[str],
    whole_pretoken_first: bool,
) -> TokenizerSpec:
    everything = [bytes([byte]) for byte in range(256)] + sorted(tokens)
    ids = random.sample(range(2 * len(everything)), len(everything) + len(special_tokens))
    token_to_id = dict(zip(everything, ids, strict=False))
    joins = [
        (token_to_id[token[:cut]], token_to_id[token[cut:]], id_)
        for token, id_ in token_to_id.items()
        for cut in range(1, len(token))
        if token[:cut] in token_to_id and token[cut:] in token_to_id
    ]
    random.shuffle(joins)
    ranks = sorted(random.randrange(len(joins)) for _ in joins)
    return TokenizerSpec(
        pattern=pattern,
        id_to_bytes={id_: token for token, id_ in token_to_id.items()},
        merges=Merges((*join, rank) for join, rank in zip(joins, ranks, strict=True)),
        special_tokens=dict(zip(special_tokens, ids[len(everything) :], strict=True)),
        whole_pretoken_first=whole_pretoken_first,
        name="drawn",
    )


def _repeat(text: str, times: int) -> str:
    return text * times


def _run(byte: int, length: int) -> bytes:
    return bytes([byte]) * length


def _cut(data: bytes, start: int, length: int) -> bytes:
    return data[start : start + length]


def _lookalikes(special_tokens: Sequence[str]) -> list[str]:
    return [
        variant
        for text in special_tokens
        for variant in (text, text[:-1], text[1:], text.upper(), text.replace("|", "｜"), text * 2)
    ]
