"""`bpe convert` writes what the other library reads alike, and leaves nothing that it does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import bpe
from bpe.cli import convert, main
from bpe.errors import FormatError
from bpe.formats import FORMATS
from bpe.verification import probes, verify

CORPUS = "the cat sat on the mat 1234567, wörld 你好 don't\n\n" * 3


@pytest.fixture
def source(tmp_path: Path) -> Path:
    bpe.train([CORPUS], 275, pattern="gpt2").save(tmp_path / "tok")
    (tmp_path / "corpus.txt").write_bytes(CORPUS.encode() + b"\xff\xfe <|endoftext|>")
    return tmp_path / "tok"


def test_the_command_and_the_package_know_the_same_formats() -> None:
    assert tuple(FORMATS) == convert.FORMATS


@pytest.mark.parametrize(
    ("output", "format"),
    [
        ("x.tiktoken", "tiktoken"),
        ("tokenizer.json", "huggingface"),
        ("x.model", "minbpe"),
        ("pair", "gpt2"),
        ("folder", "huggingface"),
        ("other", "directory"),
    ],
)
def test_every_format_is_verified_with_the_library_it_is_for(
    source: Path, output: str, format: str, capfd: pytest.CaptureFixture[str]
) -> None:
    target = source.parent / output
    corpus = str(source.parent / "corpus.txt")
    command = ["convert", str(source), str(target), "--to", format, "--verify", corpus, "--json"]
    assert 0 == main(command)
    said = capfd.readouterr()
    assert "ids are equal on" in said.err
    report = json.loads(said.out)
    assert (format, 275) == (report["format"], report["num_tokens"])
    assert report["num_texts_verified"] > 800
    loaded = bpe.Tokenizer.load(target)
    original = bpe.Tokenizer.load(source)
    assert original == loaded
    names = {path.name for path in source.parent.iterdir()}
    assert not [name for name in names if name.startswith(".bpe-")]


def test_the_name_decides_the_format_unless_to_says_otherwise(source: Path) -> None:
    assert 0 == main(["convert", str(source), str(source.parent / "tokenizer.json"), "-q"])
    assert "model" in json.loads((source.parent / "tokenizer.json").read_text())


def test_a_wrong_result_is_refused_and_not_left(
    source: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # As if the possessive count went out verbatim: Oniguruma takes 1234567 for one pretoken.
    from bpe.formats import huggingface_pieces

    monkeypatch.setattr(huggingface_pieces, "to_dialect", lambda stage, dialect: stage)
    spec = bpe.TokenizerSpec.from_pairs(bpe.Pattern.of("cl100k"), [(ord("3"), ord("4"))])
    bpe.Tokenizer(spec).save(source.parent / "digits")
    target = source.parent / "tokenizer.json"
    before = set(source.parent.iterdir())
    assert 1 == main(["convert", str(source.parent / "digits"), str(target), "--verify", ""])
    assert before == set(source.parent.iterdir())
    message = capsys.readouterr().err
    assert "gives other ids there: near" in message
    assert 0 == main(["convert", str(source.parent / "digits"), str(target), "-q"])


def test_what_cannot_be_held_is_one_line(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 1 == main(["convert", str(source), str(source.parent / "tekken.json")])
    (line,) = capsys.readouterr().err.splitlines()
    assert "special tokens the first ids" in line
    assert "--renumber" in line
    target = source.parent / "tekken.json"
    assert 0 == main(["convert", str(source), str(target), "--renumber", "-q"])
    assert {"<|endoftext|>": 0} == dict(bpe.Tokenizer.load(target).spec.special_tokens)


def test_what_is_there_stays_without_force(source: Path) -> None:
    target = source.parent / "x.tiktoken"
    target.write_text("mine")
    for verify_too in ([], ["--verify", ""]):
        assert 1 == main(["convert", str(source), str(target), *verify_too])
        assert "mine" == target.read_text()
    assert 0 == main(["convert", str(source), str(target), "--force", "--verify", "", "-q"])
    assert bpe.Tokenizer.load(source) == bpe.Tokenizer.load(target)


def test_a_bare_tiktoken_file_takes_a_pattern_and_special_tokens(source: Path) -> None:
    main(["convert", str(source), str(source.parent / "x.tiktoken"), "-q"])
    (source.parent / "x.tiktoken.json").unlink()
    command = ["convert", str(source.parent / "x.tiktoken"), str(source.parent / "again"), "-q"]
    assert 1 == main(command)
    special = ["--special-token", "<|endoftext|>", "274"]
    assert 0 == main([*command, "--pattern", "gpt2", *special])
    again = bpe.Tokenizer.load(source.parent / "again")
    text = CORPUS + "<|endoftext|>"
    expected = bpe.Tokenizer.load(source).encode(text, allowed_special="all")
    assert expected == again.encode(text, allowed_special="all")


def test_a_part_to_ignore_has_to_be_named(source: Path) -> None:
    path = source.parent / "tokenizer.json"
    main(["convert", str(source), str(path), "-q"])
    path.write_text(json.dumps(json.loads(path.read_text()) | {"normalizer": {"type": "NFC"}}))
    command = ["convert", str(path), str(source.parent / "again"), "-q"]
    assert 1 == main(command)
    assert 0 == main([*command, "--ignore", "normalizer"])


def test_the_hard_cases_hold_special_tokens_white_space_digits_and_broken_bytes() -> None:
    spec = bpe.train([CORPUS], 260, special_tokens=["<|a|>", "<|b|>"]).spec
    texts = list(probes(spec))
    assert texts == list(probes(spec))
    for wanted in ("<|a|>", "a<|b|> b", "<|a|", "1234567890", " " * 40, "\n" * 9):
        assert wanted in texts
    assert any("\ufffd" in text for text in texts)


def test_gguf_cannot_be_verified(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 1 == main(["convert", str(source), str(source.parent / "x.gguf"), "--verify", ""])
    assert "GGUF cannot be verified" in capsys.readouterr().err
    with pytest.raises(FormatError, match="nothing that could be asked reads the format 'gguf'"):
        verify(bpe.Tokenizer.load(source), source, "gguf")
