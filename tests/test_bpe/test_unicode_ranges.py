"""The pinned general categories are Unicode's, and every spelling of a property finds them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
import regex

from bpe import _unicode_data
from bpe.unicode_ranges import category_named, category_ranges, pin_properties
from bpe.unicode_version import UNICODE_VERSION

ROOT = Path(__file__).resolve().parents[2]
SCALAR_VALUES = [*range(0xD800), *range(0xE000, 0x110000)]
ALL_RANGES = [r for name in _unicode_data.CATEGORY_TO_RANGES for r in category_ranges(name)]
GROUPS = ("L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "N", "Nd", "P", "S")


def members(ranges: Iterable[tuple[int, int]]) -> set[int]:
    return {code for first, last in ranges for code in range(first, last + 1)}


def test_the_data_is_of_the_version_that_the_package_states() -> None:
    assert UNICODE_VERSION == _unicode_data.VERSION


def test_every_code_point_has_one_category() -> None:
    assert 0x110000 == sum(last - first + 1 for first, last in ALL_RANGES)
    assert set(range(0x110000)) == members(ALL_RANGES)


def test_checked_in_tables_are_what_the_generator_writes() -> None:
    unicodedata2 = pytest.importorskip("unicodedata2", reason="the tables' source is not installed")
    if unicodedata2.unidata_version != UNICODE_VERSION:
        pytest.skip(f"unicodedata2 is {unicodedata2.unidata_version}, not {UNICODE_VERSION}")
    command = [sys.executable, "tools/generate_unicode.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)


@pytest.mark.parametrize("name", GROUPS)
def test_the_categories_are_those_of_tiktoken(name: str) -> None:
    tiktoken = pytest.importorskip("tiktoken")
    bytes_only = {bytes([byte]): byte for byte in range(256)}
    everything = "".join(map(chr, SCALAR_VALUES))
    # tiktoken drops what its pattern does not match, so what comes back is the category.
    encoding = tiktoken.Encoding(
        name, pat_str=rf"\p{{{name}}}", mergeable_ranks=bytes_only, special_tokens={}
    )
    found = encoding.decode(encoding.encode_ordinary(everything))
    assert members(category_ranges(name)) & set(SCALAR_VALUES) == set(map(ord, found))


def test_white_space_needs_no_pin() -> None:
    expected = members(category_ranges("Z")) | {9, 10, 11, 12, 13, 0x85}
    everything = "".join(map(chr, range(0x110000)))
    assert 25 == len(expected)
    assert expected == set(map(ord, regex.findall(r"\s", everything)))


@pytest.mark.parametrize(
    ("spelling", "category"),
    [
        (r"\p{Lu}", "Lu"),
        (r"\p{Uppercase_Letter}", "Lu"),
        (r"\p{upper case-letter}", "Lu"),
        (r"\p{gc=Lu}", "Lu"),
        (r"\p{General_Category:Lu}", "Lu"),
        (r"\p{Letter}", "L"),
        (r"\p{N}", "N"),
        (r"\d", "Nd"),
        (r"\p{digit}", "Nd"),
        (r"\p{Cn}", "Cn"),
        (r"[\p{L}]", "L"),
        (r"[\p{Lu}\p{Ll}\p{Lt}]", "LC"),
        (r"\p{L&}", "LC"),
        (r"[^\P{M}]", "M"),
        (r"[\p{L}--\p{Lo}--\p{Lm}--\p{Ll}--\p{Lt}]", "Lu"),
        (r"[\p{L}&&[^\P{Lm}]]", "Lm"),
        (r"[^\D]", "Nd"),
        (r"[^\p{^P}]", "P"),
        (r"\P{^P}", "P"),
    ],
)
def test_a_property_matches_its_ranges_however_it_is_written(spelling: str, category: str) -> None:
    compiled = regex.compile(pin_properties(spelling), regex.V1)
    edges = {code for first, last in ALL_RANGES for code in (first, last)}
    found = set(map(ord, compiled.findall("".join(map(chr, edges)))))
    assert members(category_ranges(category)) & edges == found


@pytest.mark.parametrize(
    "expression", [r"\p{Han}", r"\p{Script=Latin}", r"\\p{L}", r"\w\s\S\b", r"\\\\d", "p{L}"]
)
def test_what_is_no_general_category_stays_as_it_is(expression: str) -> None:
    assert expression == pin_properties(expression)


def test_every_name_that_regex_knows_is_known() -> None:
    for long_name in ("Mark", "Nonspacing_Mark", "Other_Number", "Punctuation", "Symbol", "Other"):
        category = category_named(long_name)
        assert category is not None
        found = regex.compile(rf"\p{{{long_name}}}").match(chr(category_ranges(category)[0][0]))
        assert found is not None
    assert category_named("sc=L") is None
