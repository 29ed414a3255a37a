"""The native split is the reference's: every code point, every short string, every broken byte."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, product
from random import Random

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from bpe import _core
from bpe._unicode_data import CATEGORY_TO_RANGES
from bpe.errors import PatternError
from bpe.patterns import NAMED_PATTERNS, Pattern
from bpe.reference.split import split
from bpe.testing.strategies import byte_strings
from bpe.unicode_ranges import category_ranges
from bpe.unicode_version import UNICODE_VERSION

PATTERNS = sorted(NAMED_PATTERNS)

#: One or two of each class that a pattern can tell apart, and the letters of contractions.
ALPHABET = (
    "a",
    "A",
    "s",
    "ſ",
    "l",
    "中",
    "ǅ",
    "\u0301",
    "1",
    "²",
    " ",
    "\n",
    "\u3000",
    "!",
    "'",
    "/",
)
BROKEN = (b"\xff", b"\xe4\xb8", b"\xed\xa0\x80", b"\xf0\x9f\x98", b"\x80", b"\xc3")

#: A code point between neighbours of every class, and where a contraction or a number may be.
CONTEXTS = (
    "a{}a", "A{}A", "1{}1", "!{}!", " {} ", "\n{}\n", "'{}e", "x'l{}'s", "中{}\u0301", "!\n{}/",
    "12{}{}34", "a{}{}B",
)  # fmt: skip


def edges() -> list[str]:
    """Return the first and last code point of every range of one category."""
    ranges = [bounds for name in CATEGORY_TO_RANGES for bounds in category_ranges(name)]
    codes = {code for bounds in ranges for code in bounds}
    return [chr(code) for code in sorted(codes) if not 0xD800 <= code <= 0xDFFF]


def assert_same_split(text: str, name: str) -> None:
    expected, found = split(text.encode(), Pattern.of(name)), _core.split(text.encode(), name)
    if expected != found:  # pytest would take minutes to explain two long lists
        pairs = enumerate(zip(expected, found, strict=False))
        first = next(index for index, (left, right) in pairs if left != right)
        near = slice(max(0, first - 2), first + 3)
        pytest.fail(f"{name}: {expected[near]} != {found[near]}")


def test_the_unicode_version_is_that_of_the_package() -> None:
    assert UNICODE_VERSION == _core.UNICODE_VERSION


def test_every_named_pattern_has_a_scanner() -> None:
    assert set(NAMED_PATTERNS) == set(_core.pattern_names())


def test_an_unknown_pattern_is_named_in_the_error() -> None:
    with pytest.raises(PatternError, match="'gtp2'; it has gpt2, cl100k"):
        _core.split(b"a", "gtp2")


def test_no_pattern_is_one_pretoken_and_nothing_is_none() -> None:
    assert [b"a b"] == _core.split(b"a b", "")
    for name in ["", *PATTERNS]:
        assert [] == _core.split(b"", name)


@pytest.mark.parametrize("name", PATTERNS)
def test_the_edges_of_every_unicode_range_split_alike_in_every_context(name: str) -> None:
    for context in CONTEXTS:
        assert_same_split("".join(context.format(char, char) for char in edges()), name)


@pytest.mark.slow
@pytest.mark.parametrize("name", PATTERNS)
def test_every_scalar_value_splits_alike_in_the_contexts_in_turn(name: str) -> None:
    for plane in range(17):
        codes = range(plane << 16, (plane + 1) << 16)
        chars = [chr(code) for code in codes if not 0xD800 <= code <= 0xDFFF]
        turns = zip(cycle(CONTEXTS), chars, strict=False)
        assert_same_split("".join(context.format(char, char) for context, char in turns), name)


@pytest.mark.parametrize("name", PATTERNS)
def test_every_short_string_splits_alike(name: str) -> None:
    for length in range(1, 5):
        for letters in product(ALPHABET if length < 4 else ALPHABET[2:], repeat=length):
            data = "".join(letters).encode()
            assert split(data, Pattern.of(name)) == _core.split(data, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", PATTERNS)
def test_every_string_of_five_splits_alike(name: str) -> None:
    for letters in product(ALPHABET, repeat=5):
        data = "".join(letters).encode()
        assert split(data, Pattern.of(name)) == _core.split(data, name)


def encoding_of_strings(name: str, strings: list[str]):  # type: ignore[no-untyped-def]
    """Make a tiktoken encoding in which every one of the strings is a token of its own."""
    tiktoken = pytest.importorskip("tiktoken")
    tokens = [bytes([byte]) for byte in range(256)]
    tokens += sorted({string.encode() for string in strings} - set(tokens))
    ranks = {token: rank for rank, token in enumerate(tokens)}
    return tiktoken.Encoding(
        name, pat_str=NAMED_PATTERNS[name], mergeable_ranks=ranks, special_tokens={}
    )


@pytest.mark.parametrize("name", PATTERNS)
def test_every_short_string_splits_as_in_tiktoken(name: str) -> None:
    # A pretoken that is a token becomes that token: the ids show tiktoken's pretokens.
    strings = [
        "".join(letters) for n in range(1, 5) for letters in product(ALPHABET[1:12], repeat=n)
    ]
    strings += ["".join(letters) for n in range(1, 4) for letters in product(ALPHABET, repeat=n)]
    encoding = encoding_of_strings(name, strings)
    for string in strings:
        tokens = encoding.decode_tokens_bytes(encoding.encode_ordinary(string))
        assert tokens == _core.split(string.encode(), name)


@pytest.mark.parametrize("name", PATTERNS)
def test_mixed_scripts_and_broken_bytes_split_alike(name: str) -> None:
    random = Random(16)
    pieces = [*(char.encode() for char in ALPHABET), *BROKEN, "\U0001f600".encode(), b"\r\n", b"\t"]
    for _ in range(1000):
        data = b"".join(random.choices(pieces, k=random.randrange(1, 40)))
        assert split(data, Pattern.of(name)) == _core.split(data, name)


@settings(deadline=None)
@given(data=byte_strings(), name=st.sampled_from(PATTERNS))
def test_hard_inputs_split_alike(data: bytes, name: str) -> None:
    assert split(data, Pattern.of(name)) == _core.split(data, name)


def test_another_spelling_of_a_named_pattern_splits_as_the_name() -> None:
    from bpe.patterns import _OTHER_SPELLINGS

    for spelling, name in _OTHER_SPELLINGS.items():
        for letters in product(ALPHABET, repeat=3):
            data = "".join(letters).encode()
            assert _core.split(data, name) == split(data, Pattern((spelling,)))


# --- safe cuts ----------------------------------------------------------------


def assert_safe_cuts(data: bytes, name: str, following: bytes = b"") -> int:
    whole = _core.split(data + following, name)
    cuts = {_core.find_safe_cut(data, name, near) for near in range(len(data) + 1)} - {len(data)}
    for cut in cuts:
        halves = _core.split(data[:cut], name) + _core.split(data[cut:] + following, name)
        assert whole == halves, (name, data, following, cut)
    return len(cuts)


@pytest.mark.parametrize("name", PATTERNS)
def test_a_cut_changes_no_pretoken_of_a_short_string(name: str) -> None:
    for letters in product(ALPHABET, repeat=3):
        assert_safe_cuts("".join(letters).encode(), name)


@pytest.mark.parametrize("name", PATTERNS)
def test_a_cut_changes_no_pretoken_whatever_follows(name: str) -> None:
    random = Random(0)
    pieces = [*(char.encode() for char in ALPHABET), *BROKEN, b"e", b"v", b"\r", b"\t"]
    for _ in range(3000):
        data = b"".join(random.choices(pieces, k=random.randrange(1, 12)))
        broken_at = random.randrange(len(data) + 1)
        assert_safe_cuts(data[:broken_at], name, data[broken_at:])


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize(
    ("text", "near", "cut"),
    [
        ("one two", 1, "one"),
        ("one two", 0, "one"),
        ("你好，世界。", 1, "你好"),
        ("كتاب، قلم", 2, "كتاب"),
        ("x = 1\ny", 4, "x = 1"),
    ],
)
def test_a_cut_is_found_where_words_end_in_any_script(
    name: str, text: str, near: int, cut: str
) -> None:
    assert len(cut.encode()) == _core.find_safe_cut(text.encode(), name, near)


@pytest.mark.parametrize("name", ["", *PATTERNS])
@pytest.mark.parametrize(
    "data", [b"", b"a", b"aaaa", b"    ", b"1111", "你好".encode(), b"\x80\x80"]
)
def test_where_no_cut_is_safe_the_end_is_returned(name: str, data: bytes) -> None:
    for near in range(len(data) + 3):
        assert len(data) == _core.find_safe_cut(data, name, near)


def test_a_character_at_the_end_that_may_still_change_is_no_reason_to_cut() -> None:
    chinese = "中".encode()
    for length in (1, 2):
        assert 1 + length == _core.find_safe_cut(b"a" + chinese[:length], "cl100k", 1)
    assert 1 == _core.find_safe_cut(b"a\xff", "cl100k", 1)


# --- time ---------------------------------------------------------------------

MONOTONOUS = {
    "spaces": " ", "newlines": "\n", "tab and newline": "\t\n", "wide spaces": "\u3000",
    "letters": "a", "capitals": "A", "marks": "\u0301", "digits": "1", "punctuation": "!",
    "apostrophes": "'", "contractions": "'s'll", "slashes": "/", "invalid bytes": "\udcff",
    "han and capitals": "中AAAA", "cut short": "\udcf0\udc9f\udc98",
}  # fmt: skip


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize("kind", MONOTONOUS)
def test_a_monotonous_text_takes_linear_time(name: str, kind: str) -> None:
    # Looking at a run again for each of its units would take minutes, and this takes milliseconds.
    unit = MONOTONOUS[kind].encode("utf-8", "surrogateescape")
    for last in (b"x", b"X", b"\n", b""):
        data = unit * (300_000 // len(unit)) + last
        begin = time.process_time()
        _core.split(data, name)
        assert time.process_time() - begin < 1


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize("text", [" " * 10**6 + "a", "中" + "A" * 10**6, "\n" * 10**6 + "  "])
def test_a_run_of_a_million_is_given_back_once(name: str, text: str) -> None:
    begin = time.process_time()
    assert len(_core.split(text.encode(), name)) <= 3
    assert time.process_time() - begin < 1


def test_threads_split_large_texts_at_once() -> None:
    text = b"Hello world, it's 2024\n" * 3000
    expected = _core.split(text, "o200k")
    with ThreadPoolExecutor(4) as pool:
        assert [expected] * 8 == list(pool.map(lambda _: _core.split(text, "o200k"), range(8)))


def test_the_regex_package_agrees_without_pins_on_old_characters() -> None:
    # Outside truth for the reference itself: no code of ours between the text and the pieces.
    text = "Ĥello's WORLD camelCase \n\n x١٢٣٤5 don'ts!!\n/a ½ naïve 東京へ  \t"
    for name, expression in NAMED_PATTERNS.items():
        pieces = [match[0] for match in regex.finditer(expression, text, regex.V1)]
        assert pieces == [piece.decode() for piece in _core.split(text.encode(), name)]
