"""A way to llama.cpp: the model and its tokenizer in one GGUF file.

    gpt2                 -> gpt2     attn_qkv is one matrix
    llama                -> llama    the rows of attn_q and attn_k are in another order, see below
    llama with QK-norm   -> qwen3

All tensors are float32; `llama-quantize` makes smaller ones. A tied head is stored once: llama.cpp
takes the token table where there is no `output.weight`. Padded rows are cut off. llama.cpp turns
neighbours, channels 2 i and 2 i + 1, in its architecture `llama`, where ours and transformers turn
i and i + H / 2 (as its `qwen3` does); so the rows of queries and keys change places, head by head.

Source of names and layouts: llama.cpp, `convert_hf_to_gguf.py`, `gguf-py`, `src/llama-model.cpp`.
llama.cpp itself (b9190) gives the same logits and text: `tests/test_model/test_llama_cpp.py`.
"""

from __future__ import annotations

import shutil
import tempfile
import warnings
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from bpe.errors import FormatWarning
from bpe.files import check_output, open_for_writing
from bpe.formats.gguf import add_tokenizer, check_tokenizer, import_gguf
from model.chat import JINJA, end_of
from model.checkpoint import Checkpoint
from model.config import ModelConfig
from model.export import check_exportable
from model.layers import NORM_EPS

_GPT2_PARTS = {
    "attention_norm": "attn_norm",
    "attention.qkv": "attn_qkv",
    "attention.out": "attn_output",
    "mlp_norm": "ffn_norm",
    "mlp.up": "ffn_up",
    "mlp.down": "ffn_down",
}
_LLAMA_PARTS = {
    "attention_norm": "attn_norm",
    "attention.q_norm": "attn_q_norm",
    "attention.k_norm": "attn_k_norm",
    "attention.out": "attn_output",
    "mlp_norm": "ffn_norm",
    "mlp.gate": "ffn_gate",
    "mlp.up": "ffn_up",
    "mlp.down": "ffn_down",
}


def export_gguf(
    checkpoint: Checkpoint, path: str | PathLike[str], *, overwrite: bool = False
) -> str:
    """Write a GGUF file, complete or not at all; return the name of its architecture.

    Raises:
        CheckpointError: llama.cpp has no architecture that computes this; the message says why.
        FormatError: llama.cpp would split text otherwise than this tokenizer.
        MissingDependencyError: `gguf` is not installed.
        OutputExistsError: The file is there and `overwrite` is not set.
    """
    config, spec = checkpoint.state.model, checkpoint.tokenizer.spec
    arch = gguf_architecture(config)
    check_tokenizer(spec)
    gguf = import_gguf()
    if arch == "gpt2":
        warnings.warn(
            "llama.cpp computes the GELU of gpt2 by its approximation with tanh, which is off by "
            "up to 0.0005, and on a CPU from a table in half precision, which is off by up to "
            "0.004; the model was trained with the exact one (llama and qwen3 have no such gap)",
            FormatWarning,
            stacklevel=2,
        )
    target = check_output(path, overwrite)
    # Beside the target, where there is room for it: the library writes to a name of its own.
    with tempfile.TemporaryDirectory(prefix=".bpe-", suffix=".tmp", dir=target.parent) as folder:
        file = Path(folder, "model.gguf")
        writer = gguf.GGUFWriter(file, arch)
        _add_settings(writer, config)
        add_tokenizer(writer, spec)
        if checkpoint.state.train.pairs == "chat":
            writer.add_eot_token_id(end_of(checkpoint.tokenizer, "chat"))
            writer.add_chat_template(JINJA)
        for name, tensor in gguf_tensors(checkpoint.model.state_dict(), config).items():
            writer.add_tensor(name, tensor.detach().cpu().float().contiguous().numpy())
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        with file.open("rb") as source, open_for_writing(path, overwrite) as out:
            shutil.copyfileobj(source, out)
    return arch


def gguf_architecture(config: ModelConfig) -> str:
    """Return llama.cpp's name of an architecture.

    Raises:
        CheckpointError: It has none.

    >>> gguf_architecture(ModelConfig(300, arch="llama", qk_norm=True))
    'qwen3'
    """
    check_exportable(config, "llama.cpp has no architecture")
    if config.arch == "gpt2":
        return "gpt2"
    return "qwen3" if config.qk_norm else "llama"


def gguf_tensors(weights: dict[str, Tensor], config: ModelConfig) -> dict[str, Tensor]:
    """Return our weights under llama.cpp's names, in its layout."""
    rows = config.vocab_size
    tensors = {"token_embd.weight": weights["token_embedding.weight"][:rows]}
    if not config.tie_weights:
        tensors["output.weight"] = weights["head.weight"][:rows]
    if config.arch == "gpt2":
        tensors["position_embd.weight"] = weights["position_embedding.weight"]
    parts = _GPT2_PARTS if config.arch == "gpt2" else _LLAMA_PARTS
    pairs = {"final_norm": "output_norm"} | {
        f"blocks.{layer}.{ours}": f"blk.{layer}.{theirs}"
        for layer in range(config.layers)
        for ours, theirs in parts.items()
    }
    for ours, theirs in pairs.items():
        for kind in ("weight", "bias"):
            if f"{ours}.{kind}" in weights:
                tensors[f"{theirs}.{kind}"] = weights[f"{ours}.{kind}"]
    if config.arch == "llama":
        for layer in range(config.layers):
            tensors |= _queries_keys_values(weights, config, layer)
    return tensors


def _queries_keys_values(
    weights: dict[str, Tensor], config: ModelConfig, layer: int
) -> dict[str, Tensor]:
    heads = {"q": config.heads, "k": config.num_kv_heads, "v": config.num_kv_heads}
    qkv = weights[f"blocks.{layer}.attention.qkv.weight"]
    by_kind = torch.split(qkv, [count * config.head_width for count in heads.values()])
    found = dict(zip(heads, by_kind, strict=True))
    if not config.qk_norm:  # `qwen3` turns the same pairs of channels as we do
        found |= {kind: neighbours(found[kind], heads[kind]) for kind in "qk"}
    return {f"blk.{layer}.attn_{kind}.weight": tensor for kind, tensor in found.items()}


def neighbours(weight: Tensor, heads: int) -> Tensor:
    """Put the rows i and i + H / 2 of each head next to each other, shape (heads * H, C).

    >>> import torch
    >>> neighbours(torch.arange(8)[:, None], heads=2).flatten().tolist()
    [0, 2, 1, 3, 4, 6, 5, 7]
    """
    halves = weight.view(heads, 2, -1, weight.shape[1])
    return halves.transpose(1, 2).reshape(weight.shape)


def _add_settings(writer: Any, config: ModelConfig) -> None:
    writer.add_file_type(0)  # float32 throughout
    writer.add_context_length(config.block_size)
    writer.add_embedding_length(config.n_embd)
    writer.add_block_count(config.layers)
    writer.add_feed_forward_length(config.hidden_width)
    writer.add_head_count(config.heads)
    if config.arch == "gpt2":
        writer.add_layer_norm_eps(NORM_EPS)
        return
    writer.add_vocab_size(config.vocab_size)
    writer.add_head_count_kv(config.num_kv_heads)
    writer.add_key_length(config.head_width)
    writer.add_value_length(config.head_width)
    writer.add_rope_dimension_count(config.head_width)
    writer.add_rope_freq_base(config.rope_base)
    writer.add_layer_norm_rms_eps(NORM_EPS)
