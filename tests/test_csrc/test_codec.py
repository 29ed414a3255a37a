"""The native codec against a slow encoder that follows the definition word by word.

`test_decoder.py` holds the way back, `test_codec_published.py` the comparison with tiktoken.
"""

from __future__ import annotations

import random
import subprocess
import sys
import textwrap
import threading
from array import array
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from bpe import _core
from bpe.errors import DecodeError, PatternError, SpecialTokenError, VocabularyError
from bpe.reference.encode import merge_by_rank_with_heap

Merge = tuple[int, int, int, int]  # left, right, new id, rank
BYTES = {byte: bytes([byte]) for byte in range(256)}
ALPHABETS = (b"a", b"ab", b"abc", b" a", b"\x00\xff", b"\xe5\xa5\xbd")
LONGEST_SCAN = 64  # csrc/encoder/merge_pretoken.h: above it a heap takes over


def make_codec(
    tokens: Mapping[int, bytes] = BYTES,
    merges: Sequence[Merge] = (),
    specials: Mapping[bytes, int] | None = None,
    *,
    pattern: str | None = "",
    whole: bool = False,
) -> _core.Codec:
    columns = [array("I", column) for column in zip(*merges, strict=True)] or [array("I")] * 4
    return _core.Codec(
        pattern, list(tokens.items()), *columns, list((specials or {}).items()), whole
    )


def random_vocabulary(
    rng: random.Random, alphabet: bytes, num_merges: int
) -> tuple[dict[int, bytes], list[Merge]]:
    """Invent merges whose tokens all differ; ids are shuffled and have holes."""
    ids = rng.sample(range(2000), 256 + num_merges)
    tokens = {ids[byte]: bytes([byte]) for byte in range(256)}
    usable = [ids[byte] for byte in set(alphabet)]
    merges: list[Merge] = []
    rank = 0
    while len(merges) < num_merges and rank < 50 * num_merges:
        rank += 1
        left, right = rng.choice(usable), rng.choice(usable)
        joined = tokens[left] + tokens[right]
        if joined not in tokens.values():
            new_id = ids[256 + len(merges)]
            tokens[new_id] = joined
            usable.append(new_id)
            merges.append((left, right, new_id, rank))
    return tokens, merges


def ranked_vocabulary(tokens: Mapping[int, bytes], rng: random.Random) -> list[Merge]:
    """Read tokens as a rank list does: every split of a token, all with the token's rank."""
    id_of = {token: id_ for id_, token in tokens.items()}
    longer = [token for token in id_of if len(token) > 1]
    rng.shuffle(longer)
    return [
        (id_of[token[:cut]], id_of[token[cut:]], id_of[token], rank)
        for rank, token in enumerate(longer)
        for cut in range(1, len(token))
        if token[:cut] in id_of and token[cut:] in id_of
    ]


def encode_slowly(
    data: bytes, tokens: Mapping[int, bytes], merges: Sequence[Merge], whole: bool = False
) -> list[int]:
    """The definition: the smallest rank first, among equals the leftmost."""
    id_of = {token: id_ for id_, token in tokens.items()}
    if whole and data in id_of:
        return [id_of[data]]
    of_pair = {(left, right): (rank, new_id) for left, right, new_id, rank in reversed(merges)}
    ids = [id_of[bytes([byte])] for byte in data]
    while True:
        found = [(of_pair[pair][0], at) for at, pair in enumerate(pairwise(ids)) if pair in of_pair]
        if not found:
            return ids
        _, at = min(found)
        ids[at : at + 2] = [of_pair[ids[at], ids[at + 1]][1]]


def random_text(rng: random.Random, alphabet: bytes, length: int) -> bytes:
    return bytes(rng.choices(alphabet, k=length))


# --- merging ---------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_random_merges_encode_as_the_definition_says(seed: int) -> None:
    rng = random.Random(seed)
    alphabet = ALPHABETS[seed % len(ALPHABETS)]
    tokens, merges = random_vocabulary(rng, alphabet, rng.randint(0, 40))
    if seed % 2:
        merges = ranked_vocabulary(tokens, rng)
    whole = seed % 3 == 0
    codec = make_codec(tokens, merges, whole=whole)
    for length in range(0, 201, 4):
        text = random_text(rng, alphabet, length)
        expected = encode_slowly(text, tokens, merges, whole)
        assert expected == codec.encode_ordinary(text), (seed, text)


@pytest.mark.parametrize("alphabet", ALPHABETS)
def test_the_long_way_gives_what_the_short_way_gives(alphabet: bytes) -> None:
    rng = random.Random(len(alphabet))
    tokens, merges = random_vocabulary(rng, alphabet, 60)
    codec = make_codec(tokens, merges)
    for length in range(LONGEST_SCAN - 4, LONGEST_SCAN + 5):
        for _ in range(8):
            text = random_text(rng, alphabet, length)
            assert encode_slowly(text, tokens, merges) == codec.encode_ordinary(text)


@pytest.mark.parametrize("seed", range(12))
def test_a_pretoken_of_thousands_of_bytes_is_merged_in_the_same_order(seed: int) -> None:
    """Beyond 2,048 bytes there are lists by rank; the oracle is the reference's one heap."""
    rng = random.Random(seed)
    alphabet = ALPHABETS[seed % len(ALPHABETS)]
    tokens, merges = random_vocabulary(rng, alphabet, 60)
    if seed % 2:  # the rank of a token may be smaller than that of its parts
        merges = ranked_vocabulary(tokens, rng)
    codec = make_codec(tokens, merges)
    id_of = {token: id_ for id_, token in tokens.items()}
    of_pair = {(left, right): (rank, new_id) for left, right, new_id, rank in reversed(merges)}
    for length in (2047, 2048, 2049, 3000, 7001):
        text = random_text(rng, alphabet, length)
        ids = [id_of[bytes([byte])] for byte in text]
        assert merge_by_rank_with_heap(ids, of_pair) == codec.encode_ordinary(text), length


@pytest.mark.parametrize("length", [15, 16, 64, 65, 128, 129, 1000, 2049, 100_001])
def test_equal_ranks_merge_leftmost_first(length: int) -> None:
    tokens = {**BYTES, 256: b"aa"}
    codec = make_codec(tokens, [(97, 97, 256, 0)])
    assert [256] * (length // 2) + [97] * (length % 2) == codec.encode_ordinary(b"a" * length)


def test_of_two_merges_of_one_pair_the_smaller_rank_counts() -> None:
    tokens = {**BYTES, 256: b"ab", 257: b"bc"}
    codec = make_codec(tokens, [(97, 98, 256, 0), (98, 99, 257, 1), (97, 98, 256, 2)])
    assert [256, 99] == codec.encode_ordinary(b"abc")


def test_a_whole_pretoken_wins_only_if_the_vocabulary_says_so() -> None:
    tokens = {**BYTES, 256: b"ab", 257: b"abc"}  # nothing merges to abc
    merges = [(97, 98, 256, 0)]
    assert [256, 99] == make_codec(tokens, merges).encode_ordinary(b"abc")
    assert [257] == make_codec(tokens, merges, whole=True).encode_ordinary(b"abc")


def test_large_and_scattered_ids_are_kept() -> None:
    tokens = {2**31 - 1 - byte * 5_000_000: bytes([byte]) for byte in range(256)}
    a, b = 2**31 - 1 - 97 * 5_000_000, 2**31 - 1 - 98 * 5_000_000
    codec = make_codec({**tokens, 7: b"ab"}, [(a, b, 7, 0)])
    for _ in range(2):  # the second time from the memo
        ids = codec.encode_ordinary(b"abaabbb")
        assert [7, a, 7, b, b] == ids
        assert b"abaabbb" == codec.decode_bytes(ids)


# --- text: pretokens and memos ---------------------------------------------------------------


def test_what_the_memos_know_never_changes_the_ids() -> None:
    rng = random.Random(5)
    tokens, merges = random_vocabulary(rng, b"abcdef", 200)
    cold_and_warm = make_codec(tokens, merges, pattern="gpt2")
    words = [random_text(rng, b"abcdef", rng.randint(1, 140)) for _ in range(3000)]
    text = b" ".join(rng.choices(words, k=9000))
    expected = [
        id_
        for pretoken in _core.split(text, "gpt2")
        for id_ in encode_once(tokens, merges, pretoken)
    ]
    for _ in range(3):
        assert expected == cold_and_warm.encode_ordinary(text)


def encode_once(
    tokens: Mapping[int, bytes],
    merges: Sequence[Merge],
    pretoken: bytes,
    known: dict[bytes, list[int]] = {},  # noqa: B006 - one table for the whole test
) -> list[int]:
    if pretoken not in known:
        known[pretoken] = encode_slowly(pretoken, tokens, merges)
    return known[pretoken]


def test_a_memo_that_overflows_forgets_and_goes_on() -> None:
    """More distinct pretokens than the largest memo takes, twice."""
    codec = make_codec(pattern="gpt2")
    text = b"".join(b" %x" % (number * 0x9E3779B1 % 2**40) for number in range(600_000))
    assert list(text) == codec.encode_ordinary(text)
    assert len(text) == codec.count(text, [])


def test_invalid_utf8_keeps_every_byte() -> None:
    codec = make_codec(pattern="o200k")
    for data in (
        b"\xff",
        b"\xc0\x80",
        b"a\xed\xa0\x80b",
        b"\xf4\x90\x80\x80",
        b"ok\xe5\xa5",
        b"\x00\x00",
    ):
        assert list(data) == codec.encode_ordinary(data)


def test_a_str_is_read_as_utf8() -> None:
    codec = make_codec(pattern="gpt2")
    assert list(b"plain") == codec.encode_ordinary("plain")
    assert list("grüße 好".encode()) == codec.encode_ordinary("grüße 好")
    assert [97, 98] == codec.encode_ordinary(np.str_("ab"))


@pytest.mark.parametrize("bad", [None, 7, [97], 1.5, memoryview(b"abcd")[::2], np.zeros(3)])
def test_what_is_no_text_is_a_type_error(bad: object) -> None:
    with pytest.raises(TypeError):
        make_codec().encode_ordinary(bad)  # type: ignore[arg-type]


def test_without_a_pattern_only_pretokens_can_be_encoded() -> None:
    tokens = {**BYTES, 256: b"ab"}
    codec = make_codec(tokens, [(97, 98, 256, 0)], pattern=None)
    assert [256, 97, 98, 256] == codec.encode_pretokens([b"aba"[:2], b"a", b"", b"b", b"ab"])
    with pytest.raises(RuntimeError, match="pattern"):
        codec.encode_ordinary(b"ab")


# --- arrays and counts -----------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["uint16", "uint32"])
@pytest.mark.parametrize("length", [0, 1, 2, 100, 5000])
def test_an_array_holds_the_ids_of_the_list(dtype: str, length: int) -> None:
    codec = make_codec(pattern="gpt2", specials={b"<s>": 300})
    text = (b"some words <s>" * 400)[:length]
    ids = codec.encode_to_array(text, [300], dtype)
    assert dtype == ids.dtype
    assert codec.encode(text, [300]) == ids.tolist()
    assert len(ids) == codec.count(text, [300])


def test_ids_that_do_not_fit_16_bits_are_refused() -> None:
    codec = make_codec(specials={b"<s>": 70_000})
    with pytest.raises(ValueError, match="70000"):
        codec.encode_to_array(b"a", [], "uint16")
    with pytest.raises(ValueError, match="int64"):
        codec.encode_to_array(b"a", [], "int64")


# --- special tokens --------------------------------------------------------------------------


def find_slowly(text: bytes, specials: Mapping[bytes, int]) -> list[tuple[int, bytes]]:
    """Leftmost, then longest, without overlap."""
    found, at = [], 0
    while at < len(text):
        here = [special for special in specials if text.startswith(special, at)]
        if here:
            found.append((at, max(here, key=len)))
            at += len(found[-1][1])
        else:
            at += 1
    return found


@pytest.mark.parametrize("seed", range(40))
def test_specials_are_found_leftmost_then_longest(seed: int) -> None:
    rng = random.Random(seed)
    alphabet = rng.choice([b"a", b"ab", b"abcdefghij", bytes(range(97, 123))])
    texts = {random_text(rng, alphabet, rng.randint(1, 6)) for _ in range(rng.randint(1, 12))}
    specials = {text: 1000 + number for number, text in enumerate(sorted(texts))}
    codec = make_codec(specials=specials)
    for _ in range(30):
        allowed = {s: i for s, i in specials.items() if rng.random() < 0.7}
        text = random_text(rng, alphabet, rng.randint(0, 300))
        matches = find_slowly(text, allowed)
        expected, at = [], 0
        for begin, special in matches:
            expected += [*text[at:begin], specials[special]]
            at = begin + len(special)
        ids = list(allowed.values())
        assert expected + list(text[at:]) == codec.encode(text, ids)
        first = (matches[0][0], specials[matches[0][1]]) if matches else None
        assert first == codec.find_special(text, ids)


def test_text_between_specials_is_split_by_itself() -> None:
    codec = make_codec({**BYTES, 256: b"  "}, [(32, 32, 256, 0)], {b"<s>": 300}, pattern="gpt2")
    assert [97, 256, 300, 256] == codec.encode(b"a  <s>  ", [300])
    assert [97, 32, 32, *b"<s>", 256] == codec.encode(b"a  <s>  ", [])


def test_specials_that_are_prefixes_do_not_make_the_search_quadratic() -> None:
    long = b"a" * 200_000 + b"b"
    codec = make_codec(specials={b"aa": 300, long: 301})
    text = b"a" * 1_000_001
    assert 500_001 == codec.count(text, [300, 301])
    assert (0, 300) == codec.find_special(text, [300, 301])
    assert [301, 97] == codec.encode(long + b"a", [300, 301])


def test_many_specials_are_found_among_text_that_resembles_none() -> None:
    specials = {b"<|reserved_%d|>" % number: 1000 + number for number in range(20_000)}
    codec = make_codec(specials=specials)
    ids = list(specials.values())
    assert (3, 1000 + 1234) == codec.find_special(b"abc<|reserved_1234|><|reserved_1|>", ids)
    assert codec.find_special(b"<|reserved_|> reserved_1|> <|reserved_1 |>", ids) is None


def test_an_unknown_special_id_is_named() -> None:
    codec = make_codec(specials={b"<s>": 300})
    with pytest.raises(SpecialTokenError, match="301"):
        codec.encode(b"", [300, 301])
    with pytest.raises(SpecialTokenError, match="97"):
        codec.find_special(b"", [97])


# --- batches and threads ---------------------------------------------------------------------


@pytest.mark.parametrize("num_threads", [1, 2, 8])
def test_a_batch_is_its_documents_for_any_number_of_threads(num_threads: int) -> None:
    rng = random.Random(3)
    tokens, merges = random_vocabulary(rng, b"abc ", 100)
    codec = make_codec(tokens, merges, {b"<s>": 3000}, pattern="gpt2")
    documents = [random_text(rng, b"abc ", rng.randint(0, 900)) + b"<s>" for _ in range(400)]
    expected = [codec.encode(document, [3000]) for document in documents]
    assert expected == codec.encode_batch(documents, [3000], num_threads)
    assert documents == codec.decode_bytes_batch(expected, num_threads)
    assert [] == codec.encode_batch([], [], num_threads)


def test_a_bad_document_of_a_batch_is_named() -> None:
    codec = make_codec()
    with pytest.raises(DecodeError, match=r"document 2: ids\[1\] is 999"):
        codec.decode_bytes_batch([[97], [], [97, 999]], 2)
    with pytest.raises(TypeError, match="document 1"):
        codec.decode_bytes_batch([[97], [None]], 2)  # type: ignore[list-item]
    with pytest.raises(TypeError, match="document 1"):
        codec.encode_batch([b"a", None], [], 2)  # type: ignore[list-item]
    for num_threads in (0, -1):
        with pytest.raises(ValueError, match="num_threads"):
            codec.encode_batch([b"a"], [], num_threads)


def test_one_codec_serves_many_threads() -> None:
    rng = random.Random(9)
    tokens, merges = random_vocabulary(rng, b"abcd ", 150)
    codec = make_codec(tokens, merges, {b"<s>": 3000, b"<t>": 3001}, pattern="gpt2")
    documents = [random_text(rng, b"abcd ", 20_000) + b"<s>" for _ in range(16)]
    expected = [codec.encode(document, [3000]) for document in documents]
    fresh = make_codec(tokens, merges, {b"<s>": 3000, b"<t>": 3001}, pattern="gpt2")
    start = threading.Barrier(16)

    def work(number: int) -> bool:
        start.wait()
        return all(
            fresh.encode(documents[(number + turn) % 16], [3000]) == expected[(number + turn) % 16]
            and fresh.find_special(documents[number], [3001]) is None
            for turn in range(8)
        )

    with ThreadPoolExecutor(16) as pool:
        assert [True] * 16 == list(pool.map(work, range(16)))


def test_ctrl_c_ends_even_one_endless_pretoken_at_once() -> None:
    # What counts is the work done after the signal, so other work on the machine does not matter.
    program = textwrap.dedent(
        """
        import os, signal, threading, time
        from array import array
        from bpe import _core

        tokens = [(byte, bytes([byte])) for byte in range(256)]
        columns = [array("I", [value]) for value in (97, 97, 256, 0)]
        codec = _core.Codec("", [*tokens, (256, b"aa")], *columns, [], False)
        data = b"a" * 20_000_000
        before = time.process_time()
        codec.encode_ordinary(data[: len(data) // 20])
        whole = 20 * (time.process_time() - before)
        sent = []

        def press():
            sent.append(time.process_time())
            os.kill(os.getpid(), signal.SIGINT)

        try:
            threading.Timer(0.3, press).start()
            while True:
                codec.encode_ordinary(data)
        except KeyboardInterrupt:
            print(time.process_time() - sent[0], whole)
        """
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
        cwd=Path(__file__).resolve().parents[2],
    )
    after, whole = map(float, ended.stdout.split())
    assert after < max(0.5, whole / 4)


# --- what a codec refuses to be --------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"tokens": {**BYTES, 256: b""}}, "256"),
        ({"tokens": {k: v for k, v in BYTES.items() if k != 65}}, "byte 65"),
        ({"tokens": {**BYTES, 2**31: b"ab"}}, "2147483648"),
        ({"merges": [(97, 98, 256, 0)]}, "256"),
        ({"tokens": {**BYTES, 256: b"ab"}, "merges": [(97, 98, 256, 1), (98, 98, 256, 0)]}, "rank"),
    ],
)
def test_a_contradiction_is_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(VocabularyError, match=message):
        make_codec(**arguments)  # type: ignore[arg-type]


def test_columns_of_different_lengths_are_refused() -> None:
    one, two = array("I", [97]), array("I", [97, 98])
    with pytest.raises(VocabularyError, match="length"):
        _core.Codec("gpt2", list(BYTES.items()), one, two, one, one, [], False)
    floats = array("d", [1.0])
    with pytest.raises(TypeError, match="array"):
        _core.Codec("gpt2", list(BYTES.items()), floats, floats, floats, floats, [], False)  # type: ignore[arg-type]


def test_duplicates_are_refused() -> None:
    empty = array("I")
    columns = (empty, empty, empty, empty)
    with pytest.raises(VocabularyError, match="97 is given to two"):
        _core.Codec("", [*BYTES.items(), (97, b"zz")], *columns, [], False)
    with pytest.raises(SpecialTokenError, match="300 and 301"):
        _core.Codec("", list(BYTES.items()), *columns, [(b"<s>", 300), (b"<s>", 301)], False)
    with pytest.raises(PatternError, match="nowhere"):
        make_codec(pattern="nowhere")
