"""Time our training step against a plain GPT written the way teaching code writes it.

    python tools/time_training_step.py [--rounds 3] [--threads 1] [--compile]

The plain one has the same architecture and computes the same numbers: logits of all positions at
once, `cross_entropy` on them, gradients clipped to norm 1, AdamW as torch chooses it on this
device. Both steps alternate within one process; medians and their ratio are printed. Before that,
both models get the same weights and have to find the same loss.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.batches import Batch
from model.config import ModelConfig, TrainConfig
from model.distributed import ALONE
from model.gpt import GPT
from model.optim import BETAS, make_optimizer
from model.step import accumulate_gradients

C, LAYERS, HEADS, T, B, V = 384, 6, 6, 256, 12, 8192


class PlainBlock(nn.Module):
    """Attention and feed-forward, each normed before and added after."""

    def __init__(self) -> None:
        super().__init__()
        # In the order of our blocks, so that weights can be copied one after the other.
        self.norm1 = nn.LayerNorm(C)
        self.qkv, self.out = nn.Linear(C, 3 * C), nn.Linear(C, C)
        self.norm2 = nn.LayerNorm(C)
        self.up, self.down = nn.Linear(C, 4 * C), nn.Linear(4 * C, C)

    def forward(self, x: Tensor) -> Tensor:
        """Return the stream after this block."""
        q, k, v = (
            part.view(*x.shape[:2], HEADS, C // HEADS).transpose(1, 2)
            for part in self.qkv(self.norm1(x)).split(C, dim=2)
        )
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(y.transpose(1, 2).contiguous().view(x.shape))
        found: Tensor = x + self.down(F.gelu(self.up(self.norm2(x))))
        return found


class PlainGPT(nn.Module):
    """The same architecture as ours, and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens, self.positions = nn.Embedding(V, C), nn.Embedding(T, C)
        self.blocks = nn.ModuleList(PlainBlock() for _ in range(LAYERS))
        self.norm = nn.LayerNorm(C)

    def forward(self, ids: Tensor, targets: Tensor) -> Tensor:
        """Return the loss."""
        x = self.tokens(ids) + self.positions(torch.arange(ids.shape[1], device=ids.device))
        for block in self.blocks:
            x = block(x)
        logits = F.linear(self.norm(x), self.tokens.weight)
        return F.cross_entropy(logits.view(-1, V), targets.reshape(-1))


def main() -> None:
    """Compare, time and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--compile", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(0)
    plain = PlainGPT().to(device)
    config = ModelConfig(V, n_embd=C, block_size=T, heads=HEADS, layers=LAYERS, dropout=0.0)
    ours = GPT(config).to(device)
    with torch.no_grad():
        for mine, theirs in zip(ours.parameters(), plain.parameters(), strict=True):
            theirs.copy_(mine)
    ids = torch.randint(V, (B, T + 1), device=device)
    steps = {
        "plain": plain_step(plain, ids, compiled=options.compile),
        "ours": our_step(ours, ids, compiled=options.compile),
    }
    losses = {name: step() for name, step in steps.items()}  # the first round is no timing
    if abs(losses["plain"] - losses["ours"]) > 1e-4:
        raise SystemExit(f"the two do not compute the same: {losses}")
    times: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(options.rounds):
        for name, step in steps.items():
            start = time.perf_counter()
            step()
            times[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(found) for name, found in times.items()}
    how = f"{'compiled' if options.compile else 'eager'}, {device}"
    print(
        f"{how}, {torch.get_num_threads()} threads: "
        + ", ".join(f"{name} {seconds:.3f} s" for name, seconds in medians.items())
        + f"; plain / ours = {medians['plain'] / medians['ours']:.3f}"
    )


def plain_step(model: PlainGPT, ids: Tensor, *, compiled: bool) -> Callable[[], float]:
    """Return a function that takes a step of the plain kind."""
    groups = [
        {"params": [p for p in model.parameters() if p.dim() >= 2], "weight_decay": 0.1},
        {"params": [p for p in model.parameters() if p.dim() < 2], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=1e-3, betas=BETAS, fused=ids.is_cuda)
    forward: Callable[[Tensor, Tensor], Tensor] = torch.compile(model) if compiled else model

    def step() -> float:
        loss = forward(ids[:, :-1], ids[:, 1:])
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return loss.item()

    return step


def our_step(model: GPT, ids: Tensor, *, compiled: bool) -> Callable[[], float]:
    """Return a function that takes a step of ours."""
    optimizer = make_optimizer(model, TrainConfig(lr=1e-3))
    hidden = torch.compile(model.hidden) if compiled else model.hidden
    batch = Batch(ids[:, :-1], ids[:, 1:])

    def step() -> float:
        loss = accumulate_gradients(model, hidden, [batch], ALONE)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return loss

    return step


if __name__ == "__main__":
    main()
