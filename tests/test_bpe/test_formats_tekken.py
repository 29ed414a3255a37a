"""`tekken.json`: special tokens first, everything else shifted, and damage refused by place."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tiktoken

import bpe
from bpe.errors import FormatError, FormatWarning
from bpe.formats.tekken import special_tokens_first

CORPUS = ["the cat sat on the mat 1234567, wörld 你好 don't\n\n"] * 3

Change = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="module")
def tokenizer() -> bpe.Tokenizer:
    trained = bpe.train(CORPUS, 275, pattern="o200k", special_tokens=["<s>", "[IMG] x"])
    return bpe.Tokenizer(special_tokens_first(trained.spec))


@pytest.fixture
def fields(tokenizer: bpe.Tokenizer, tmp_path: Path) -> dict[str, Any]:
    tokenizer.save(tmp_path / "tekken.json")
    read: dict[str, Any] = json.loads((tmp_path / "tekken.json").read_text("utf-8"))
    return read


def tekkenizer_ids(fields: dict[str, Any], text: str) -> list[int]:
    """Encode as mistral-common does: its checks, and tiktoken with the ids shifted."""
    num_special = fields["config"]["default_num_special_tokens"]
    size = fields["config"]["default_vocab_size"] - num_special
    ranks = {}
    for index, entry in enumerate(fields["vocab"][:size]):
        assert {"rank", "token_bytes", "token_str"} == set(entry)
        assert index == entry["rank"]
        token = base64.b64decode(entry["token_bytes"])
        assert index >= 256 or token == bytes([index])
        ranks[token] = index
    encoding = tiktoken.Encoding(
        "x", pat_str=fields["config"]["pattern"], mergeable_ranks=ranks, special_tokens={}
    )
    return [num_special + id_ for id_ in encoding.encode_ordinary(text)]


def test_mistral_gives_the_same_ids_and_it_comes_back_equal(
    tokenizer: bpe.Tokenizer, fields: dict[str, Any], tmp_path: Path
) -> None:
    assert {"<s>": 0, "[IMG] x": 1} == dict(tokenizer.spec.special_tokens)
    for text in (*CORPUS, "thé cat\x00 [IMG] x"):
        assert tekkenizer_ids(fields, text) == tokenizer.encode_ordinary(text)
    assert tokenizer == bpe.Tokenizer.load(tmp_path / "tekken.json")


def test_a_trained_vocabulary_is_not_renumbered_in_silence(tmp_path: Path) -> None:
    trained = bpe.train(CORPUS, 275, pattern="o200k")
    with pytest.raises(FormatError, match=r"the first ids, .* '<.endoftext.>' has id 274"):
        trained.save(tmp_path / "tekken.json")
    bare = bpe.train(CORPUS, 275, pattern="o200k", special_tokens=())
    bare.save(tmp_path / "tekken.json")
    assert bare.encode(CORPUS[0]) == bpe.Tokenizer.load(tmp_path / "tekken.json").encode(CORPUS[0])


def test_renumbering_keeps_tokens_and_order(tokenizer: bpe.Tokenizer) -> None:
    trained = bpe.train(CORPUS, 275, pattern="o200k", special_tokens=["<s>", "[IMG] x"])
    for text in CORPUS:
        assert [2 + id_ for id_ in trained.encode(text)] == tokenizer.encode(text)


def test_places_without_a_name_are_filled_as_mistral_does(
    fields: dict[str, Any], tmp_path: Path
) -> None:
    fields["config"]["default_num_special_tokens"] = 5
    fields["config"]["default_vocab_size"] += 3
    loaded = load(fields, tmp_path)
    assert ["<s>", "[IMG] x", "<SPECIAL_2>", "<SPECIAL_3>", "<SPECIAL_4>"] == list(
        loaded.spec.special_tokens
    )
    fields["special_tokens"] = None
    assert ["<unk>", "<s>", "</s>", "[INST]", "[/INST]"] == list(
        load(fields, tmp_path).spec.special_tokens
    )


def load(fields: dict[str, Any], tmp_path: Path) -> bpe.Tokenizer:
    path = tmp_path / "changed.json"
    path.write_text(json.dumps(fields))
    return bpe.Tokenizer.load(path)


def test_only_as_much_of_the_vocabulary_is_used_as_the_file_says(
    fields: dict[str, Any], tmp_path: Path
) -> None:
    fields["config"]["default_vocab_size"] -= 3
    assert 272 == load(fields, tmp_path).n_vocab


def test_images_are_named(fields: dict[str, Any], tmp_path: Path) -> None:
    with pytest.warns(FormatWarning, match="image is not carried over"):
        load(fields | {"image": {}}, tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.update(extra=1), 'unknown field "extra"'),
        (lambda d: d["config"].update(version="v99"), 'version "v99" is unknown'),
        (lambda d: d["config"].pop("pattern"), '"pattern" is missing'),
        (lambda d: d["config"].update(pattern="("), "not a regular expression"),
        (lambda d: d["config"].update(default_vocab_size=10**12), "do not fit the 273 entries"),
        (lambda d: d["config"].update(default_vocab_size=100), "do not fit"),
        (lambda d: d["config"].update(default_num_special_tokens=-1), "do not fit|rank 0"),
        (lambda d: d["config"].update(default_num_special_tokens=2.0), "a whole number, not 2.0"),
        (lambda d: d["vocab"][3].update(rank=4), r"vocab\[3\]: its rank is 4"),
        (lambda d: d["vocab"][3].update(token_bytes="AB=="), r'vocab\[3\]: "AB==" is not base64'),
        (lambda d: d["vocab"][3].update(token_bytes="A-=="), "is not base64"),
        (lambda d: d["vocab"][3].update(token_bytes=""), "is not base64 of a token"),
        (lambda d: d["vocab"][3].update(token_bytes="é"), "is not base64"),
        (lambda d: d["vocab"][3].update(token_bytes="AA=="), "are not the bytes in order"),
        (lambda d: d["vocab"][260].update(token_bytes="AA=="), "holds a token twice"),
        (lambda d: d["vocab"].__setitem__(3, []), r"vocab\[3\] must be an object"),
        (lambda d: d["special_tokens"][0].update(rank=7), r"rank 7 is taken or not in 0..1"),
        (lambda d: d["special_tokens"][0].update(rank=1), "rank 1 is taken"),
        (lambda d: d["special_tokens"][0].update(token_str="[IMG] x"), "holds a text twice"),
        (lambda d: d.update(special_tokens={}), "special_tokens must be a list"),
    ],
)
def test_damage_is_refused_by_place(
    fields: dict[str, Any], tmp_path: Path, change: Change, message: str
) -> None:
    change(fields)
    with pytest.raises(FormatError, match=message):
        load(fields, tmp_path)
