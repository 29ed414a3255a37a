"""What a model is and how it is trained, as two frozen dataclasses that check themselves.

Both are written into every checkpoint as JSON and read back by `from_json`. No torch here: the
command line reads this file before anything is computed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from model.checks import check_choice, check_flag, check_integer, check_number
from model.config_base import Config

Architecture = Literal["gpt2", "llama"]
FeedForward = Literal["gelu", "swiglu", "relu2", "kan"]
Objective = Literal["causal", "masked"]
Schedule = Literal["cosine", "wsd", "constant"]
Precision = Literal["auto", "float32", "bfloat16", "float16"]
OptimizerName = Literal["adamw", "muon"]
Nonfinite = Literal["stop", "skip"]
MaskUnit = Literal["token", "word", "span"]
Pairs = Literal["none", "plain", "chat"]

#: Rows of the embedding table come in multiples of this: matrix kernels like round numbers.
VOCAB_MULTIPLE = 64

#: So does the width of the hidden layer of SwiGLU.
WIDTH_MULTIPLE = 8

#: Numbers that make an edge of a KAN: eight Gaussians and a SiLU (`kan.py`).
KAN_EDGE = 9


@dataclass(frozen=True)
class ModelConfig(Config):
    """The architecture: two models with equal configs have weights of equal names and shapes.

    Attributes:
        vocab_size: Ids of the tokenizer (`Tokenizer.n_vocab`); it has no default on purpose.
        n_embd: Channels, C.
        block_size: The longest context in tokens, T.
        heads: Attention heads, N; they divide `n_embd`.
        layers: Transformer blocks.
        dropout: Probability, in [0, 1).
        tie_weights: Whether the output head is the token table itself.
        padded_vocab_size: Rows of the token table, V; 0 means `vocab_size` rounded up to 64.
        arch: `gpt2` has learned positions, LayerNorm and biases; `llama` has rotary positions,
            RMSNorm and no biases.
        kv_heads: Heads of keys and values, M; they divide `heads`, which share them; 0: all.
        qk_norm: Whether queries and keys are normed before they meet.
        rope_base: The base of the rotary angles (`llama` only).
        ffn: The feed-forward; None means `gelu` for `gpt2`, `swiglu` for `llama`. `kan` is an
            experiment.
        ffn_width: Its hidden width, F; 0 means as many parameters as 4 C with GELU has.
        objective: `causal` predicts the next token; `masked` the hidden ones, from both sides.
        cross_attention: Whether every block also looks at a memory, that of an encoder.
    """

    vocab_size: int
    n_embd: int = 128
    block_size: int = 128
    heads: int = 4
    layers: int = 4
    dropout: float = 0.1
    tie_weights: bool = True
    padded_vocab_size: int = 0
    arch: Architecture = "gpt2"
    kv_heads: int = 0
    qk_norm: bool = False
    rope_base: float = 10_000.0
    ffn: FeedForward | None = None
    ffn_width: int = 0
    objective: Objective = "causal"
    cross_attention: bool = False

    def __post_init__(self) -> None:
        for name in ("vocab_size", "n_embd", "block_size", "heads", "layers"):
            check_integer(name, getattr(self, name), minimum=1)
        for name in ("padded_vocab_size", "kv_heads", "ffn_width"):
            check_integer(name, getattr(self, name), minimum=0)
        check_number("dropout", self.dropout, 0.0, 1.0, "in [0, 1)")
        check_number("rope_base", self.rope_base, 1.0, math.inf, "above 1", open_left=True)
        for name in ("tie_weights", "qk_norm", "cross_attention"):
            check_flag(name, getattr(self, name))
        check_choice("arch", self.arch, Architecture)
        check_choice("objective", self.objective, Objective)
        if self.ffn is not None:
            check_choice("ffn", self.ffn, FeedForward)
        self._check_heads()
        if not self.padded_vocab_size:
            rows = -(-self.vocab_size // VOCAB_MULTIPLE) * VOCAB_MULTIPLE
            object.__setattr__(self, "padded_vocab_size", rows)
        if self.padded_vocab_size < self.vocab_size:
            raise ValueError(
                f"padded_vocab_size = {self.padded_vocab_size} is below "
                f"vocab_size = {self.vocab_size}"
            )

    def _check_heads(self) -> None:
        if self.n_embd % self.heads:
            raise ValueError(
                f"heads = {self.heads} does not divide n_embd = {self.n_embd}: "
                "every head takes an equal share of the channels"
            )
        if self.heads % self.num_kv_heads:
            raise ValueError(
                f"kv_heads = {self.kv_heads} does not divide heads = {self.heads}: "
                "every head of keys and values serves equally many heads of queries"
            )
        if self.arch == "llama" and self.head_width % 2:
            raise ValueError(
                f"n_embd / heads = {self.head_width} is odd: "
                "rotary positions turn pairs of channels"
            )

    @property
    def head_width(self) -> int:
        """Channels of a head, H."""
        return self.n_embd // self.heads

    @property
    def num_kv_heads(self) -> int:
        """Heads of keys and values, M."""
        return self.kv_heads or self.heads

    @property
    def feed_forward(self) -> FeedForward:
        """The feed-forward in use."""
        return self.ffn or ("swiglu" if self.arch == "llama" else "gelu")

    @property
    def hidden_width(self) -> int:
        """The hidden width of the feed-forward in use, F.

        Two thirds for SwiGLU's three matrices, a ninth for the nine numbers of an edge of `kan`.

        >>> ModelConfig(300, n_embd=384, arch="llama").hidden_width
        1024
        """
        if self.ffn_width:
            return self.ffn_width
        if self.feed_forward == "kan":
            return max(1, round(4 * self.n_embd / KAN_EDGE))
        if self.feed_forward != "swiglu":
            return 4 * self.n_embd
        return -(-8 * self.n_embd // (3 * WIDTH_MULTIPLE)) * WIDTH_MULTIPLE


@dataclass(frozen=True)
class TrainConfig(Config):
    """How the model is trained. Everything here may change on resume; the change is logged.

    Attributes:
        batch_size: Windows that are computed at once, B.
        lr: The peak learning rate.
        steps: Where training ends, counted from the very first step.
        seed: Of the initial weights, the dropout and the order of the data.
        schedule: After the warm-up, `cosine` falls to a tenth of `lr` at the last step, `wsd` stays
            and falls to zero over the last fifth, `constant` stays.
        warmup_steps: None means a tenth of the steps, 100 at most.
        weight_decay: Of matrices only.
        grad_clip: The largest norm of the gradient.
        val_fraction: The tail of the tokens that is never trained on, in (0, 1).
        eval_every: Steps between evaluations.
        eval_batches: Batches of validation windows per evaluation.
        save_every: Steps between checkpoints; the last step always saves.
        log_every: Steps between lines of the log.
        tokens_per_step: Tokens of one step, computed `batch_size` windows at a time and added up;
            0 means one batch.
        optimizer: `adamw`, or `muon` for the matrices of the blocks and AdamW for the rest.
        dtype: What matrices are multiplied in; `auto` is bfloat16 on a GPU, float32 elsewhere.
        compile: Whether torch compiles the network.
        recompute: Whether the backward pass computes the blocks anew instead of remembering them:
            less memory, about a third more time, the same numbers.
        nonfinite: What a loss or gradient that is no number does: `stop`, or `skip` the step.
        keep: How many checkpoints stay, beside the best one.
        patience: Evaluations without a better loss after which training stops; 0: never.
        time_budget: Seconds after which training ends, the schedule with it; 0: none.
        mask_rate: The share of the tokens that a masked language model has to guess.
        mask_unit: What is hidden together: a `token`, a `word`, or a `span` of words.
        sample_every: Steps between samples of what the model writes; 0: none.
        sample_prompt: What they go on from; empty begins a document.
        pairs: Whether the data is prompts and completions, and how these are joined: `plain` with
            an end of text behind them, `chat` as a conversation, which may have more turns.
        sharded: Whether the processes share the weights instead of keeping a copy each.
        tensorboard: Whether the log is also written for TensorBoard.
    """

    batch_size: int = 32
    lr: float = 1e-3
    steps: int = 1000
    seed: int = 1337
    schedule: Schedule = "cosine"
    warmup_steps: int | None = None
    weight_decay: float = 0.1
    grad_clip: float = 1.0
    val_fraction: float = 0.1
    eval_every: int = 250
    eval_batches: int = 20
    save_every: int = 250
    log_every: int = 10
    tokens_per_step: int = 0
    dtype: Precision = "auto"
    compile: bool = False
    nonfinite: Nonfinite = "stop"
    keep: int = 2
    patience: int = 0
    time_budget: float = 0.0
    mask_rate: float = 0.3
    mask_unit: MaskUnit = "word"
    optimizer: OptimizerName = "adamw"
    recompute: bool = False
    sample_every: int = 0
    sample_prompt: str = ""
    tensorboard: bool = False
    pairs: Pairs = "none"
    sharded: bool = False

    def __post_init__(self) -> None:
        every = ("eval_every", "save_every", "log_every")
        for name in ("batch_size", "steps", "eval_batches", "keep", *every):
            check_integer(name, getattr(self, name), minimum=1)
        for name in ("tokens_per_step", "patience", "sample_every"):
            check_integer(name, getattr(self, name), minimum=0)
        check_integer("seed", self.seed, minimum=0, maximum=2**63 - 1)
        if self.warmup_steps is not None:
            check_integer("warmup_steps", self.warmup_steps, minimum=0)
        for name in ("lr", "grad_clip"):
            check_number(name, getattr(self, name), 0.0, math.inf, "positive", open_left=True)
        for name in ("weight_decay", "time_budget"):
            check_number(name, getattr(self, name), 0.0, math.inf, "at least 0")
        for name in ("val_fraction", "mask_rate"):
            check_number(name, getattr(self, name), 0.0, 1.0, "in (0, 1)", open_left=True)
        for name in ("compile", "recompute", "tensorboard", "sharded"):
            check_flag(name, getattr(self, name))
        for name, choices in CHOICES.items():
            if hasattr(self, name):
                check_choice(name, getattr(self, name), choices)

    def windows_per_step(self, block_size: int) -> int:
        """Return how many windows a step sees, a multiple of `batch_size`.

        >>> TrainConfig(batch_size=4, tokens_per_step=1024).windows_per_step(32)
        32
        """
        at_once = self.batch_size * block_size
        if self.tokens_per_step % at_once:
            raise ValueError(
                f"tokens_per_step = {self.tokens_per_step} is no multiple of batch_size x "
                f"block_size = {self.batch_size} x {block_size} = {at_once}"
            )
        return max(self.tokens_per_step // at_once, 1) * self.batch_size


#: Field -> what it may be, for the fields of both configs that are one of a few words.
CHOICES: Mapping[str, Any] = {
    "arch": Architecture,
    "ffn": FeedForward,
    "objective": Objective,
    "schedule": Schedule,
    "optimizer": OptimizerName,
    "dtype": Precision,
    "nonfinite": Nonfinite,
    "mask_unit": MaskUnit,
    "pairs": Pairs,
}
