"""A checkpoint gives back exactly what was saved, or says which file is wrong."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

import bpe
import model
from bpe.errors import CheckpointError
from model import GPT, ModelConfig, TokenDataset, TrainConfig, Trainer, load_checkpoint
from model.optim import make_optimizer
from model.run_directory import MANIFEST, RunDirectory

Saved = tuple[Trainer, Path]


@pytest.fixture
def saved(
    tmp_path: Path,
    tokenizer: bpe.Tokenizer,
    config: ModelConfig,
    data: TokenDataset,
    train_config: TrainConfig,
) -> Saved:
    """A trainer after three steps, and the checkpoint of that moment."""
    run = RunDirectory(tmp_path / "run")
    run.path.mkdir()
    trainer = Trainer.start(config, tokenizer, data, train_config, run=run)
    for _ in range(3):
        trainer.train_step()
    path = trainer.save()
    assert path is not None
    return trainer, path


def sign_again(folder: Path) -> None:
    """Make the manifest match the files, as a careless or malicious hand would."""
    run = RunDirectory(folder.parent)
    files = {
        path.relative_to(folder): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != MANIFEST
    }

    def fill(target: Path) -> None:
        for name, content in files.items():
            (target / name).parent.mkdir(exist_ok=True)
            (target / name).write_bytes(content)

    run.publish(99, fill)


def test_everything_comes_back(saved: Saved, tokenizer: bpe.Tokenizer) -> None:
    trainer, path = saved
    random_state = torch.get_rng_state()
    loaded = load_checkpoint(path.parent)
    assert path == loaded.path
    assert 3 == loaded.state.step
    assert trainer.config == loaded.state.train
    assert tokenizer == loaded.tokenizer
    assert not loaded.model.training
    for name, tensor in trainer.model.state_dict().items():
        assert torch.equal(tensor, loaded.model.state_dict()[name]), name
    torch.manual_seed(7)
    loaded.restore_random_state()
    assert torch.equal(random_state, torch.get_rng_state())


def test_the_optimizer_comes_back(saved: Saved) -> None:
    trainer, path = saved
    loaded = load_checkpoint(path)
    optimizer = make_optimizer(loaded.model, loaded.state.train)
    loaded.restore_optimizer(optimizer)
    for mine, theirs in zip(loaded.model.parameters(), trainer.model.parameters(), strict=True):
        expected = trainer._optimizer.state[theirs]
        assert expected.keys() == optimizer.state[mine].keys()
        assert all(torch.equal(expected[key], optimizer.state[mine][key]) for key in expected)


def test_a_checkpoint_of_step_0_can_be_resumed(
    saved: Saved, data: TokenDataset, train_config: TrainConfig
) -> None:
    trainer, path = saved
    fresh = Trainer.start(
        trainer.model.config, trainer._tokenizer, data, train_config, run=RunDirectory(path.parent)
    )
    fresh.save()
    Trainer.resume(load_checkpoint(path.parent), data, train_config).train_step()


def change_json(path: Path, change: Callable[[dict[str, dict[str, object]]], object]) -> None:
    state = json.loads(path.read_text())
    change(state)
    path.write_text(json.dumps(state))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("model"), "'model'"),
        (lambda s: s["model"].pop("vocab_size"), "lacks the field 'vocab_size'"),
        (lambda s: s["model"].update(colour=1), "no field 'colour'"),
        (lambda s: s["model"].update(heads=3), "does not divide"),
        (lambda s: s.update(step=-1), "step = -1"),
        (lambda s: s.update(step="3"), "step = '3'"),
        (lambda s: s.update(data=5), r"state\.json cannot be used"),
        (lambda s: s["model"].update(layers=3), r"blocks\.2\.\S+ should be .* but is absent"),
        (lambda s: s["model"].update(layers=1), r"blocks\.1\.\S+ should be absent"),
        (lambda s: s["model"].update(n_embd=32), "should be torch.float32"),
        (lambda s: s["model"].update(n_embd=2 * 10**6), "should be torch.float32"),
        (lambda s: s["model"].update(n_embd=2 * 10**9), "architecture .* is none"),
        (lambda s: s["model"].update(vocab_size=300), "for 300 ids, and the tokenizer .* 301"),
        (lambda s: s.update(tokenizer_hash="0" * 64), "is not the tokenizer that"),
    ],
)
def test_a_state_that_contradicts_the_rest_is_refused(
    saved: Saved, change: Callable[[dict[str, dict[str, object]]], object], message: str
) -> None:
    _, path = saved
    change_json(path / "state.json", change)
    sign_again(path)
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(path.parent)


def test_another_tokenizer_of_the_same_size_is_refused(
    saved: Saved, tokenizer: bpe.Tokenizer, text: str
) -> None:
    _, path = saved
    other = bpe.train([text[::-1]], 301, pattern="gpt2", num_threads=1)
    assert tokenizer.n_vocab == other.n_vocab
    for file in (path / "tok").iterdir():
        file.unlink()
    (path / "tok").rmdir()
    other.save(path / "tok")
    sign_again(path)
    with pytest.raises(CheckpointError, match="is not the tokenizer that"):
        load_checkpoint(path.parent)


@pytest.mark.parametrize("content", [b"", b"\xff" * 8 + b"{}", b"\x02" + b"\0" * 7 + b"{}x"])
def test_tensors_that_are_none_are_refused(saved: Saved, content: bytes) -> None:
    _, path = saved
    (path / "model.safetensors").write_bytes(content)
    sign_again(path)
    with pytest.raises(CheckpointError, match=r"model\.safetensors"):
        load_checkpoint(path.parent)


def test_an_optimizer_of_another_model_is_refused(saved: Saved) -> None:
    _, path = saved
    file = path / "optimizer.safetensors"
    whole = load_file(file)
    first = min(whole)
    damages = [
        ({first + ".more": torch.zeros(1)}, "of no parameter"),
        ({name: torch.zeros(3) for name in whole if name.endswith("exp_avg")}, "has shape"),
    ]
    for damage, message in damages:
        save_file({**whole, **damage}, file)
        loaded = model.checkpoint.Checkpoint(path, *loaded_parts(path))
        with pytest.raises(CheckpointError, match=message):
            loaded.restore_optimizer(make_optimizer(loaded.model, loaded.state.train))
    save_file({name: t for name, t in whole.items() if "final_norm" not in name}, file)
    with pytest.raises(CheckpointError, match="nothing about final_norm"):
        loaded.restore_optimizer(make_optimizer(loaded.model, loaded.state.train))


def loaded_parts(path: Path) -> tuple[model.checkpoint.TrainingState, None, GPT]:
    """Return the parts of a checkpoint whose optimizer is not checked on the way."""
    state = model.checkpoint.TrainingState.from_json(json.loads((path / "state.json").read_text()))
    return state, None, GPT(state.model)


def test_dropout_and_tying_are_part_of_the_architecture(saved: Saved) -> None:
    trainer, path = saved
    loaded = load_checkpoint(path)
    assert trainer.model.config == loaded.model.config
    assert trainer.model.config != replace(loaded.model.config, tie_weights=False)


def test_no_pickle_is_written_or_read() -> None:
    """Not by us, and not by torch: `torch.load` and `torch.save` would bring it in."""
    forbidden = {"pickle", "torch.load", "torch.save", "marshal", "shelve", "joblib"}
    for source in Path(model.__file__).parent.rglob("*.py"):
        tree = ast.parse(source.read_text(encoding="utf-8"))
        used = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        used |= {
            alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        assert not forbidden & used, source


def test_a_checkpoint_holds_only_the_kinds_of_files_it_promises(saved: Saved) -> None:
    _, path = saved
    assert {"model", "optimizer", "rng"} == {file.stem for file in path.glob("*.safetensors")}
    assert {"state.json", "manifest.json"} == {file.name for file in path.glob("*.json")}
    assert {"tok"} == {folder.name for folder in path.iterdir() if folder.is_dir()}
