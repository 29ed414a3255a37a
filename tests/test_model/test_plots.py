"""Every curve of the log is in the picture, and the picture is a file of the kind asked for."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import bpe
from bpe.errors import CheckpointError, MissingDependencyError
from model import GPT, ModelConfig, TokenDataset, TrainConfig, Trainer
from model.cli import main
from model.history import History, read_history
from model.kan import KANLayer
from model.plots import kan_layer_of, plot_edges, plot_histories, render
from model.run_directory import RunDirectory


@pytest.fixture
def runs(
    config: ModelConfig,
    tokenizer: bpe.Tokenizer,
    data: TokenDataset,
    train_config: TrainConfig,
    tmp_path: Path,
) -> list[Path]:
    paths = [tmp_path / name for name in ("first", "second")]
    for path in paths:
        path.mkdir()
        kan = replace(config, ffn="kan")
        Trainer.start(kan, tokenizer, data, train_config, run=RunDirectory(path)).train()
    return paths


def curves(panel: Any) -> list[tuple[list[float], list[float]]]:
    return [(list(line.get_xdata()), list(line.get_ydata())) for line in panel.get_lines()]


def test_the_panels_hold_the_numbers_of_the_log(runs: list[Path]) -> None:
    pytest.importorskip("matplotlib")
    histories = [read_history(run) for run in runs]
    panels = plot_histories(histories).get_axes()
    assert 9 == len(panels)
    (first, *_) = histories
    losses = [point.values["loss"] for point in first.evaluations]
    assert ([0, 4, 8], losses) == curves(panels[0])[1]
    assert ([0, 4 * 48, 8 * 48], losses) == curves(panels[1])[1]
    assert [point.seconds for point in first.evaluations] == curves(panels[2])[1][0]
    bits = [point.values["bits_per_byte"] for point in first.evaluations]
    assert ([0, 4, 8], bits) == curves(panels[3])[1]
    rates = [point.values["lr"] for point in first.train]
    assert (list(range(1, 9)), rates) == curves(panels[6])[0]
    assert 2 == len(curves(panels[7])), "the speed of both runs"


def test_the_runs_are_named(runs: list[Path]) -> None:
    pytest.importorskip("matplotlib")
    figure = plot_histories([read_history(run) for run in runs])
    (legend,) = figure.legends
    assert ["first", "second"] == [text.get_text() for text in legend.get_texts()]


def test_the_same_run_gives_the_same_file(runs: list[Path]) -> None:
    pytest.importorskip("matplotlib")
    for kind, begin in (("png", b"\x89PNG"), ("svg", b"<?xml")):
        one, two = (render(plot_histories([read_history(runs[0])]), kind) for _ in range(2))
        assert one.startswith(begin)
        assert one == two


def test_edges_are_drawn_as_the_layer_computes_them() -> None:
    pytest.importorskip("matplotlib")
    import torch

    layer = KANLayer(3, 2)
    panels = plot_edges(layer).get_axes()
    assert 6 == len(panels)
    z, y = curves(panels[4])[0]
    assert y == pytest.approx(layer.edge(1, 1, torch.tensor(z)).tolist(), abs=1e-6)


def test_a_model_without_edges_is_refused(config: ModelConfig) -> None:
    with pytest.raises(CheckpointError, match="gelu, which has no edges"):
        kan_layer_of(GPT(config))
    assert isinstance(kan_layer_of(GPT(replace(config, ffn="kan"))), KANLayer)


def test_the_command_writes_what_the_name_says(
    runs: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    root = runs[0].parent
    assert 0 == main(["plot", *map(str, runs), "-o", str(root / "both")])
    assert (root / "both.png").read_bytes().startswith(b"\x89PNG")
    assert re.search(b"<svg", (root / "both.svg").read_bytes())
    assert 0 == main(["plot", str(runs[0]), "--edges", "-o", str(root / "edges.svg")])
    assert not (root / "edges.png").exists()
    assert 1 == main(["plot", str(runs[0]), "-o", str(root / "both.png")])
    assert "exists" in capsys.readouterr().err
    assert 0 == main(["plot", str(runs[0]), "-o", str(root / "both.png"), "--force"])


def test_what_makes_no_picture_is_wrong_usage(
    runs: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert 2 == main(["plot", str(runs[0]), "-o", "plot.jpeg"])
    assert "neither in .png nor in .svg" in capsys.readouterr().err
    assert 2 == main(["plot", *map(str, runs), "--edges"])
    assert "name one run" in capsys.readouterr().err


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingDependencyError, match=r"chimera-bpe\[plot\]"):
        plot_histories([History("x", (), ())])
