"""Train a tokenizer: the road from text, or from counts, to a vocabulary."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence

from bpe.corpora.corpus import Source
from bpe.counting import DEFAULT_PATTERN, count
from bpe.counts import PretokenCounts
from bpe.engines import TIE_BREAKS, EngineName, Progress, TieBreak, get_engine
from bpe.errors import TrainingError
from bpe.extension import Extension
from bpe.patterns import Pattern
from bpe.spec import MAX_ID, TokenizerSpec
from bpe.special_tokens import check_special_tokens
from bpe.threads import resolve_num_threads
from bpe.tokenizer import Tokenizer


def train(
    source: Source | PretokenCounts,
    vocab_size: int,
    *,
    pattern: Pattern | str | Sequence[str] | None = DEFAULT_PATTERN,
    special_tokens: Iterable[str] = ("<|endoftext|>",),
    tie_break: TieBreak = "id",
    min_frequency: int = 1,
    max_token_bytes: int | None = None,
    base: Tokenizer | None = None,
    num_threads: int | None = None,
    progress: Progress | None = None,
    engine: EngineName = "native",
) -> Tokenizer:
    """Train a byte-level BPE tokenizer.

    The result is exact and the same for every number of threads, order of documents and machine:
    docs/spec.md says what it is, `bpe.reference` says it in Python.

    Args:
        source: As in `count`, or counts made earlier.
        vocab_size: Everything counts: 256 bytes + merges + special tokens. A corpus that is too
            small gives fewer, with a warning.
        pattern: As in `count`; counts bring their own.
        special_tokens: Come last, in this order; in the corpus they cut and are not counted.
        tie_break: Which of equally frequent pairs goes first: "id", "huggingface", "bytes_max",
            "bytes_min".
        min_frequency: A pair that occurs less often is not merged.
        max_token_bytes: No token becomes longer than this.
        base: A tokenizer to extend: its merges and ids stay, training goes on from there.
        num_threads: As in `count`.
        progress: As in `count`.
        engine: As in `count`.

    Raises:
        TrainingError: The request makes no sense, or the corpus is empty.

    >>> tokenizer = train(["aaabdaaabac"], 259, pattern=None, special_tokens=(), num_threads=1)
    >>> [tokenizer.decode([id_]) for id_ in range(256, 259)]
    ['aa', 'ab', 'aaab']
    """
    specials = check_special_tokens(special_tokens)
    extension = Extension(base, specials) if base is not None else None
    num_fixed = extension.num_fixed if extension else 256 + len(specials)
    num_merges = _check_request(vocab_size, num_fixed, tie_break, min_frequency, max_token_bytes)
    threads = resolve_num_threads(num_threads)

    if isinstance(source, PretokenCounts):
        counts = source
        _check_pattern_of_counts(counts, pattern, base)
    else:
        counts = count(
            source,
            pattern=base.spec.pattern if base else pattern,
            special_tokens=dict.fromkeys([*(base.spec.special_tokens if base else ()), *specials]),
            num_threads=threads,
            progress=progress,
            engine=engine,
        )
    if not len(counts):
        raise TrainingError("the corpus is empty: there is nothing to train on")

    pairs = get_engine(engine).train(
        counts.table,
        num_merges,
        tie_break=tie_break,
        min_frequency=min_frequency,
        max_token_bytes=max_token_bytes,
        initial_pairs=extension.initial_pairs if extension else (),
        num_threads=threads,
        progress=progress,
    )
    if len(pairs) < num_merges:
        warnings.warn(
            f"reached {num_fixed + len(pairs)} of {vocab_size} tokens: no other pair occurs at "
            f"least {min_frequency} time(s) in the corpus",
            stacklevel=2,
        )
    if extension:
        return Tokenizer(extension.extended_spec(pairs), engine=engine)
    return Tokenizer(TokenizerSpec.from_pairs(counts.pattern, pairs, specials), engine=engine)


def _check_request(
    vocab_size: int,
    num_fixed: int,
    tie_break: str,
    min_frequency: int,
    max_token_bytes: int | None,
) -> int:
    """Return the number of merges asked for."""
    _check_int("vocab_size", vocab_size, num_fixed, MAX_ID)
    _check_int("min_frequency", min_frequency, 1, 2**63 - 1)
    if max_token_bytes is not None:
        _check_int("max_token_bytes", max_token_bytes, 1, 2**31 - 1)
    if tie_break not in TIE_BREAKS:
        raise TrainingError(f"tie_break must be one of {', '.join(TIE_BREAKS)}, not {tie_break!r}")
    return vocab_size - num_fixed


def _check_int(name: str, value: object, smallest: int, largest: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not smallest <= value <= largest:
        hint = " (256 bytes and the special tokens count)" if name == "vocab_size" else ""
        raise TrainingError(
            f"{name} must be an integer from {smallest} to {largest}{hint}, not {value!r}"
        )


def _check_pattern_of_counts(
    counts: PretokenCounts, pattern: object, base: Tokenizer | None
) -> None:
    if base is not None and base.spec.pattern.stages != counts.pattern.stages:
        raise TrainingError("the counts were made with another pattern than the base tokenizer's")
    is_default = isinstance(pattern, str) and pattern == DEFAULT_PATTERN
    if base is None and not is_default and Pattern.of(pattern).stages != counts.pattern.stages:  # type: ignore[arg-type]
        raise TrainingError(
            "the counts were made with another pattern than the one given; counts bring their own"
        )
