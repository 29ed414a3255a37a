"""Time what the KV cache saves: the same 256 tokens with it and without.

    python tools/time_generation.py [--tokens 256] [--threads 1]

A GPT of the size of the preset `chimera`, with a table of 8,192 rows and random weights; greedy.
The ids of both ways have to be the same. Medians of rounds that take turns are printed.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch

import bpe
from model import GPT, ModelConfig, generate
from model.sample import SampleConfig

PROMPT = [72, 101, 108, 108, 111]


def main() -> None:
    """Generate, compare and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tokens", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    tokenizer = bpe.train(["bytes will do"], 256, special_tokens=())
    config = ModelConfig(
        tokenizer.n_vocab, 384, options.tokens + len(PROMPT), 6, 6, 0.0, padded_vocab_size=8192
    )
    model = GPT(config)
    for parameter in model.parameters():
        if parameter.dim() == 2:
            torch.nn.init.normal_(parameter, std=0.1)  # fresh ones would repeat one id for ever
    times: dict[bool, list[float]] = {True: [], False: []}
    ids: dict[bool, list[int]] = {}
    for _ in range(options.rounds):
        for use_cache, found in times.items():
            start = time.perf_counter()
            ids[use_cache] = list(
                generate(
                    model, tokenizer, PROMPT, max_tokens=options.tokens,
                    config=SampleConfig(temperature=0), use_cache=use_cache,
                )
            )  # fmt: skip
            found.append(time.perf_counter() - start)
    if ids[True] != ids[False]:
        raise SystemExit("with and without the cache the ids differ")
    cached, plain = (statistics.median(times[kind]) for kind in (True, False))
    print(
        f"{len(ids[True])} tokens ({len(set(ids[True]))} different), {options.threads} threads: "
        f"{plain:.2f} s without the cache, {cached:.2f} s with it; ratio {plain / cached:.2f}"
    )


if __name__ == "__main__":
    main()
