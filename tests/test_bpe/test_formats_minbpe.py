"""minbpe's `.model`: equal to what minbpe reads, and damage is refused with the line."""

from __future__ import annotations

from pathlib import Path

import pytest
import regex

import bpe
from bpe.errors import FormatError
from bpe.patterns import NAMED_PATTERNS

CORPUS = ["the cat sat on the mat 1234567, don't\n\n"] * 3


def minbpe_ids(path: Path, text: str) -> list[int]:
    """Encode as minbpe does: an independent reading of its file and of its rule."""
    with path.open(encoding="utf-8") as file:
        assert "minbpe v1" == file.readline().strip()
        pattern = file.readline().strip()
        for _ in range(int(file.readline().strip())):
            _, _ = file.readline().strip().split()
        pairs = [tuple(map(int, line.split())) for line in file]
    ids: list[int] = []
    for piece in regex.findall(pattern, text) if pattern else [text]:
        parts = list(piece.encode())
        for index, pair in enumerate(pairs):
            place = 0
            while place + 1 < len(parts):
                if (parts[place], parts[place + 1]) == pair:
                    parts[place : place + 2] = [256 + index]
                place += 1
        ids += parts
    return ids


@pytest.mark.parametrize("pattern", [*NAMED_PATTERNS, None, "[a-z]+|[0-9]{1,2}+"])
def test_minbpe_gives_the_same_ids_and_it_comes_back_equal(pattern: str, tmp_path: Path) -> None:
    tokenizer = bpe.train(CORPUS, 275, pattern=pattern, special_tokens=["<|a|>", "<|ü|>"])
    path = tmp_path / "mine.model"
    tokenizer.save(path)
    assert path.read_bytes().startswith(b"minbpe v1\n")
    for text in (*CORPUS, "The 12 mats--\n\n \tthat's", ""):
        assert minbpe_ids(path, text) == tokenizer.encode(text)
    loaded = bpe.Tokenizer.load(path)
    assert tokenizer == loaded
    assert ("mine", tokenizer.spec) == (loaded.name, loaded.spec)


def test_what_minbpe_cannot_hold_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.model"

    def refuse(message: str, tokenizer: bpe.Tokenizer) -> None:
        with pytest.raises(FormatError, match=message):
            tokenizer.save(path)
        assert not path.exists()

    refuse("cuts lines at white space", bpe.train(CORPUS, 258, special_tokens=["a b"]))
    refuse("cuts lines at white space", bpe.train(CORPUS, 258, special_tokens=["a\x85"]))
    refuse("this has 2 stages", bpe.train(CORPUS, 258, pattern=["a", "b"], special_tokens=()))
    refuse("one line, without", bpe.train(CORPUS, 257, pattern="a\nb|[^a]+", special_tokens=()))
    refuse("one line, without", bpe.train(CORPUS, 257, pattern=" [a-z]*| ", special_tokens=()))
    ranks = {bytes([255 - b]): b for b in range(256)}
    refuse("byte b the id b", from_ranks(ranks))
    ranks = {bytes([b]): b for b in range(256)}
    refuse("without a gap, and 256", from_ranks(ranks | {b"ab": 300}))
    refuse("minbpe knows merges only", from_ranks(ranks | {b"abc": 256}))


def from_ranks(ranks: dict[bytes, int]) -> bpe.Tokenizer:
    return bpe.Tokenizer(bpe.TokenizerSpec.from_ranked_tokens(bpe.Pattern.of("gpt2"), ranks))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("minbpe v2\n\n0\n97 97\n", "line 1: 'minbpe v2' is not 'minbpe v1'"),
        ("minbpe v1\n\n", "is cut"),
        ("minbpe v1\n\n0\n97 97", "is cut: its last line does not end"),
        ("minbpe v1\n\n5\n97 97\n", "line 3: '5' is not the number of special tokens"),
        ("minbpe v1\n\n+1\n<a> 300\n", "line 3"),
        ("minbpe v1\n\n1\n97 97 97\n", "line 4: '97 97 97' is not a special token"),
        ("minbpe v1\n\n1\n<a> 99999999999\n", "line 4"),
        ("minbpe v1\n\n1\n<a> 4294967296\n", "line 4"),
        ("minbpe v1\n\n2\n<a> 300\n<a> 301\n", "stands there twice"),
        ("minbpe v1\n\n1\n<a> 97\n", "has id 97"),
        ("minbpe v1\n\n0\n97 \n", "line 4: '97 ' is not a pair"),
        ("minbpe v1\n\n0\n97  97\n", "line 4"),
        ("minbpe v1\n\n0\n97 +97\n", "line 4"),
        ("minbpe v1\n\n0\n97 9_7\n", "line 4"),
        ("minbpe v1\n\n0\n97 ٩٧\n", "line 4"),
        ("minbpe v1\n\n0\n97 097\n", "line 4"),
        ("minbpe v1\n\n0\n97 97\n\n", "line 5: '' is not a pair"),
        ("minbpe v1\n\n0\n97 256\n", "merge 0 uses id 256, which no merge before it makes"),
        ("minbpe v1\n\n0\n97 97\n98 258\n", "line 5: merge 1 uses id 258"),
        ("minbpe v1\n\n0\n97 97\n97 97\n", "ids 256 and 257 are both b'aa'"),
        ("minbpe v1\n(\n0\n97 97\n", "is not a regular expression"),
    ],
)
def test_damage_is_refused_with_the_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "x.model"
    path.write_bytes(text.encode())
    with pytest.raises(FormatError, match=message):
        bpe.Tokenizer.load(path)
