"""A KAN is the sum of its edges, trains, and comes back from a checkpoint."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

import bpe
from model import GPT, ModelConfig, TokenDataset, TrainConfig, Trainer, load_checkpoint
from model.kan import GRID, NUM_CENTERS, SPACING, KANLayer, gaussians
from model.run_directory import RunDirectory


def test_a_layer_is_the_sum_of_its_edges() -> None:
    torch.manual_seed(0)
    layer = KANLayer(3, 2)
    x_BTI = torch.randn(2, 5, 3) * 4
    z_BTI = F.layer_norm(x_BTI, (3,))
    for out in range(2):
        edges = [layer.edge(index, out, z_BTI[..., index].flatten()) for index in range(3)]
        torch.testing.assert_close(torch.stack(edges).sum(0), layer(x_BTI)[..., out].flatten())


def test_an_edge_is_its_formula() -> None:
    layer = KANLayer(2, 2)
    z = 0.7
    expected = layer.base.weight[1, 0].item() * z * torch.sigmoid(torch.tensor(z)).item()
    for k in range(NUM_CENTERS):
        center = -GRID + k * SPACING
        bump = 2.718281828459045 ** -(((z - center) / SPACING) ** 2)
        expected += layer.spline.weight[1, k].item() * bump
    assert expected == pytest.approx(layer.edge(0, 1, torch.tensor([z])).item(), abs=1e-6)


def test_the_gaussians_cover_the_grid_and_are_computed_in_float32() -> None:
    found = gaussians(torch.linspace(-GRID, GRID, 50).bfloat16())
    assert (50, NUM_CENTERS) == found.shape
    assert torch.float32 == found.dtype
    assert found.max(-1).values.min() > 0.75, "no input is far from every centre"


def test_every_parameter_of_a_model_with_kan_gets_a_gradient(config: ModelConfig) -> None:
    model = GPT(replace(config, ffn="kan"))
    model(torch.randint(300, (2, 12))).exp().sum().backward()
    idle = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum()]
    assert [] == idle


def test_a_model_with_kan_learns_and_comes_back(
    config: ModelConfig,
    tokenizer: bpe.Tokenizer,
    data: TokenDataset,
    train_config: TrainConfig,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    run = RunDirectory(tmp_path_factory.mktemp("run"))
    settings = replace(train_config, steps=60, eval_every=60, save_every=60)
    trainer = Trainer.start(replace(config, ffn="kan"), tokenizer, data, settings, run=run)
    first = trainer.evaluate()
    trainer.train()
    assert first is not None
    assert trainer.last_evaluation is not None
    assert trainer.last_evaluation.loss < first.loss - 0.3
    ids_BT = torch.randint(300, (1, 12))
    expected_BTV = trainer.model.eval()(ids_BT)
    assert torch.equal(expected_BTV, load_checkpoint(run.path).model(ids_BT))
