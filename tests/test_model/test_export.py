"""An export computes what the model computes: by the formulas of the class, and in transformers."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

import bpe
from bpe.errors import CheckpointError, OutputExistsError
from model import GPT, ModelConfig, TrainConfig, generate
from model.architectures import build_model
from model.chat import render_chat
from model.checkpoint import Checkpoint, TrainingState
from model.export import export_huggingface, huggingface_class
from model.sample import SampleConfig

LLAMA: dict[str, Any] = {"arch": "llama", "n_embd": 24, "heads": 6, "kv_heads": 2}
KINDS: dict[str, dict[str, Any]] = {
    "GPT2LMHeadModel": {},
    "LlamaForCausalLM": {**LLAMA, "tie_weights": False, "rope_base": 500.0},
    "Qwen3ForCausalLM": {**LLAMA, "qk_norm": True},
}


@pytest.fixture(params=KINDS)
def checkpoint(
    request: pytest.FixtureRequest, config: ModelConfig, tokenizer: bpe.Tokenizer, tmp_path: Path
) -> Checkpoint:
    """A model of each kind whose every weight matters."""
    torch.manual_seed(0)
    model = build_model(replace(config, **KINDS[request.param])).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, mean=float(parameter.dim() == 1), std=0.2)
    state = TrainingState(1, model.config, TrainConfig(), tokenizer.content_hash, {})
    return Checkpoint(tmp_path, state, tokenizer, model)


def expected(checkpoint: Checkpoint, ids: torch.Tensor) -> torch.Tensor:
    logits: torch.Tensor = checkpoint.model(ids)
    return logits[..., : checkpoint.state.model.vocab_size]


def gpt2(w: dict[str, torch.Tensor], c: dict[str, Any], ids: torch.Tensor) -> torch.Tensor:
    """GPT-2 written from its description, over the names of the export."""
    x = w["transformer.wte.weight"][ids] + w["transformer.wpe.weight"][: ids.shape[1]]

    def norm(x: torch.Tensor, name: str) -> torch.Tensor:
        weight, bias = w[f"transformer.{name}.weight"], w[f"transformer.{name}.bias"]
        return F.layer_norm(x, x.shape[-1:], weight, bias, c["layer_norm_epsilon"])

    for i in range(c["n_layer"]):

        def conv1d(x: torch.Tensor, name: str, i: int = i) -> torch.Tensor:
            prefix = f"transformer.h.{i}.{name}"
            return x @ w[f"{prefix}.weight"] + w[f"{prefix}.bias"]

        q, k, v = (
            part.unflatten(-1, (c["n_head"], -1)).transpose(1, 2)
            for part in conv1d(norm(x, f"h.{i}.ln_1"), "attn.c_attn").chunk(3, -1)
        )
        x = x + conv1d(attend(q, k, v), "attn.c_proj")
        x = x + conv1d(F.gelu(conv1d(norm(x, f"h.{i}.ln_2"), "mlp.c_fc")), "mlp.c_proj")
    return norm(x, "ln_f") @ w["transformer.wte.weight"].T


def llama(w: dict[str, torch.Tensor], c: dict[str, Any], ids: torch.Tensor) -> torch.Tensor:
    """Llama and Qwen3 written from their description, over the names of the export."""
    x = w["model.embed_tokens.weight"][ids]
    width = c["head_dim"]

    def norm(x: torch.Tensor, name: str) -> torch.Tensor:
        scaled = x / (x.square().mean(-1, keepdim=True) + c["rms_norm_eps"]).sqrt()
        return scaled * w[f"{name}.weight"]

    angles = c["rope_parameters"]["rope_theta"] ** (-torch.arange(0, width, 2) / width)
    angles = torch.arange(ids.shape[1])[:, None] * torch.cat([angles, angles])

    def rotate(x: torch.Tensor) -> torch.Tensor:
        half = torch.cat([-x[..., width // 2 :], x[..., : width // 2]], -1)
        return x * angles.cos() + half * angles.sin()

    for i in range(c["num_hidden_layers"]):
        layer = f"model.layers.{i}"
        normed = norm(x, f"{layer}.input_layernorm")
        q, k, v = (
            (normed @ w[f"{layer}.self_attn.{kind}_proj.weight"].T)
            .unflatten(-1, (-1, width))
            .transpose(1, 2)
            for kind in "qkv"
        )
        if c["model_type"] == "qwen3":
            q, k = norm(q, f"{layer}.self_attn.q_norm"), norm(k, f"{layer}.self_attn.k_norm")
        groups = c["num_attention_heads"] // c["num_key_value_heads"]
        k, v = (part.repeat_interleave(groups, 1) for part in (rotate(k), v))
        x = x + attend(rotate(q), k, v) @ w[f"{layer}.self_attn.o_proj.weight"].T
        normed = norm(x, f"{layer}.post_attention_layernorm")
        gate, up = (normed @ w[f"{layer}.mlp.{name}_proj.weight"].T for name in ("gate", "up"))
        x = x + (F.silu(gate) * up) @ w[f"{layer}.mlp.down_proj.weight"].T
    tied = c["tie_word_embeddings"]
    return norm(x, "model.norm") @ w["model.embed_tokens.weight" if tied else "lm_head.weight"].T


def attend(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
    future = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
    mixed = scores.masked_fill(future, -torch.inf).softmax(-1) @ v
    return mixed.transpose(1, 2).flatten(-2)


def test_the_files_compute_what_the_model_computes(checkpoint: Checkpoint, tmp_path: Path) -> None:
    name = export_huggingface(checkpoint, tmp_path / "out")
    settings = json.loads((tmp_path / "out" / "config.json").read_text())
    assert [name] == settings["architectures"]
    assert 301 == settings["vocab_size"], "padded rows are cut off"
    ids = torch.randint(301, (2, 12))
    formula = gpt2 if settings["model_type"] == "gpt2" else llama
    found = formula(load_file(tmp_path / "out" / "model.safetensors"), settings, ids)
    torch.testing.assert_close(expected(checkpoint, ids), found, atol=1e-4, rtol=1e-4)


def test_the_tokenizer_goes_with_it(checkpoint: Checkpoint, tmp_path: Path, text: str) -> None:
    export_huggingface(checkpoint, tmp_path / "out")
    again = bpe.Tokenizer.load(tmp_path / "out" / "tokenizer.json")
    assert checkpoint.tokenizer.encode_ordinary(text) == again.encode_ordinary(text)
    ends = json.loads((tmp_path / "out" / "generation_config.json").read_text())
    assert {"bos_token_id": 300, "eos_token_id": 300} == ends


def test_an_export_is_replaced_only_if_asked(checkpoint: Checkpoint, tmp_path: Path) -> None:
    export_huggingface(checkpoint, tmp_path / "out")
    with pytest.raises(OutputExistsError, match="exists"):
        export_huggingface(checkpoint, tmp_path / "out")
    export_huggingface(checkpoint, tmp_path / "out", overwrite=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"objective": "masked"}, "masked language model"),
        ({"ffn": "relu2"}, "the feed-forward relu2 in gpt2"),
        ({"ffn": "swiglu"}, "the feed-forward swiglu in gpt2"),
        ({"arch": "llama", "ffn": "gelu"}, "the feed-forward gelu in llama"),
        ({"ffn": "kan"}, "the feed-forward kan in gpt2"),
        ({"cross_attention": True}, "cross-attention"),
        ({"kv_heads": 1}, "grouped heads in gpt2"),
        ({"qk_norm": True}, "QK-norm in gpt2"),
    ],
)
def test_what_no_class_can_express_is_refused_by_name(
    config: ModelConfig, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(CheckpointError, match=f"no class for .*{message}"):
        huggingface_class(replace(config, **change))


def test_transformers_loads_it_and_gives_the_same_logits(
    checkpoint: Checkpoint, tmp_path: Path
) -> None:
    transformers = pytest.importorskip("transformers")
    name = export_huggingface(checkpoint, tmp_path / "out")
    theirs = getattr(transformers, name).from_pretrained(tmp_path / "out").eval()
    ids = torch.randint(301, (2, 12))
    torch.testing.assert_close(expected(checkpoint, ids), theirs(ids).logits, atol=1e-4, rtol=1e-4)


def test_transformers_writes_the_same_200_tokens(checkpoint: Checkpoint, tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    long = replace(checkpoint.state.model, block_size=224)
    torch.manual_seed(0)
    model = build_model(long).eval()
    assert isinstance(model, GPT)
    for name, parameter in model.named_parameters():
        std = 2.0 if "position" in name else 0.4  # places that matter keep it from one id for ever
        torch.nn.init.normal_(parameter, mean=float(name.endswith("norm.weight")), std=std)
    with torch.no_grad():
        model.head_weight[300] = 0  # a text that ends early would prove less
    longer = replace(checkpoint, state=replace(checkpoint.state, model=long), model=model)
    name = export_huggingface(longer, tmp_path / "out")
    theirs = getattr(transformers, name).from_pretrained(tmp_path / "out").eval()
    prompt = [5, 17, 280]
    greedy = SampleConfig(temperature=0)
    ours = list(generate(model, checkpoint.tokenizer, prompt, max_tokens=200, config=greedy))
    found = theirs.generate(torch.tensor([prompt]), max_new_tokens=200, do_sample=False)
    assert (200, ours) == (len(ours), found[0, 3:].tolist())
    assert len(set(ours)) > 20, "no model that says one thing"


def test_a_model_that_learned_to_chat_brings_its_template(
    config: ModelConfig, chat_tokenizer: bpe.Tokenizer, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    model = build_model(replace(config, vocab_size=303, padded_vocab_size=0))
    settings = TrainConfig(pairs="chat")
    state = TrainingState(1, model.config, settings, chat_tokenizer.content_hash, {})
    export_huggingface(Checkpoint(tmp_path, state, chat_tokenizer, model), tmp_path / "out")
    ends = json.loads((tmp_path / "out" / "generation_config.json").read_text())
    assert {"bos_token_id": 300, "eos_token_id": [302, 300]} == ends
    transformers = pytest.importorskip("transformers")
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path / "out")
    assert "<|im_end|>" == theirs.eos_token
    talk = [
        {"role": "user", "content": "Grüß mich, ka lo mi!"},
        {"role": "assistant", "content": "Hi \n\n"},
        {"role": "user", "content": "Bye."},
    ]
    found = theirs.apply_chat_template(talk, add_generation_prompt=True, return_dict=False)
    assert render_chat(chat_tokenizer, talk, answer=True).ids == found
