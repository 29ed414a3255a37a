"""A preset without a tokenizer learns one from the text, says why so large, and keeps it."""

from __future__ import annotations

from pathlib import Path

import pytest

import bpe
from model import load_checkpoint
from model.cli import main
from model.learned_vocabulary import SPECIAL_TOKENS, holds_text, learn_vocabulary
from model.presets import PRESET_VOCABULARIES

SHORT = ["--steps", "4", "--eval-batches", "1"]


@pytest.fixture
def here(text_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(text_path.parent)
    return text_path.parent


def test_a_preset_needs_text_alone(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == main(["train", "--preset", "test", "-d", "text.txt", *SHORT])
    said = capsys.readouterr().err
    size, reason = PRESET_VOCABULARIES["test"]
    assert f"learning {size} ids from text.txt, since {reason}" in said
    expected = bpe.train("text.txt", size, special_tokens=SPECIAL_TOKENS)
    found = load_checkpoint("run").tokenizer
    assert expected.content_hash == found.content_hash
    assert 0 == main(["train", "-l", "run", "--steps", "6"]), "it is in the run"
    assert "learning" not in capsys.readouterr().err


def test_it_serves_a_masked_model_and_conversations_too(text_path: Path) -> None:
    tokenizer = learn_vocabulary("test", str(text_path))
    assert list(range(508, 512)) == list(tokenizer.spec.special_tokens.values())
    assert {"<|mask|>", "<|im_end|>"} < set(tokenizer.spec.special_tokens)


def test_a_named_tokenizer_is_taken(here: Path, tok_path: Path) -> None:
    line = ["train", "--preset", "test", "-m", "tok", "-d", "text.txt", *SHORT]
    assert 0 == main(line)
    assert 301 == load_checkpoint("run").tokenizer.n_vocab


def test_data_that_is_ids_already_has_its_tokenizer(here: Path, tok_path: Path) -> None:
    assert 0 == main(["prepare", "-m", "tok", "-d", "text.txt", "-o", "data"])
    assert holds_text("text.txt")
    assert not holds_text("data")
    assert 0 == main(["train", "--preset", "test", "-d", "data", *SHORT])
    assert 301 == load_checkpoint("run").tokenizer.n_vocab


def test_a_text_that_gives_fewer_ids_is_said(here: Path) -> None:
    (here / "short.txt").write_text("the cat sat on the mat. " * 9)
    said: list[str] = []
    tokenizer = learn_vocabulary("test", "short.txt", note=said.append)
    assert tokenizer.n_vocab < 512
    assert "reached" in said[1]
    assert "of 512 tokens" in said[1]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--preset test", "an untrained model needs text: name it with -d"),
        ("--preset test -d -", "name a tokenizer with -m"),
        ("--preset test -d text.txt --pairs plain", "name a tokenizer with -m"),
        ("--preset test -d text.txt -t tiktoken", "needs a vocabulary: name a tokenizer with -m"),
        ("-d text.txt", "--preset learns one from text"),
    ],
)
def test_what_leaves_no_vocabulary_is_wrong_usage(
    line: str, message: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 2 == main(["train", *line.split(), *SHORT])
    assert message in capsys.readouterr().err
    assert not (here / "run").exists()
