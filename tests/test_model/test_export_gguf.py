"""A GGUF file computes what the model computes, by the formulas of llama.cpp's architectures."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import bpe
from bpe.errors import (
    CheckpointError,
    FormatError,
    FormatWarning,
    MissingDependencyError,
    OutputExistsError,
)
from model import ModelConfig, TrainConfig
from model.architectures import build_model
from model.chat import JINJA
from model.checkpoint import Checkpoint, TrainingState
from model.export_gguf import export_gguf, gguf_architecture, gguf_tensors, neighbours
from test_model.test_export import attend, expected

LLAMA: dict[str, Any] = {"arch": "llama", "n_embd": 24, "heads": 6, "kv_heads": 2}
KINDS: dict[str, dict[str, Any]] = {
    "gpt2": {},
    "llama": {**LLAMA, "tie_weights": False, "rope_base": 500.0},
    "qwen3": {**LLAMA, "qk_norm": True},
}
Weights = dict[str, torch.Tensor]


def checkpoint_of(config: ModelConfig, tokenizer: bpe.Tokenizer, folder: Path) -> Checkpoint:
    """A model whose every weight matters."""
    torch.manual_seed(0)
    model = build_model(config).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, mean=float(parameter.dim() == 1), std=0.2)
    state = TrainingState(1, model.config, TrainConfig(), tokenizer.content_hash, {})
    return Checkpoint(folder, state, tokenizer, model)


@pytest.fixture(params=KINDS)
def checkpoint(
    request: pytest.FixtureRequest, config: ModelConfig, tokenizer: bpe.Tokenizer, tmp_path: Path
) -> Checkpoint:
    return checkpoint_of(replace(config, **KINDS[request.param]), tokenizer, tmp_path)


def linear(w: Weights, name: str, x: torch.Tensor) -> torch.Tensor:
    return F.linear(x, w[f"{name}.weight"], w.get(f"{name}.bias"))


def logits_of(w: Weights, fields: dict[str, Any], ids: torch.Tensor) -> torch.Tensor:
    """llama.cpp's graphs of gpt2, llama and qwen3, over the names in the file."""
    arch = fields["general.architecture"]

    def of(key: str) -> Any:
        return fields[f"{arch}.{key}"]

    def norm(x: torch.Tensor, name: str) -> torch.Tensor:
        if arch == "gpt2":
            eps = of("attention.layer_norm_epsilon")
            return F.layer_norm(x, x.shape[-1:], w[f"{name}.weight"], w[f"{name}.bias"], eps)
        eps = of("attention.layer_norm_rms_epsilon")
        return F.rms_norm(x, x.shape[-1:], w[f"{name}.weight"], eps)

    def rotate(x: torch.Tensor) -> torch.Tensor:
        width = of("rope.dimension_count")
        speeds = of("rope.freq_base") ** (-torch.arange(0, width, 2) / width)
        turn = torch.polar(torch.tensor(1.0), torch.arange(ids.shape[1])[:, None] * speeds)
        if arch == "llama":  # neighbours
            pairs = torch.view_as_complex(x.unflatten(-1, (-1, 2)).contiguous())
            return torch.view_as_real(pairs * turn).flatten(-2)
        turned = torch.complex(*x.chunk(2, -1)) * turn  # halves
        return torch.cat([turned.real, turned.imag], -1)

    x = w["token_embd.weight"][ids]
    if arch == "gpt2":
        x = x + w["position_embd.weight"][: ids.shape[1]]
    for layer in range(of("block_count")):
        blk = f"blk.{layer}"
        normed = norm(x, f"{blk}.attn_norm")
        if arch == "gpt2":
            parts = linear(w, f"{blk}.attn_qkv", normed).chunk(3, -1)
            heads = [of("attention.head_count")] * 3
        else:
            parts = tuple(linear(w, f"{blk}.attn_{kind}", normed) for kind in "qkv")
            heads = [of("attention.head_count"), *[of("attention.head_count_kv")] * 2]
        q, k, v = (
            part.unflatten(-1, (count, -1)).transpose(1, 2)
            for part, count in zip(parts, heads, strict=True)
        )
        if arch == "qwen3":
            q, k = norm(q, f"{blk}.attn_q_norm"), norm(k, f"{blk}.attn_k_norm")
        if arch != "gpt2":
            q, k = rotate(q), rotate(k)
        k, v = (part.repeat_interleave(heads[0] // heads[1], 1) for part in (k, v))
        x = x + linear(w, f"{blk}.attn_output", attend(q, k, v))
        normed = norm(x, f"{blk}.ffn_norm")
        up = linear(w, f"{blk}.ffn_up", normed)
        hidden = F.gelu(up) if arch == "gpt2" else F.silu(linear(w, f"{blk}.ffn_gate", normed)) * up
        x = x + linear(w, f"{blk}.ffn_down", hidden)
    return norm(x, "output_norm") @ w.get("output.weight", w["token_embd.weight"]).T


def read(path: Path) -> tuple[Weights, dict[str, Any]]:
    """Read a file with the reader of the package `gguf`."""
    gguf = pytest.importorskip("gguf")
    reader = gguf.GGUFReader(path)
    # GGUF names the fastest dimension first.
    weights = {
        tensor.name: torch.from_numpy(np.array(tensor.data)).view(*tensor.shape.tolist()[::-1])
        for tensor in reader.tensors
    }
    return weights, {name: field.contents() for name, field in reader.fields.items()}


@pytest.mark.filterwarnings("ignore::bpe.errors.FormatWarning")
def test_the_file_computes_what_the_model_computes(checkpoint: Checkpoint, tmp_path: Path) -> None:
    pytest.importorskip("gguf")
    arch = export_gguf(checkpoint, tmp_path / "x.gguf")
    weights, fields = read(tmp_path / "x.gguf")
    assert fields["general.architecture"] == arch
    assert (301, 12) == (len(weights["token_embd.weight"]), fields[f"{arch}.context_length"])
    ids = torch.randint(301, (2, 12))
    found = logits_of(weights, fields, ids)
    torch.testing.assert_close(expected(checkpoint, ids), found, atol=1e-4, rtol=1e-4)


@pytest.mark.filterwarnings("ignore::bpe.errors.FormatWarning")
def test_the_tokenizer_is_in_the_file(checkpoint: Checkpoint, tmp_path: Path) -> None:
    pytest.importorskip("gguf")
    export_gguf(checkpoint, tmp_path / "x.gguf")
    checkpoint.tokenizer.save(tmp_path / "alone.gguf")
    (_, fields), (_, alone) = read(tmp_path / "x.gguf"), read(tmp_path / "alone.gguf")
    names = [name for name in alone if name.startswith("tokenizer.")]
    assert len(names) > 6
    for name in names:
        assert alone[name] == fields[name], name


def test_every_name_is_one_that_llama_cpp_knows(checkpoint: Checkpoint) -> None:
    gguf = pytest.importorskip("gguf")
    config = checkpoint.state.model
    arch = getattr(gguf.MODEL_ARCH, gguf_architecture(config).upper())
    known = {
        gguf.TENSOR_NAMES[tensor].format(bid=layer)
        for tensor in gguf.MODEL_TENSORS[arch]
        for layer in range(config.layers)
    }
    names = gguf_tensors(checkpoint.model.state_dict(), config)
    assert set() == {name.rsplit(".", 1)[0] for name in names} - known


def test_every_parameter_is_in_the_file(checkpoint: Checkpoint) -> None:
    config = checkpoint.state.model
    tensors = gguf_tensors(checkpoint.model.state_dict(), config)
    padded = (config.padded_vocab_size - config.vocab_size) * config.n_embd
    tables = 1 if config.tie_weights else 2
    total = sum(parameter.numel() for parameter in checkpoint.model.parameters())
    assert total - tables * padded == sum(tensor.numel() for tensor in tensors.values())


def test_rows_change_places_within_their_head() -> None:
    weight = torch.arange(12.0).view(6, 2)
    by_hand = [weight[row] for head in (0,) for i in range(3) for row in (head + i, head + i + 3)]
    assert torch.equal(torch.stack(by_hand), neighbours(weight, 1))


def test_the_approximation_of_gelu_is_said(
    config: ModelConfig, tokenizer: bpe.Tokenizer, tmp_path: Path
) -> None:
    pytest.importorskip("gguf")
    with pytest.warns(FormatWarning, match="off by up to 0.0005, and on a CPU"):
        export_gguf(checkpoint_of(config, tokenizer, tmp_path), tmp_path / "x.gguf")
    x = torch.linspace(-6, 6, 10_001)
    assert 0.0004 < (F.gelu(x) - F.gelu(x, approximate="tanh")).abs().max() < 0.0005


def test_nothing_is_replaced_unless_asked(
    config: ModelConfig, tokenizer: bpe.Tokenizer, tmp_path: Path
) -> None:
    pytest.importorskip("gguf")
    checkpoint = checkpoint_of(replace(config, **LLAMA), tokenizer, tmp_path)
    path = tmp_path / "x.gguf"
    path.write_text("mine")
    with pytest.raises(OutputExistsError):
        export_gguf(checkpoint, path)
    assert "mine" == path.read_text()
    export_gguf(checkpoint, path, overwrite=True)
    assert [path] == list(tmp_path.iterdir()), "and nothing is left beside it"


def test_what_llama_cpp_cannot_compute_is_refused_by_name(config: ModelConfig) -> None:
    with pytest.raises(CheckpointError, match=r"llama.cpp has no architecture for .* relu2 in"):
        gguf_architecture(replace(config, ffn="relu2"))
    with pytest.raises(CheckpointError, match=r"llama.cpp has no architecture for a masked"):
        gguf_architecture(replace(config, objective="masked"))


def test_what_llama_cpp_cannot_split_is_refused(
    config: ModelConfig, text: str, tmp_path: Path
) -> None:
    tokenizer = bpe.train([text], 301, pattern="nanochat", num_threads=1)
    with pytest.raises(FormatError, match=r"llama\.cpp knows none"):
        export_gguf(checkpoint_of(config, tokenizer, tmp_path), tmp_path / "x.gguf")


def test_the_library_is_asked_for(
    config: ModelConfig, tokenizer: bpe.Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "gguf", None)
    with pytest.raises(MissingDependencyError, match=r"chimera-bpe\[gguf\]"):
        export_gguf(checkpoint_of(config, tokenizer, tmp_path), tmp_path / "x.gguf")


def test_a_model_that_learned_to_chat_brings_its_template(
    config: ModelConfig, chat_tokenizer: bpe.Tokenizer, tmp_path: Path
) -> None:
    pytest.importorskip("gguf")
    shape = replace(config, **LLAMA, vocab_size=303, padded_vocab_size=0)
    plain = checkpoint_of(shape, chat_tokenizer, tmp_path)
    export_gguf(plain, tmp_path / "plain.gguf")
    assert "tokenizer.chat_template" not in read(tmp_path / "plain.gguf")[1]
    state = replace(plain.state, train=TrainConfig(pairs="chat"))
    export_gguf(replace(plain, state=state), tmp_path / "chat.gguf")
    fields = read(tmp_path / "chat.gguf")[1]
    assert JINJA == fields["tokenizer.chat_template"]
    assert 302 == fields["tokenizer.ggml.eot_token_id"]
