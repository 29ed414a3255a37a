"""Train a tokenizer: the road from text, or from counts, to a vocabulary."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Literal, get_args

from bpe.corpora.corpus import Corpus, Source
from bpe.counting import DEFAULT_PATTERN, count
from bpe.counts import PretokenCounts
from bpe.counts_sources import counts_of
from bpe.engines import EngineName, Progress, TieBreak, get_engine
from bpe.errors import TrainingError
from bpe.memory import MemoryLimit
from bpe.patterns import Pattern
from bpe.request import Request, token_tuple
from bpe.special_tokens import check_special_tokens
from bpe.threads import resolve_num_threads
from bpe.tokenizer import Tokenizer
from bpe.training_checkpoint import AnyCheckpoint, NoCheckpoint, TrainingCheckpoint, fingerprint

#: What Ctrl-C does while merges are learned: raise KeyboardInterrupt, or keep what is there.
OnInterrupt = Literal["raise", "keep"]


def train(
    source: Source | PretokenCounts,
    vocab_size: int,
    *,
    pattern: Pattern | str | Sequence[str] | None = DEFAULT_PATTERN,
    special_tokens: Iterable[str] = ("<|endoftext|>",),
    tie_break: TieBreak = "id",
    min_frequency: int = 1,
    max_token_bytes: int | None = None,
    required_tokens: Iterable[str | bytes] = (),
    forbidden_tokens: Iterable[str | bytes] = (),
    superword_from: int | None = None,
    superword_words: int = 4,
    base: Tokenizer | None = None,
    on_interrupt: OnInterrupt = "raise",
    checkpoint: str | PathLike[str] | None = None,
    num_threads: int | None = None,
    memory_limit: MemoryLimit | None = None,
    spill_folder: str | PathLike[str] | None = None,
    progress: Progress | None = None,
    engine: EngineName = "native",
) -> Tokenizer:
    """Train a byte-level BPE tokenizer.

    The result is exact and the same for every number of threads, order of documents and machine:
    docs/spec.md says what it is, `bpe.reference` says it in Python.

    Args:
        source: As in `count`, or counts made earlier, or the file they were saved in.
        vocab_size: Everything counts: 256 bytes + merges + special tokens. A corpus that is too
            small gives fewer, with a warning.
        pattern: As in `count`; counts bring their own.
        special_tokens: Come last, in this order; in the corpus they cut and are not counted.
        tie_break: Which of equally frequent pairs goes first: "id", "huggingface", "bytes_max",
            "bytes_min".
        min_frequency: A pair that occurs less often is not merged.
        max_token_bytes: No token becomes longer than this.
        required_tokens: Become tokens however rare they are; their merges follow the learned ones.
        forbidden_tokens: Exactly these bytes never become a token.
        superword_from: From this vocabulary size on, merges may join neighbouring words (SuperBPE).
        superword_words: No token of that stage holds more words than this.
        base: A tokenizer to extend: its merges and ids stay, training goes on from there.
        on_interrupt: What Ctrl-C does while merges are learned: "raise" KeyboardInterrupt, or
            "keep" the smaller tokenizer that is there, with a warning.
        checkpoint: A folder for counts and merges so far. The same request with the same folder
            goes on where the last run ended, however it ended, and gives the same result.
        num_threads: As in `count`.
        memory_limit: As in `count`: bounds the counting, and the merging then starts without the
            table of counts. What it takes itself depends on the number of distinct pretokens, some
            7 bytes for each of their bytes at 32,768 tokens, and is not bounded.
        spill_folder: As in `count`.
        progress: As in `count`. The phases are "counting", in bytes, and "merging", in merges;
            with superwords also "counting superwords" and "merging superwords".
        engine: As in `count`.

    Raises:
        TrainingError: The request makes no sense, or the corpus is empty.
        CheckpointError: The checkpoint belongs to another request.

    >>> tokenizer = train(["aaabdaaabac"], 259, pattern=None, special_tokens=(), num_threads=1)
    >>> [tokenizer.decode([id_]) for id_ in range(256, 259)]
    ['aa', 'ab', 'aaab']
    """
    source = open_counts(source, engine)
    request = Request(
        pattern=pattern_of(source, pattern, base),
        special_tokens=check_special_tokens(special_tokens),
        tie_break=tie_break,
        min_frequency=min_frequency,
        max_token_bytes=max_token_bytes,
        required_tokens=token_tuple("required_tokens", required_tokens),
        forbidden_tokens=token_tuple("forbidden_tokens", forbidden_tokens),
        superword_from=superword_from,
        superword_words=superword_words,
        base=base,
    )
    running = Running(
        on_interrupt, checkpoint, num_threads, memory_limit, spill_folder, progress, engine
    )
    return train_sizes(source, [vocab_size], request, running)[0]


@dataclass(frozen=True)
class Running:
    """How a training runs, which never changes its result; see `train`."""

    on_interrupt: OnInterrupt = "raise"
    checkpoint: str | PathLike[str] | None = None
    num_threads: int | None = None
    memory_limit: MemoryLimit | None = None
    spill_folder: str | PathLike[str] | None = None
    progress: Progress | None = None
    engine: EngineName = "native"

    def __post_init__(self) -> None:
        if self.on_interrupt not in get_args(OnInterrupt):
            raise TrainingError(f"on_interrupt must be raise or keep, not {self.on_interrupt!r}")
        resolve_num_threads(self.num_threads)  # a senseless number is refused here


def open_counts(source: Source | PretokenCounts, engine: EngineName) -> Source | PretokenCounts:
    """Return the counts that a counts file holds, and any other source as it is."""
    counts = counts_of(source, engine)
    return source if counts is None else counts


def train_sizes(
    source: Source | PretokenCounts,
    vocab_sizes: Sequence[int],
    request: Request,
    running: Running,
) -> list[Tokenizer]:
    """Train once and return a tokenizer of each size, the same as if trained to it alone."""
    num_merges = max(map(request.num_merges, vocab_sizes))
    learner = _Learner(source, request, running)
    merges = learner.learn(num_merges)
    specs = [request.tokenizer_spec(merges, vocab_size) for vocab_size in vocab_sizes]
    largest = max(len(spec.id_to_bytes) + len(spec.special_tokens) for spec in specs)
    if len(merges) < num_merges and largest < max(vocab_sizes):
        why = f"no other pair occurs at least {request.min_frequency} time(s) in the corpus"
        warnings.warn(
            f"reached {request.num_fixed + len(merges)} of {max(vocab_sizes)} tokens: "
            f"{'interrupted' if learner.was_interrupted else why}",
            stacklevel=3,
        )
    return [Tokenizer(spec, engine=running.engine) for spec in specs]


class _Learner:
    """Learns the merges of one request, in one stage or, with superwords, in two."""

    def __init__(self, source: Source | PretokenCounts, request: Request, running: Running) -> None:
        self._source = source
        self._request = request
        self._running = running
        self.was_interrupted = False

    def learn(self, num_merges: int) -> list[tuple[int, int]]:
        """Return up to `num_merges` merges, not counting those of the base."""
        num_word_merges = self._request.num_word_merges(num_merges)
        has_superwords = num_word_merges < num_merges
        if has_superwords:
            _check_can_be_read_twice(self._source)
        with self._open_checkpoint() as checkpoint:
            if len(checkpoint.merges) < num_word_merges or not (has_superwords or num_word_merges):
                self._run_stage(checkpoint, num_word_merges, superwords=False)
            if num_word_merges <= len(checkpoint.merges) < num_merges and not self.was_interrupted:
                self._run_stage(checkpoint, num_merges, superwords=True)
            return checkpoint.merges[:num_merges]

    def _run_stage(self, checkpoint: AnyCheckpoint, goal: int, *, superwords: bool) -> None:
        """Count, and learn until the checkpoint holds `goal` merges or there are no more."""
        request, running = self._request, self._running
        try:
            counts = self._counts(checkpoint, superwords)
            num_before = len(checkpoint.merges)
            # Merges that nobody may want before the last are handed over once, at the end.
            is_watched = running.on_interrupt == "keep" or isinstance(
                checkpoint, TrainingCheckpoint
            )
            learned = get_engine(running.engine).train(
                counts.table,
                goal - num_before,
                tie_break=request.tie_break,
                min_frequency=request.min_frequency,
                max_token_bytes=request.max_token_bytes,
                max_token_words=request.superword_words if superwords else None,
                forbidden_tokens=request.forbidden_tokens,
                initial_pairs=[*request.initial_pairs, *checkpoint.merges],
                num_threads=resolve_num_threads(running.num_threads),
                progress=self._progress(superwords, num_before),
                on_merges=checkpoint.add if is_watched else None,
                empty_table=counts is not self._source,
            )
            if not is_watched:
                checkpoint.add(learned)
        except KeyboardInterrupt:
            if running.on_interrupt == "raise" or not checkpoint.merges:
                raise
            self.was_interrupted = True

    def _counts(self, checkpoint: AnyCheckpoint, superwords: bool) -> PretokenCounts:
        request, running = self._request, self._running
        if isinstance(self._source, PretokenCounts):
            counts = self._source
        else:
            source = self._source
            counts = checkpoint.counts(
                "superword-counts" if superwords else "counts",
                lambda: count(
                    source,
                    pattern=request.final_pattern if superwords else request.pattern,
                    special_tokens=request.cutting_tokens,
                    num_threads=running.num_threads,
                    memory_limit=running.memory_limit,
                    spill_folder=running.spill_folder,
                    progress=self._progress(superwords, 0),
                    engine=running.engine,
                ),
            )
        if not len(counts):
            raise TrainingError("the corpus is empty: there is nothing to train on")
        return counts

    def _progress(self, superwords: bool, num_before: int) -> Progress | None:
        """Return a callback that names the stage and counts merges of earlier runs."""
        callback = self._running.progress
        if callback is None:
            return None

        def report(phase: str, done: int, total: int) -> None:
            callback(
                f"{phase} superwords" if superwords and phase else phase,
                done + num_before,
                total + num_before,
            )

        return report

    def _open_checkpoint(self) -> AnyCheckpoint:
        folder = self._running.checkpoint
        if folder is None:
            return NoCheckpoint()
        return TrainingCheckpoint(
            folder, self._request.describe() | {"source": fingerprint(self._source)}
        )


def pattern_of(
    source: object, pattern: Pattern | str | Sequence[str] | None, base: Tokenizer | None
) -> Pattern:
    """Return the pattern to train with, which must be that of counts and of a base."""
    is_default = isinstance(pattern, str) and pattern == DEFAULT_PATTERN
    if not isinstance(source, PretokenCounts):
        return Pattern.of(pattern)
    if base is not None and base.spec.pattern.stages != source.pattern.stages:
        raise TrainingError("the counts were made with another pattern than the base tokenizer's")
    if base is None and not is_default and Pattern.of(pattern).stages != source.pattern.stages:
        theirs = source.pattern.name or list(source.pattern.stages) or None
        raise TrainingError(
            f"the counts were made with another pattern than the one given, {theirs!r}; counts "
            "bring their own, so leave it out (--pattern)"
        )
    return source.pattern


def _check_can_be_read_twice(source: object) -> None:
    if isinstance(source, PretokenCounts):
        raise TrainingError(
            "superwords need the text itself: counts say which words there are only"
        )
    inner = source.source if isinstance(source, Corpus) else source
    if isinstance(inner, Iterator):
        raise TrainingError(
            f"superwords read the corpus twice, and a {type(inner).__name__} gives its texts "
            "once; pass files, a list, or an object that can be iterated again"
        )
