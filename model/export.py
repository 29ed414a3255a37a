"""A way out: the model as a folder that transformers, and what builds on it, loads.

    gpt2                 -> GPT2LMHeadModel       (its linear layers are stored transposed)
    llama                -> LlamaForCausalLM
    llama with QK-norm   -> Qwen3ForCausalLM

The folder holds config.json, model.safetensors, generation_config.json, tokenizer.json and
tokenizer_config.json, with the template of a model that learned to chat. Padded rows are cut off.
What none of the three classes can express is refused by name, never approximated.

Source of names and layouts: the modeling files of transformers 5.
"""

from __future__ import annotations

import json
from os import PathLike
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from bpe.errors import CheckpointError
from bpe.files import writing_directory
from model.chat import END, JINJA, end_of
from model.checkpoint import Checkpoint
from model.config import ModelConfig
from model.layers import NORM_EPS
from model.vocabulary import end_of_text

if TYPE_CHECKING:
    from bpe.tokenizer import Tokenizer

FILES = (
    "config.json",
    "generation_config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
)


def export_huggingface(
    checkpoint: Checkpoint, path: str | PathLike[str], *, overwrite: bool = False
) -> str:
    """Write a folder for transformers, complete or not at all; return the class that loads it.

    Raises:
        CheckpointError: transformers has no class for this architecture; the message says why.
        FormatError: tokenizer.json cannot express this vocabulary.
        OutputExistsError: The folder is there and `overwrite` is not set.
    """
    config, tokenizer = checkpoint.state.model, checkpoint.tokenizer
    name = huggingface_class(config)
    make_tensors = _gpt2_tensors if config.arch == "gpt2" else _llama_tensors
    tensors = make_tensors(checkpoint.model.state_dict(), config)
    with writing_directory(path, overwrite, known_names=FILES) as folder:
        # Copies: several of ours may be views of one matrix, which a file cannot express.
        own = {
            key: tensor.cpu().clone(memory_format=torch.contiguous_format)
            for key, tensor in tensors.items()
        }
        save_file(own, folder / "model.safetensors", metadata={"format": "pt"})
        for file, document in _documents(checkpoint, {"architectures": [name]}).items():
            (folder / file).write_text(json.dumps(document, indent=2) + "\n", "utf-8")
        tokenizer.save(folder / "tokenizer.json", "huggingface")
    return name


def huggingface_class(config: ModelConfig) -> str:
    """Return the class of transformers that computes what this architecture computes.

    Raises:
        CheckpointError: There is none.

    >>> huggingface_class(ModelConfig(300, arch="llama"))
    'LlamaForCausalLM'
    """
    check_exportable(config, "transformers has no class")
    if config.arch == "gpt2":
        return "GPT2LMHeadModel"
    return "Qwen3ForCausalLM" if config.qk_norm else "LlamaForCausalLM"


def check_exportable(config: ModelConfig, complaint: str) -> None:
    """Refuse by name what the architectures GPT-2, Llama and Qwen3 cannot express.

    Raises:
        CheckpointError: It begins with the complaint.
    """
    is_gpt2 = config.arch == "gpt2"
    reasons = {
        "a masked language model with a tied head and no transform": config.objective == "masked",
        f"the feed-forward {config.feed_forward} in {config.arch}": config.feed_forward
        != ("gelu" if is_gpt2 else "swiglu"),
        "cross-attention": config.cross_attention,
        "grouped heads in gpt2": is_gpt2 and config.num_kv_heads != config.heads,
        "QK-norm in gpt2": is_gpt2 and config.qk_norm,
    }
    for what, applies in reasons.items():
        if applies:
            raise CheckpointError(
                f"{complaint} for {what}; what can be exported is gpt2 with gelu, "
                "and llama with swiglu, with or without --qk-norm"
            )


def _documents(checkpoint: Checkpoint, settings: dict[str, Any]) -> dict[str, Any]:
    """Return what is JSON in the folder, file name to content."""
    config, tokenizer = checkpoint.state.model, checkpoint.tokenizer
    is_chat = checkpoint.state.train.pairs == "chat"
    ends = _ends(tokenizer, is_chat=is_chat)
    return {
        "config.json": {
            **settings,
            "vocab_size": config.vocab_size,
            "tie_word_embeddings": config.tie_weights,
            "dtype": "float32",
            **ends,
            **(_gpt2_config(config) if config.arch == "gpt2" else _llama_config(config)),
        },
        "generation_config.json": ends,
        "tokenizer_config.json": _tokenizer_config(tokenizer, config, is_chat=is_chat),
    }


def _gpt2_config(config: ModelConfig) -> dict[str, Any]:
    return {
        "model_type": "gpt2",
        "n_positions": config.block_size,
        "n_embd": config.n_embd,
        "n_layer": config.layers,
        "n_head": config.heads,
        "n_inner": config.hidden_width,
        "activation_function": "gelu",  # the exact one; the default there is an approximation
        "layer_norm_epsilon": NORM_EPS,
        **dict.fromkeys(("attn_pdrop", "embd_pdrop", "resid_pdrop"), config.dropout),
    }


def _gpt2_tensors(weights: dict[str, Tensor], config: ModelConfig) -> dict[str, Tensor]:
    tensors = {
        "transformer.wte.weight": weights["token_embedding.weight"][: config.vocab_size],
        "transformer.wpe.weight": weights["position_embedding.weight"],
        "transformer.ln_f.weight": weights["final_norm.weight"],
        "transformer.ln_f.bias": weights["final_norm.bias"],
        **_head(weights, config),
    }
    parts = {
        "attention_norm": "ln_1",
        "attention.qkv": "attn.c_attn",
        "attention.out": "attn.c_proj",
        "mlp_norm": "ln_2",
        "mlp.up": "mlp.c_fc",
        "mlp.down": "mlp.c_proj",
    }
    for layer in range(config.layers):
        for ours, theirs in parts.items():
            for kind in ("weight", "bias"):
                # Their linear layer is `Conv1D`, (in, out) where torch has (out, in).
                tensor = weights[f"blocks.{layer}.{ours}.{kind}"]
                tensors[f"transformer.h.{layer}.{theirs}.{kind}"] = tensor.t()
    return tensors


def _llama_config(config: ModelConfig) -> dict[str, Any]:
    return {
        "model_type": "qwen3" if config.qk_norm else "llama",
        "hidden_size": config.n_embd,
        "intermediate_size": config.hidden_width,
        "num_hidden_layers": config.layers,
        "num_attention_heads": config.heads,
        "num_key_value_heads": config.num_kv_heads,
        "head_dim": config.head_width,
        "max_position_embeddings": config.block_size,
        "rms_norm_eps": NORM_EPS,
        "rope_theta": config.rope_base,  # where version 4 looks, and version 5 below
        "rope_parameters": {"rope_type": "default", "rope_theta": config.rope_base},
        "hidden_act": "silu",
        "attention_bias": False,
        "attention_dropout": config.dropout,
        **({} if config.qk_norm else {"mlp_bias": False}),
    }


def _llama_tensors(weights: dict[str, Tensor], config: ModelConfig) -> dict[str, Tensor]:
    tensors = {
        "model.embed_tokens.weight": weights["token_embedding.weight"][: config.vocab_size],
        "model.norm.weight": weights["final_norm.weight"],
        **_head(weights, config),
    }
    parts = {
        "attention_norm": "input_layernorm",
        "attention.out": "self_attn.o_proj",
        "mlp_norm": "post_attention_layernorm",
        "mlp.gate": "mlp.gate_proj",
        "mlp.up": "mlp.up_proj",
        "mlp.down": "mlp.down_proj",
    }
    if config.qk_norm:
        parts |= {f"attention.{x}_norm": f"self_attn.{x}_norm" for x in "qk"}
    heads = (config.heads, config.num_kv_heads, config.num_kv_heads)
    for layer in range(config.layers):
        for ours, theirs in parts.items():
            tensors[f"model.layers.{layer}.{theirs}.weight"] = weights[
                f"blocks.{layer}.{ours}.weight"
            ]
        qkv = weights[f"blocks.{layer}.attention.qkv.weight"]
        by_kind = torch.split(qkv, [count * config.head_width for count in heads])
        for kind, tensor in zip("qkv", by_kind, strict=True):
            tensors[f"model.layers.{layer}.self_attn.{kind}_proj.weight"] = tensor
    return tensors


def _head(weights: dict[str, Tensor], config: ModelConfig) -> dict[str, Tensor]:
    """Return the head if it has a table of its own; a tied one is stored once."""
    if config.tie_weights:
        return {}
    return {"lm_head.weight": weights["head.weight"][: config.vocab_size]}


def _ends(tokenizer: Tokenizer, *, is_chat: bool) -> dict[str, Any]:
    """Return which id begins a document, and which end one, or a turn."""
    end = end_of_text(tokenizer)
    if not is_chat:
        return {"bos_token_id": end, "eos_token_id": end}
    ends = [end_of(tokenizer, "chat"), *([] if end is None else [end])]
    return {"bos_token_id": end, "eos_token_id": ends}


def _tokenizer_config(
    tokenizer: Tokenizer, config: ModelConfig, *, is_chat: bool
) -> dict[str, Any]:
    texts = {id_: text for text, id_ in tokenizer.spec.special_tokens.items()}
    end = end_of_text(tokenizer)
    named = {} if end is None else {"bos_token": texts[end], "eos_token": texts[end]}
    if is_chat:
        named |= {"eos_token": END, "chat_template": JINJA}
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": config.block_size,
        "clean_up_tokenization_spaces": False,
        **named,
    }
