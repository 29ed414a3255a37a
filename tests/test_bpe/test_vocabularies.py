"""The user's vocabularies are found by name, by us and by tiktoken, and disturb nobody."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import bpe
from bpe.vocabularies import find, folders, user_folder

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ["the cat sat on the mat 1234567\n\n"] * 3


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BPE_VOCABULARIES", str(tmp_path / "mine"))
    (tmp_path / "mine").mkdir()
    return tmp_path / "mine"


@pytest.fixture(scope="module")
def tokenizer() -> bpe.Tokenizer:
    return bpe.train(CORPUS, 270, pattern="cl100k", special_tokens=["<|end|>"])


def run_python(code: str, folder: Path) -> str:
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=folder,
        env={"BPE_VOCABULARIES": str(folder), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == result.returncode, result.stderr
    return result.stdout.strip()


def test_where_vocabularies_live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("BPE_VOCABULARIES", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert tmp_path / "data/chimera-bpe/vocabularies" == user_folder()
    monkeypatch.setenv("XDG_DATA_HOME", "relative")  # to be ignored, says the specification
    monkeypatch.setenv("HOME", str(tmp_path))
    assert tmp_path / ".local/share/chimera-bpe/vocabularies" == user_folder()
    monkeypatch.setattr(sys, "platform", "darwin")
    assert tmp_path / "Library/Application Support/chimera-bpe/vocabularies" == user_folder()
    monkeypatch.setenv("BPE_VOCABULARIES", "one:two")
    assert [Path("one"), Path("two")] == folders()


def test_every_kind_of_file_has_a_name_and_the_first_of_a_name_counts(
    tokenizer: bpe.Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = tmp_path / "1", tmp_path / "2"
    monkeypatch.setenv("BPE_VOCABULARIES", f"{one}:{tmp_path / 'nowhere'}:{two}")
    for folder in (one, two):
        folder.mkdir()
        tokenizer.save(folder / "a.tiktoken")
        tokenizer.save(folder / "b")
    tokenizer.save(two / "c.model")
    tokenizer.save(two / "d.json")
    tokenizer.save(two / "e", format="huggingface")
    (two / "notes.txt").write_text("no vocabulary")
    (two / "empty").mkdir()
    (two / ".hidden.json").write_text("{}")
    expected = {"a": one / "a.tiktoken", "b": one / "b", "c": two / "c.model"}
    assert expected | {"d": two / "d.json", "e": two / "e"} == find()
    assert {tokenizer} == {bpe.get_encoding(name) for name in find()}


def test_our_own_get_encoding_finds_them(tokenizer: bpe.Tokenizer, folder: Path) -> None:
    tokenizer.save(folder / "test_vocabulary_1")
    found = bpe.get_encoding("test_vocabulary_1")
    assert tokenizer == found
    assert found is bpe.get_encoding("test_vocabulary_1")
    assert "test_vocabulary_1" in bpe.list_encoding_names()
    assert found == pickle.loads(pickle.dumps(found))


def test_tiktoken_finds_them(tokenizer: bpe.Tokenizer, folder: Path) -> None:
    tokenizer.save(folder / "my_vocab")
    tokenizer.save(folder / "other.tiktoken")
    code = (
        "import tiktoken; print([tiktoken.get_encoding(n).encode('the cat<|end|> 1234567',"
        " allowed_special='all') for n in ('my_vocab', 'other')])"
    )
    ids = tokenizer.encode("the cat<|end|> 1234567", allowed_special="all")
    assert str([ids, ids]) == run_python(code, folder)


def test_a_published_name_stays_tiktokens_and_the_clash_is_said(
    tokenizer: bpe.Tokenizer, folder: Path
) -> None:
    tokenizer.save(folder / "o200k_base")
    code = (
        "import warnings, tiktoken, bpe\n"
        "with warnings.catch_warnings(record=True) as caught:\n"
        "    warnings.simplefilter('always')\n"
        "    names = tiktoken.list_encoding_names()\n"
        "    constructor = tiktoken.registry.ENCODING_CONSTRUCTORS['o200k_base']\n"
        "print(constructor.__module__, names.count('o200k_base'))\n"
        "print(bpe.list_encoding_names().count('o200k_base'))\n"
        "print(*(str(warning.message) for warning in caught))"
    )
    constructor, ours, warning = run_python(code, folder).splitlines()
    assert "tiktoken_ext.openai_public 1" == constructor
    assert "1" == ours
    assert "another of its plugins has the name 'o200k_base'" in warning


def test_a_damaged_vocabulary_breaks_nothing_but_itself(
    tokenizer: bpe.Tokenizer, folder: Path
) -> None:
    tokenizer.save(folder / "good")
    (folder / "bad.json").write_text("{")
    code = (
        "import tiktoken; tiktoken.get_encoding('good')\n"
        "try: tiktoken.get_encoding('bad')\n"
        "except ValueError as error: print('bad.json' in str(error))"
    )
    assert "True" == run_python(code, folder)


def test_importing_tiktoken_loads_none_of_it_and_listing_nothing_heavy(folder: Path) -> None:
    code = (
        "import sys, tiktoken; before = 'bpe' in sys.modules; tiktoken.list_encoding_names()\n"
        "print(before, sorted({'numpy', 'bpe._core', 'bpe.tokenizer'} & set(sys.modules)))"
    )
    assert "False []" == run_python(code, folder)
