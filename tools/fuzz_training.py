"""Random corpora by the thousand: the native trainer learns what the reference learns.

    python tools/fuzz_training.py                       # 20,000 corpora
    python tools/fuzz_training.py --number 500 --seed 7
    python tools/fuzz_training.py --number 100000       # before a release

Each corpus is small, over one to four bytes, with long runs and many ties, and trained with every
tie rule. All other rules, initial merges and threads vary. So do the count from
which the native engine follows a pair and the id from which it needs wider cells, because only
large corpora would reach them. It recounts all pairs after every merge (`verify`). Prints how many
trainings were compared; exits with 1 at the first that differs, naming its corpus.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from bpe import _core
from bpe.engines import TIE_BREAKS
from bpe.reference.train import Rules, train
from bpe.testing.random_inputs import random_corpus, random_initial_pairs, random_tokens

#: No vocabulary of a small corpus reaches it.
WIDEST = 65_535


@dataclass(frozen=True)
class Case:
    """One training: what is asked of both engines."""

    counts: list[tuple[bytes, int]]
    num_merges: int
    rules: Rules
    initial_pairs: list[tuple[int, int]]
    num_threads: int
    prune_threshold: int
    max_narrow_symbol: int

    def native(self) -> list[tuple[int, int]]:
        return _core.train(
            _core.CountTable(self.counts),
            self.num_merges,
            self.rules.tie_break,
            self.rules.min_frequency,
            self.rules.max_token_bytes,
            self.initial_pairs,
            self.num_threads,
            None,
            verify=True,
            max_token_words=self.rules.max_token_words,
            forbidden_tokens=list(self.rules.forbidden_tokens),
            prune_threshold=self.prune_threshold,
            max_narrow_symbol=self.max_narrow_symbol,
        )

    def reference(self) -> list[tuple[int, int]]:
        return train(self.counts, self.num_merges, self.rules, self.initial_pairs)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--number", type=int, default=20_000, help="corpora")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)

    start = time.perf_counter()
    random = Random(options.seed)
    num_trainings = num_merges = 0
    for _ in range(options.number):
        for case in random_cases(random):
            expected, actual = case.reference(), case.native()
            if expected != actual:
                print(f"MISMATCH: {case}\n native    {actual}", file=sys.stderr)
                print(f" reference {expected}", file=sys.stderr)
                return 1
            num_trainings += 1
            num_merges += len(expected)
    print(
        f"{options.number:,} corpora, {num_trainings:,} trainings, {num_merges:,} merges, "
        f"seed {options.seed}, 0 mismatches, {time.perf_counter() - start:.0f} s"
    )
    return 0


def random_cases(random: Random) -> list[Case]:
    """Return one case for each tie rule, all about the same corpus."""
    counts = random_corpus(random)
    initial_pairs = random_initial_pairs(random, counts) if random.random() < 0.3 else []
    min_frequency = random.choice((1, 1, 1, 2, 5))
    max_token_bytes = random.choice((None, None, None, 2, 3, 7))
    max_token_words = random.choice((None, None, None, 1, 2))
    forbidden = frozenset(random_tokens(random, counts) if random.random() < 0.3 else ())
    num_merges = random.choice((0, 1, 5, 30, 200))
    num_threads = random.choice((1, 2, 3, 8))
    prune_threshold = random.choice((0, 0, 1, 2, 3, 4, 9, 30, 2**33))
    max_narrow_symbol = random.choice((WIDEST, WIDEST, 257, 258, 260, 270))
    return [
        Case(
            counts,
            num_merges,
            Rules(
                tie_break,  # type: ignore[arg-type]
                min_frequency,
                max_token_bytes,
                max_token_words,
                forbidden,
            ),
            initial_pairs,
            num_threads,
            prune_threshold,
            max_narrow_symbol,
        )
        for tie_break in TIE_BREAKS
    ]


if __name__ == "__main__":
    sys.exit(main())
