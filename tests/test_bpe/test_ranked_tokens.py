"""Packed ranked tokens against what Python says of the same tokens, slowly."""

from __future__ import annotations

import base64
import pickle
import random
from dataclasses import replace

import pytest

from bpe.errors import FormatError, VocabularyError
from bpe.formats.ranks import read_ranks, read_tokens, write_ranks
from bpe.native import engine
from bpe.patterns import Pattern
from bpe.ranked_tokens import RankedTokens
from bpe.spec import Merges, RankedMerges, TokenizerSpec

BYTES = [bytes([byte]) for byte in range(256)]
PATTERN = Pattern.of("gpt2")


def random_ranks(rng: random.Random) -> dict[bytes, int]:
    """Invent tokens of few letters, so that many are parts of others; ids ascend, with holes."""
    alphabet = rng.choice([b"a", b"ab", b"abc", b"\x00\xff"])
    longest = rng.choice([3, 12, 40])
    tokens = dict.fromkeys(BYTES)
    for _ in range(rng.randrange(200)):
        tokens[bytes(rng.choices(alphabet, k=rng.randint(1, longest)))] = None
    order = rng.sample(list(tokens), len(tokens))
    ids = sorted(rng.sample(range(1000), len(order)))
    return dict(zip(order, ids, strict=True))


def lines_of(ranks: dict[bytes, int]) -> bytes:
    return write_ranks({id_: token for token, id_ in ranks.items()})


def packed(ranks: dict[bytes, int]) -> RankedTokens:
    tokens = RankedTokens.of(ranks)
    assert tokens is not None
    return tokens


@pytest.mark.parametrize("seed", range(60))
def test_the_merges_are_those_of_the_definition(seed: int) -> None:
    ranks = random_ranks(random.Random(seed))
    assert list(Merges.from_ranked_tokens(ranks)) == list(RankedMerges(packed(ranks)))


@pytest.mark.parametrize("seed", range(20))
def test_lines_are_read_as_python_reads_them(seed: int) -> None:
    ranks = random_ranks(random.Random(seed))
    tokens = RankedTokens.read(lines_of(ranks))
    assert tokens == packed(ranks)
    expected = {id_: token for token, id_ in read_ranks(lines_of(ranks), "here").items()}
    assert expected == dict(tokens or {})
    assert list(expected.items()) == list((tokens or {}).items())


@pytest.mark.parametrize("seed", range(200))
def test_a_damaged_line_is_read_as_python_reads_it_or_left_to_it(seed: int) -> None:
    rng = random.Random(seed)
    data = bytearray(lines_of({token: id_ for id_, token in enumerate([*BYTES, b"ab", b"abc"])}))
    for _ in range(rng.randint(1, 2)):
        place = rng.randrange(len(data))
        data[place : place + rng.randrange(3)] = rng.choice([b"", b" ", b"=", b"\n", b"A", b"0"])
    tokens = RankedTokens.read(bytes(data))
    if tokens is not None:
        assert dict(tokens) == {id_: t for t, id_ in read_ranks(bytes(data), "here").items()}


@pytest.mark.parametrize(
    "line",
    [b"YQ 300", b"YQ==  300", b"YQ== 0300", b"YQ== -3", b"YQ== 2147483648", b" 300", b"YWE=300",
     b"Y=== 300", b"=QQQ 300", b"YWE= 255", b"YQ== 300", b"", b"YWE= 300 ", b"YW==YWE= 300",
     b"YWE= 300\r", b"YWE= 99999999999999999999999999", b"YWE"],
)  # fmt: skip
def test_what_is_not_as_it_should_be_is_left_to_the_slow_reader(line: bytes) -> None:
    lines = lines_of({token: id_ for id_, token in enumerate(BYTES)})
    assert RankedTokens.read(lines) is not None
    assert RankedTokens.read(lines + line + b"\nYWI= 400\n") is None


def test_a_file_without_all_bytes_is_refused_as_before() -> None:
    lines = lines_of({token: id_ for id_, token in enumerate(BYTES[1:])})
    assert RankedTokens.read(lines) is None
    with pytest.raises(VocabularyError, match="single bytes"):
        TokenizerSpec.from_ranked_tokens(PATTERN, read_tokens(lines, "here"))
    with pytest.raises(FormatError, match="line 256"):
        read_tokens(lines + b"AQ== 700\n", "here")


def test_it_is_a_mapping() -> None:
    tokens = packed({token: 2 * id_ for id_, token in enumerate([*BYTES, b"ab"])})
    expected = {2 * id_: token for id_, token in enumerate([*BYTES, b"ab"])}
    assert expected == tokens
    assert list(expected) == list(tokens)
    assert list(reversed(expected)) == list(reversed(tokens))
    assert (257, b"ab", None) == (len(tokens), tokens[512], tokens.get(511))
    assert 512 in tokens
    for absent in (1, -1, 513, 2**40, "a", None, 1.0):
        assert absent not in tokens
        with pytest.raises(KeyError):
            tokens[absent]  # type: ignore[index]


def specs() -> tuple[TokenizerSpec, TokenizerSpec]:
    """Return the same vocabulary packed, and as dicts."""
    ranks = random_ranks(random.Random(3))
    specials = {"<s>": 2000, "</s>": 2001}
    one = TokenizerSpec.from_ranked_tokens(PATTERN, ranks, specials)
    other = TokenizerSpec(
        PATTERN,
        {id_: token for token, id_ in ranks.items()},
        Merges.from_ranked_tokens(ranks),
        specials,
        whole_pretoken_first=True,
    )
    return one, other


def test_a_packed_spec_is_the_same_spec() -> None:
    one, other = specs()
    assert one.has_implied_merges
    assert not other.has_implied_merges
    assert (one, one.content_hash, hash(one)) == (other, other.content_hash, hash(other))
    assert other == one
    assert (one.byte_ids, one.n_vocab) == (other.byte_ids, other.n_vocab)
    assert one.is_ranked
    assert other.is_ranked
    for spec in (pickle.loads(pickle.dumps(one)), replace(one, name="x")):
        assert other == spec
        assert spec.has_implied_merges
    assert other.merges == pickle.loads(pickle.dumps(one.merges))
    text = b"abcabca aab <s>"
    assert engine.codec(other).encode_ordinary(text) == engine.codec(one).encode_ordinary(text)


def test_a_packed_spec_is_checked_where_something_else_is_added() -> None:
    one, _ = specs()
    with pytest.raises(VocabularyError, match="which is that of"):
        replace(one, special_tokens={"<s>": next(iter(one.id_to_bytes))})
    with pytest.raises(VocabularyError, match="is said to make"):
        replace(one, merges=Merges([(*list(one.id_to_bytes)[:2], next(iter(one.id_to_bytes)), 0)]))
    assert not replace(one, whole_pretoken_first=False).is_ranked


def test_base64_is_decoded_as_the_standard_library_does() -> None:
    rng = random.Random(1)
    tokens = [*BYTES, *{rng.randbytes(rng.randint(2, 50)) for _ in range(500)}]
    lines = b"".join(base64.b64encode(t) + b" %d\n" % i for i, t in enumerate(tokens))
    assert dict(enumerate(tokens)) == RankedTokens.read(lines)
