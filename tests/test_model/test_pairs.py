"""The loss is on the completion alone, and a model learns to answer."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import bpe
from bpe.errors import CorpusError, TrainingError
from model import GPT, ModelConfig, TrainConfig, Trainer, generate, load_checkpoint
from model.chat import END, START
from model.cli import main
from model.loss import IGNORED
from model.pairs import PairBatchMaker, open_pairs
from model.run_directory import RunDirectory
from model.sample import SampleConfig

PAIRS = [(f"Say {word}.", f" {word}!") for word in ("ka", "lo", "mi", "ter", "dor", "ra", "ni")]


@pytest.fixture
def source(tmp_path: Path) -> str:
    path = tmp_path / "pairs.jsonl"
    lines = (json.dumps({"prompt": p, "completion": c, "more": 1}) for p, c in PAIRS)
    path.write_text("\n".join(lines) + "\n\n")
    return str(path)


@pytest.fixture
def settings(train_config: TrainConfig) -> TrainConfig:
    return replace(train_config, pairs="plain", val_fraction=0.2)


def test_targets_are_the_completion_and_its_end(
    source: str, tokenizer: bpe.Tokenizer, settings: TrainConfig
) -> None:
    data = open_pairs(source, tokenizer, 32, settings)
    assert (6, 7) == (data.num_train_pairs, len(data.completions))
    batch = data.batch(np.arange(7))
    for row, (prompt, completion) in enumerate(PAIRS):
        targets = batch.targets_BT[row]
        learned = targets[targets != IGNORED].tolist()
        assert [*tokenizer.encode_ordinary(completion), 300] == learned
        seen = batch.inputs_BT[row].tolist()
        whole = [*tokenizer.encode_ordinary(prompt), *learned[:-1]]
        assert whole == seen[: len(whole)]
        first = len(tokenizer.encode_ordinary(prompt)) - 1
        assert learned[0] == targets[first], "predicted from the last token of the prompt"


def test_a_long_prompt_loses_its_beginning_and_that_is_said(
    source: str, tokenizer: bpe.Tokenizer, settings: TrainConfig
) -> None:
    said: list[str] = []
    data = open_pairs(source, tokenizer, 6, settings, note=said.append)
    assert any("lost their beginning" in line for line in said)
    assert max(np.diff(data.bounds)) <= 7
    batch = data.batch(np.array([0]))
    learned = batch.targets_BT[0][batch.targets_BT[0] != IGNORED].tolist()
    assert [*tokenizer.encode_ordinary(" ka!"), 300] == learned


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("not json", "line 2: it should be a JSON object"),
        ('{"prompt": "a"}', "line 2: it should be a JSON object"),
        ('{"prompt": "a", "completion": 3}', "line 2"),
        ('{"prompt": "a", "completion": "%s"}' % ("x" * 99), "line 2: the completion has"),
    ],
)
def test_a_line_that_is_no_pair_is_refused_by_number(
    tmp_path: Path, tokenizer: bpe.Tokenizer, settings: TrainConfig, line: str, message: str
) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text('{"prompt": "a", "completion": "b"}\n' + line + "\n")
    with pytest.raises(CorpusError, match=message):
        open_pairs(str(path), tokenizer, 32, settings)
    path.write_text('{"prompt": "a", "completion": "b"}\n')
    with pytest.raises(CorpusError, match="1 pairs; training takes two or more"):
        open_pairs(str(path), tokenizer, 32, settings)


def test_a_masked_model_does_not_answer(
    source: str, tokenizer: bpe.Tokenizer, settings: TrainConfig, config: ModelConfig
) -> None:
    data = open_pairs(source, tokenizer, 32, settings)
    with pytest.raises(TrainingError, match="--pairs is for a GPT"):
        PairBatchMaker(data, replace(config, objective="masked"), settings)


def test_a_model_learns_to_answer_and_resumes_exactly(
    source: str,
    tokenizer: bpe.Tokenizer,
    settings: TrainConfig,
    config: ModelConfig,
    tmp_path: Path,
) -> None:
    config = replace(config, block_size=32, dropout=0.0, n_embd=32)
    settings = replace(
        settings, steps=200, batch_size=6, optimizer="muon", eval_every=200, save_every=200
    )
    data = open_pairs(source, tokenizer, 32, settings)
    run = RunDirectory(tmp_path / "run")
    run.path.mkdir()
    trainer = Trainer.start(config, tokenizer, data, settings, run=run)
    for _ in range(50):
        trainer.train_step()
    trainer.save()
    resumed = Trainer.resume(load_checkpoint(run.path), data, settings)
    for each in (trainer, resumed):
        each.train()
    for name, expected in trainer.model.state_dict().items():
        assert torch.equal(expected, resumed.model.state_dict()[name]), name
    greedy = SampleConfig(temperature=0)
    model = trainer.model
    assert isinstance(model, GPT)
    for prompt, completion in PAIRS[:6]:
        ids = generate(model, tokenizer, tokenizer.encode(prompt), max_tokens=20, config=greedy)
        assert completion == tokenizer.decode(list(ids))


def test_the_whole_way_on_the_command_line(
    source: str, text: str, text_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    special = ("<|endoftext|>", START, END)
    bpe.train([text], 310, special_tokens=special, num_threads=1).save("tok")
    shape = ["--n-embd", "16", "--block-size", "40", "--heads", "2", "--layers", "1"]
    some = ["--steps", "3", "--batch-size", "2", "--eval-batches", "1", "--device", "cpu"]
    assert 0 == main(["train", "-m", "tok", "-d", "text.txt", "-s", "base", *shape, *some])
    tune = ["train", "--init-from", "base", "-d", source, "--pairs", "chat", "-s", "tuned"]
    assert 0 == main([*tune, *some])
    assert 0 == main(["evaluate", "-l", "tuned"])
    assert b"bits per byte" in capfdbinary.readouterr().out
    assert "chat" == load_checkpoint("tuned").state.train.pairs
    assert 0 == main(["sample", "-l", "tuned", "--chat", "-p", "Say ka.", "--max-tokens", "4"])
    assert 2 == main(["sample", "-l", "tuned", "--chat", "--allow-special", "-p", "x"])
