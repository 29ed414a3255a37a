"""Saved tokenizers load equal; damaged ones are refused with the place."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import bpe
from bpe.errors import FormatError, PatternError
from bpe.formats import load_spec
from bpe.formats.ranks import read_ranks
from bpe.patterns import Pattern
from bpe.spec import Merges, TokenizerSpec

CORPUS = ["the cat sat on the mat, wörld 你好\n\n"] * 3


@pytest.fixture(scope="module")
def tokenizer() -> bpe.Tokenizer:
    return bpe.train(CORPUS, 275, special_tokens=["<|endoftext|>", "<|ü|>"])


@pytest.mark.parametrize("name", ["tok", "tok.tiktoken"])
def test_a_saved_tokenizer_loads_equal(tokenizer: bpe.Tokenizer, tmp_path: Path, name: str) -> None:
    tokenizer.save(tmp_path / name)
    loaded = bpe.Tokenizer.load(tmp_path / name)
    text = "the wörld<|ü|>"
    assert loaded.encode(text, allowed_special="all") == tokenizer.encode(
        text, allowed_special="all"
    )
    assert loaded.spec.id_to_bytes == tokenizer.spec.id_to_bytes
    assert loaded.spec.pattern == tokenizer.spec.pattern
    if name == "tok":
        assert loaded == tokenizer


def test_a_ranked_vocabulary_survives_our_own_format(tmp_path: Path) -> None:
    ranks = {bytes([b]): 255 - b for b in range(256)} | {b"ab": 300, b"abc": 301}
    spec = TokenizerSpec.from_ranked_tokens(Pattern.of("gpt2"), ranks, {"<|x|>": 999})
    bpe.Tokenizer(spec).save(tmp_path / "tok")
    assert not (tmp_path / "tok/merges.txt").exists()
    assert load_spec(tmp_path / "tok") == spec


@pytest.mark.parametrize("pattern", [None, r"\w+|\W+", [r"\d", r"\w+|\W+"]])
def test_any_pattern_survives_our_own_format(tmp_path: Path, pattern: object) -> None:
    tokenizer = bpe.train(CORPUS, 270, pattern=pattern)
    tokenizer.save(tmp_path / "tok")
    assert bpe.Tokenizer.load(tmp_path / "tok") == tokenizer


def test_the_same_tokenizer_gives_the_same_bytes(tokenizer: bpe.Tokenizer, tmp_path: Path) -> None:
    tokenizer.save(tmp_path / "1")
    bpe.Tokenizer.load(tmp_path / "1").save(tmp_path / "2")
    files = {path.name: path.read_bytes() for path in (tmp_path / "1").iterdir()}
    assert files == {path.name: path.read_bytes() for path in (tmp_path / "2").iterdir()}
    assert set(files) == {"meta.json", "vocab.tiktoken", "merges.txt"}


def test_an_existing_tokenizer_stays(tokenizer: bpe.Tokenizer, tmp_path: Path) -> None:
    tokenizer.save(tmp_path / "tok")
    with pytest.raises(FileExistsError):
        tokenizer.resize(270).save(tmp_path / "tok")
    assert bpe.Tokenizer.load(tmp_path / "tok") == tokenizer
    tokenizer.resize(270).save(tmp_path / "tok", overwrite=True)
    assert bpe.Tokenizer.load(tmp_path / "tok").n_vocab == 270


@pytest.mark.parametrize("name", ["meta.json", "vocab.tiktoken", "merges.txt"])
def test_a_file_cut_anywhere_is_refused(
    tokenizer: bpe.Tokenizer, tmp_path: Path, name: str
) -> None:
    tokenizer.save(tmp_path / "tok")
    path = tmp_path / "tok" / name
    whole = path.read_bytes()
    for size in [*range(0, len(whole) - 1, max(1, len(whole) // 60)), len(whole) - 2]:
        path.write_bytes(whole[:size])
        with pytest.raises(FormatError, match=r"tok"):
            bpe.Tokenizer.load(tmp_path / "tok")
    path.unlink()
    with pytest.raises(FormatError):
        bpe.Tokenizer.load(tmp_path / "tok")


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("version", 2, "version 2 is unknown"),
        ("format", "other", "does not describe"),
        ("unicode_version", "17.0.0", "Unicode 17.0.0"),
        ("pattern", "gpt2", "must be a list"),
        ("special_tokens", {"<|x|>": 97}, "has id 97"),
        ("content_hash", "0" * 64, "content hash"),
        ("whole_pretoken_first", True, "content hash"),
    ],
)
def test_a_changed_field_is_refused(
    tokenizer: bpe.Tokenizer, tmp_path: Path, field: str, value: object, message: str
) -> None:
    tokenizer.save(tmp_path / "tok")
    path = tmp_path / "tok/meta.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: value}))
    with pytest.raises(FormatError, match=message):
        bpe.Tokenizer.load(tmp_path / "tok")


def test_something_else_is_recognised_as_such(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<!DOCTYPE html><html>not found</html>")
    with pytest.raises(FormatError, match="line 1"):
        bpe.Tokenizer.load(tmp_path / "page.html", pattern="gpt2")
    with pytest.raises(FormatError, match=r"no meta\.json"):
        bpe.Tokenizer.load(tmp_path)
    with pytest.raises(FileNotFoundError, match="no tokenizer at"):
        bpe.Tokenizer.load(tmp_path / "nowhere")


def test_an_unknown_format_is_refused(tokenizer: bpe.Tokenizer, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="directory, tiktoken"):
        tokenizer.save(tmp_path / "x", format="pickle")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"YQ==  5", "not `base64"),
        (b"YQ== +5", "not `base64"),
        (b"YQ== 1_0", "not `base64"),
        (b"YQ== 05", "not `base64"),
        ("YQ== ٥".encode(), "not `base64"),
        (b"YQ= 5", "not `base64"),
        (b"Y-== 5", "not `base64"),
        (b"== 5", "not `base64"),
        (b"YQ==", "not `base64"),
        (b"YQ== 5\nYQ== 6", "stands there twice"),
        (b"YQ== 5\nYg== 5", "id 5 stands already on line 1"),
    ],
)
def test_the_ranks_grammar_is_strict(line: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        read_ranks(line, "ranks")


def test_crlf_and_empty_lines_are_read() -> None:
    assert read_ranks(b"YQ== 0\r\n\nYg== 1\n", "ranks") == {b"a": 0, b"b": 1}


def test_a_bare_tiktoken_file_needs_a_pattern(tokenizer: bpe.Tokenizer, tmp_path: Path) -> None:
    path = tmp_path / "x.tiktoken"
    tokenizer.save(path)
    (tmp_path / "x.tiktoken.json").unlink()
    with pytest.raises(FormatError, match="pass `pattern=`"):
        bpe.Tokenizer.load(path)
    with pytest.raises(PatternError):
        bpe.Tokenizer.load(path, pattern="nonsense")
    loaded = bpe.Tokenizer.load(path, pattern="o200k", special_tokens={"<|e|>": 900})
    assert loaded.encode_ordinary("the cat") == tokenizer.encode_ordinary("the cat")
    assert loaded.n_vocab == 901


def test_the_live_encoding_gives_the_same_ids(tokenizer: bpe.Tokenizer) -> None:
    encoding = tokenizer.to_tiktoken("mine")
    text = "the cat sat on a wörld 你好\n <|endoftext|>"
    assert encoding.name == "mine"
    assert encoding.encode(text, allowed_special="all") == tokenizer.encode(
        text, allowed_special="all"
    )
    back = bpe.Tokenizer.from_tiktoken(encoding)
    assert back.encode(text, allowed_special="all") == tokenizer.encode(text, allowed_special="all")


def test_what_tiktoken_cannot_express_is_refused(tokenizer: bpe.Tokenizer) -> None:
    stages = bpe.train(CORPUS, 262, pattern=[r"\d", r"\w+|\W+"])
    with pytest.raises(FormatError, match="2 stages"):
        stages.to_tiktoken()
    ids = {b: bytes([b]) for b in range(256)} | {256: b"bc", 257: b"ab", 258: b"abc"}
    # "abc" is made of "a" and "bc" only; by rank alone "bc" would go first and then "abc" too,
    # but here "ab" is tried before "bc".
    merges = Merges([(97, 98, 257, 0), (98, 99, 256, 1), (97, 256, 258, 2)])
    odd = bpe.Tokenizer(TokenizerSpec(Pattern.of("gpt2"), ids, merges))
    with pytest.raises(FormatError, match="cannot express"):
        odd.to_tiktoken()


def test_published_vocabularies_survive_both_formats(
    published_vocabularies: Path, tmp_path: Path
) -> None:
    original = bpe.get_encoding("r50k_base")
    for name in ("tok", "r50k.tiktoken"):
        original.save(tmp_path / name)
        assert bpe.Tokenizer.load(tmp_path / name) == original
    shutil.rmtree(tmp_path / "tok")
