"""JSON lines become conversations; what is too long is counted, and what is wrong is named."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bpe
from bpe.errors import CorpusError, SpecialTokenError
from model import ModelConfig, TrainConfig
from model.chat import render_chat
from model.conversations import read_conversations
from model.dataset import open_data

PAIR = {"prompt": "one two", "completion": "three", "source": "not looked at"}
TURNS = [{"role": role, "content": text} for role, text in (("user", "a"), ("assistant", "b"))]
NUMBER = "abcdefgh" * 8


def write(path: Path, *records: Any) -> str:
    path.write_text("\n\n".join(map(json.dumps, records)) + "\n", encoding="utf-8")
    return str(path)


def test_both_kinds_of_record_are_read(tmp_path: Path, chat_tokenizer: bpe.Tokenizer) -> None:
    source = write(tmp_path / "a.jsonl", PAIR, {"messages": TURNS})
    found = read_conversations(source, chat_tokenizer, 64)
    pair = [{"role": "user", "content": "one two"}, {"role": "assistant", "content": "three"}]
    for i, messages in enumerate([pair, TURNS]):
        here = slice(*found.starts[i : i + 2])
        chat = render_chat(chat_tokenizer, messages)
        # What follows the last answer is not there to be learned.
        last = len(chat.ids) - len(chat_tokenizer.encode_ordinary("\n"))
        assert chat.ids[:last] == found.ids[here].tolist()
        assert chat.loss_mask[:last] == found.learned[here].tolist()
    assert (2, 0, 0) == (len(found), found.num_cut, found.num_left_out)


def test_compressed_files_are_read(tmp_path: Path, chat_tokenizer: bpe.Tokenizer) -> None:
    plain = read_conversations(write(tmp_path / "a.jsonl", PAIR), chat_tokenizer, 64)
    packed = tmp_path / "b.jsonl.gz"
    packed.write_bytes(gzip.compress((tmp_path / "a.jsonl").read_bytes()))
    assert plain.sha256 == read_conversations(str(packed), chat_tokenizer, 64).sha256


def test_a_long_conversation_ends_after_an_answer_or_is_left_out(
    tmp_path: Path, chat_tokenizer: bpe.Tokenizer
) -> None:
    long_turn = [TURNS[0], {"role": "assistant", "content": NUMBER}]
    records = [{"messages": TURNS + long_turn}, {"messages": long_turn}, {"messages": TURNS}]
    source = write(tmp_path / "a.jsonl", *records)
    room = len(render_chat(chat_tokenizer, TURNS).ids) + 8
    found = read_conversations(source, chat_tokenizer, room)
    assert (2, 1, 1) == (len(found), found.num_cut, found.num_left_out)
    first, second = (found.ids[slice(*found.starts[i : i + 2])].tolist() for i in range(2))
    assert first == second, "the first two turns are all that fits"
    assert "1 cut after the last answer" in found.describe()
    assert "1 left out, whose first answer" in found.describe()
    assert "a.jsonl', line 3" in found.describe()
    with pytest.raises(CorpusError, match="none fits into 5 tokens"):
        read_conversations(source, chat_tokenizer, 5)


def test_a_conversation_may_fill_the_context_and_its_last_target(
    tmp_path: Path, chat_tokenizer: bpe.Tokenizer
) -> None:
    source = write(tmp_path / "a.jsonl", PAIR)
    size = len(read_conversations(source, chat_tokenizer, 64).ids)
    assert size == len(read_conversations(source, chat_tokenizer, size - 1).ids)
    with pytest.raises(CorpusError, match="none fits"):
        read_conversations(source, chat_tokenizer, size - 2)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", "line 3: not JSON"),
        ("[" * 100_000, "line 3: not JSON"),
        ("[]", "line 3: this is no object"),
        ('{"prompt": "x"}', "'completion' is missing"),
        ('{"prompt": 1, "completion": "x"}', "'prompt' is no string"),
        ('{"messages": {}}', "'messages' is no list"),
        ('{"messages": [], "prompt": "x"}', "give one of them"),
        ('{"messages": [{"role": "user", "content": "x"}]}', "nothing is to be learned"),
        (
            '{"messages": [{"role": "robot", "content": "x"}]}',
            "line 3: message 0: .*'robot'",
        ),
    ],
)
def test_what_is_no_conversation_is_named(
    tmp_path: Path, chat_tokenizer: bpe.Tokenizer, line: str, complaint: str
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(PAIR) + "\n\n" + line, encoding="utf-8")
    with pytest.raises(CorpusError, match=complaint):
        read_conversations(str(path), chat_tokenizer, 64)


def test_plain_pairs_are_read_without_markers(tmp_path: Path, tokenizer: bpe.Tokenizer) -> None:
    found = read_conversations(write(tmp_path / "a.jsonl", PAIR), tokenizer, 64, "plain")
    assert f"one twothree{tokenizer.decode([tokenizer.eot_token])}" == tokenizer.decode(
        found.ids.tolist()
    )
    source = write(tmp_path / "b.jsonl", {"messages": TURNS})
    with pytest.raises(CorpusError, match="'prompt' is missing; --pairs chat reads messages"):
        read_conversations(source, tokenizer, 64, "plain")


def test_the_last_conversations_are_for_validation(
    tmp_path: Path, chat_tokenizer: bpe.Tokenizer
) -> None:
    notes: list[str] = []
    source = write(tmp_path / "a.jsonl", *[PAIR] * 9, {"messages": TURNS})
    model, config = ModelConfig(303, block_size=64), TrainConfig(pairs="chat")
    data = open_data(source, chat_tokenizer, model, config, note=notes.append)
    assert data.conversations is not None
    assert data.conversations.starts[9] == data.num_train
    assert "10 conversations" in notes[0]
    assert np.array_equal(data.tokens, data.conversations.ids)
    with pytest.raises(CorpusError, match="gives one conversation"):
        open_data(write(tmp_path / "b.jsonl", PAIR), chat_tokenizer, model, config)


def test_a_vocabulary_without_markers_is_refused(tmp_path: Path, tokenizer: bpe.Tokenizer) -> None:
    source = write(tmp_path / "a.jsonl", PAIR)
    with pytest.raises(SpecialTokenError, match="train one that has it"):
        read_conversations(source, tokenizer, 64)
