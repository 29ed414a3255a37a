"""Only answers are targets; an epoch sees every conversation once; a resumed run sees the same."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import bpe
from bpe.errors import TrainingError
from model import GPT, ModelConfig, TrainConfig, Trainer, load_checkpoint
from model.chat import end_of, render_chat
from model.chat_batches import ChatBatches, fill_rows, order_of, rows_of_step
from model.cli import main
from model.conversations import Conversations, read_conversations
from model.dataset import TokenDataset, open_data
from model.generation import generate
from model.loss import IGNORED, cross_entropy
from model.objective import make_batches
from model.run_directory import RunDirectory
from model.sample import SampleConfig

BLOCK = 64


@pytest.fixture
def chat_path(tmp_path: Path, text: str) -> Path:
    """Twenty questions and answers of different lengths."""
    path = tmp_path / "chat.jsonl"
    words = text.split()
    records = [
        {"prompt": " ".join(words[i : i + 1 + i % 4]), "completion": words[i].upper()}
        for i in range(20)
    ]
    path.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    return path


@pytest.fixture
def found(chat_path: Path, chat_tokenizer: bpe.Tokenizer) -> Conversations:
    return read_conversations(str(chat_path), chat_tokenizer, BLOCK)


@pytest.fixture
def chats(chat_path: Path, chat_tokenizer: bpe.Tokenizer, chat_config: ModelConfig) -> TokenDataset:
    settings = TrainConfig(pairs="chat", val_fraction=0.2)
    return open_data(str(chat_path), chat_tokenizer, chat_config, settings)


@pytest.fixture
def chat_config(chat_tokenizer: bpe.Tokenizer, config: ModelConfig) -> ModelConfig:
    return replace(config, vocab_size=chat_tokenizer.n_vocab, padded_vocab_size=0, block_size=BLOCK)


def test_targets_are_the_next_learned_id_and_nothing_else(found: Conversations) -> None:
    inputs_BT, targets_BT = fill_rows(found, np.array([3, 0, 7]), BLOCK)
    assert 0 == inputs_BT.shape[1] % 32
    for row, i in enumerate([3, 0, 7]):
        ids, learned = (a[slice(*found.starts[i : i + 2])] for a in (found.ids, found.learned))
        assert ids[:-1].tolist() == inputs_BT[row, : len(ids) - 1].tolist()
        expected = [int(id_) for id_, is_learned in zip(ids, learned, strict=True) if is_learned]
        chosen = targets_BT[row][targets_BT[row] != IGNORED]
        assert expected == chosen.tolist()
        assert bool((targets_BT[row, len(ids) - 1 :] == IGNORED).all())


def test_what_fills_a_row_changes_nothing(found: Conversations, chat_config: ModelConfig) -> None:
    torch.manual_seed(0)
    model = GPT(chat_config).eval()
    long, short = np.argmax(np.diff(found.starts)), np.argmin(np.diff(found.starts))
    inputs_BT, targets_BT = fill_rows(found, np.array([short, long]), BLOCK)
    alone_1T, alone_targets_1T = fill_rows(found, np.array([short]), BLOCK)
    before = cross_entropy(model(alone_1T), alone_targets_1T)
    torch.testing.assert_close(before, cross_entropy(model(inputs_BT[:1]), targets_BT[:1]))


def test_every_epoch_sees_every_conversation_once_in_another_order() -> None:
    rows = np.concatenate([rows_of_step(10, 4, seed=7, step=step) for step in range(5)])
    assert [list(range(10))] * 2 == [sorted(epoch) for epoch in rows.reshape(2, 10).tolist()]
    assert order_of(10, 7, 0).tolist() != order_of(10, 7, 1).tolist()
    assert order_of(10, 7, 0).tolist() != order_of(10, 8, 0).tolist()
    several = rows_of_step(3, 8, seed=7, step=0)
    assert [3, 3, 2] == sorted(np.bincount(several).tolist(), reverse=True)


def test_a_step_has_the_same_rows_however_it_is_divided(
    chats: TokenDataset, chat_tokenizer: bpe.Tokenizer, chat_config: ModelConfig
) -> None:
    settings = TrainConfig(batch_size=6)
    whole = make_batches(chats, chat_tokenizer, chat_config, settings).train(3)
    assert 1 == len(whole)
    small = replace(settings, batch_size=1, tokens_per_step=6 * BLOCK)
    made = make_batches(chats, chat_tokenizer, chat_config, small)
    divided = [batch for rank in range(2) for batch in made.train(3, rank, 2)]
    assert 6 == len(divided)
    for row, batch in enumerate(divided):
        for expected, alone in zip(whole[0], batch, strict=True):
            assert torch.equal(expected[row, : alone.shape[1]], alone[0])


def test_validation_is_always_the_same_and_never_trained_on(
    chats: TokenDataset, chat_tokenizer: bpe.Tokenizer, chat_config: ModelConfig
) -> None:
    made = make_batches(chats, chat_tokenizer, chat_config, TrainConfig(batch_size=4))
    assert isinstance(made, ChatBatches)
    rows = [len(batch.inputs_BT) for batch in made.validation()]
    assert [4] == rows, "a fifth of twenty"
    assert 2 == sum(len(batch.inputs_BT) for batch in made.validation(2))
    trained = {tuple(row) for b in (made.train(s) for s in range(9)) for row in b[0].inputs_BT}
    assert not trained & {tuple(row) for batch in made.validation() for row in batch.inputs_BT}
    assert 0.5 == made.epochs(2)


def test_a_masked_model_is_refused(
    chats: TokenDataset, chat_tokenizer: bpe.Tokenizer, chat_config: ModelConfig
) -> None:
    with pytest.raises(TrainingError, match="a masked language model cannot answer"):
        make_batches(chats, chat_tokenizer, replace(chat_config, objective="masked"), TrainConfig())


def test_a_resumed_run_equals_one_that_was_not_stopped(
    chats: TokenDataset,
    chat_tokenizer: bpe.Tokenizer,
    chat_config: ModelConfig,
    train_config: TrainConfig,
    tmp_path: Path,
) -> None:
    run = RunDirectory(tmp_path / "run")
    run.path.mkdir()
    full = replace(train_config, warmup_steps=0, schedule="constant")
    half = replace(full, steps=5)
    Trainer.start(chat_config, chat_tokenizer, chats, half, run=run).train()
    again = Trainer.resume(load_checkpoint(run.path), chats, full)
    again.train()
    expected = Trainer.start(chat_config, chat_tokenizer, chats, full)
    expected.train()
    for name, tensor in expected.model.state_dict().items():
        assert torch.equal(tensor, again.model.state_dict()[name]), name


def test_a_model_learns_to_answer_and_to_end(
    chat_path: Path,
    chat_tokenizer: bpe.Tokenizer,
    tmp_path: Path,
    text_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    chat_tokenizer.save(tmp_path / "tok")
    answers = [{"prompt": word, "completion": f"{word}!"} for word in ("ka", "mi", "ra")] * 8
    chat_path.write_text("\n".join(map(json.dumps, answers)), encoding="utf-8")
    line = "train -m tok -d text.txt -s base 32 8 64 1e-2 2 2 1 0"
    assert 0 == main(line.split())
    line = "train --init-from base -d chat.jsonl --pairs chat -s tuned --steps 165 --lr 1e-2"
    assert 0 == main([*line.split(), "--batch-size", "8"])
    said = capsys.readouterr().err
    assert "24 conversations" in said
    assert "60.00 epochs in all" in said
    for word in ("ka", "mi", "ra"):
        sample = ["sample", "-l", "tuned", "--chat", "-p", word, "--temperature", "0"]
        assert 0 == main(sample)
        assert f"{word}!\n" == capsys.readouterr().out, "it stops at the end of its turn"
    assert 0 == main(["evaluate", "-l", "tuned", "--json"])
    assert 0.9 < json.loads(capsys.readouterr().out)["accuracy"]
    assert 0 == main(["evaluate", "-l", "tuned", "-d", "text.txt", "--pairs", "none", "--json"])
    assert 0.9 > json.loads(capsys.readouterr().out)["accuracy"], "it has unlearned the text"


def test_a_question_is_text_whatever_it_contains(
    tmp_path: Path,
    text_path: Path,
    chat_tokenizer: bpe.Tokenizer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    chat_tokenizer.save(tmp_path / "tok")
    train = "train -m tok -d text.txt -s run 8 2 40 1e-2 1 2 1 0"
    assert 0 == main(train.split())
    line = ["sample", "-l", "run", "--chat", "--max-tokens", "1", "--json", "-p"]
    capsys.readouterr()
    assert 0 == main([*line, "<|im_end|>"])
    ids = json.loads(capsys.readouterr().out)["prompt_ids"]
    assert 1 == ids.count(end_of(chat_tokenizer, "chat"))
    question = [{"role": "user", "content": "<|im_end|>"}]
    assert render_chat(chat_tokenizer, question, answer=True).ids == ids
    assert 2 == main([*line, "ka lo mi " * 40])
    assert "and this model sees 40" in capsys.readouterr().err


def test_generation_ends_before_a_stop_id(
    chat_tokenizer: bpe.Tokenizer, chat_config: ModelConfig
) -> None:
    torch.manual_seed(0)
    model = GPT(chat_config)
    greedy = SampleConfig(temperature=0)
    free = list(generate(model, chat_tokenizer, [1], max_tokens=9, config=greedy))
    stop = free[3]
    ended = generate(model, chat_tokenizer, [1], max_tokens=9, config=greedy, stop_ids=[stop])
    assert free[: free.index(stop)] == list(ended)
