"""Count a corpus: the road from text to pretokens and how often each occurs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from os import PathLike

from bpe.corpora.corpus import Source
from bpe.counts import PretokenCounts
from bpe.counts_sources import check_pattern, counts_of
from bpe.engines import CountTable, Engine, EngineName, Progress, Spill, get_engine
from bpe.memory import CountingShare, MemoryLimit
from bpe.patterns import Pattern
from bpe.special_tokens import check_special_tokens
from bpe.spill_folder import SpillFolder
from bpe.threads import resolve_num_threads

DEFAULT_PATTERN = "o200k"


def count(
    source: Source,
    *,
    pattern: Pattern | str | Sequence[str] | None = DEFAULT_PATTERN,
    special_tokens: Iterable[str] = (),
    num_threads: int | None = None,
    memory_limit: MemoryLimit | None = None,
    spill_folder: str | PathLike[str] | None = None,
    progress: Progress | None = None,
    engine: EngineName = "native",
) -> PretokenCounts:
    """Split a corpus into pretokens and count them.

    Args:
        source: A path, several paths, a folder, a glob, a URL, an iterable of str or bytes, a
            table, or a `bpe.Corpus`, which says how any of these is read. A single `str` is always
            a path. A counts file (recognised by its content), or a list of them, is counted
            already: the result is what it holds, still on the disk, or their sum.
        pattern: A name ("gpt2", "cl100k", "llama3", "o200k", "qwen2", "nanochat"), a regular
            expression, several to apply in turn, or None for no split at all.
        special_tokens: Texts that cut a document and are not counted.
        num_threads: Default: `BPE_NUM_THREADS`, else the CPUs we may use. Never changes the result.
        memory_limit: Bytes, or a text such as "300MB", that the process may grow by. What does not
            fit goes to a temporary folder, and so may the result. Never changes the result. The
            reference engine ignores it.
        spill_folder: Where that folder is made. Default: `TMPDIR`, else what the system uses.
        progress: Called as progress(phase, done, total) about 20 times a second.
        engine: "native" or "reference".

    Raises:
        CorpusError: The source cannot be read as asked.
        PatternError: The pattern is unknown or no regular expression.
        TrainingError: Counts were made with another pattern, or do not belong together. The memory
            limit is too small; the message says the smallest that would do.
        OSError: The spill folder's disk is full, or it is missing; the message names it.

    >>> count(["to be or not to be"], pattern="gpt2", num_threads=1).top(2)
    [(b' be', 2), (b' not', 1)]
    """
    counted = counts_of(source, engine)
    if counted is not None:
        check_pattern(counted, Pattern.of(pattern))
        return counted
    specials = check_special_tokens(special_tokens)
    counts = PretokenCounts(pattern=pattern, special_tokens=specials, engine=engine)
    stages = get_engine(engine)
    threads = resolve_num_threads(num_threads)
    if memory_limit is None:
        counts.table = _count(source, counts, stages, specials, threads, progress, None)
    else:
        share = CountingShare.of(memory_limit, threads)
        threads = share.num_threads
        with SpillFolder(spill_folder) as folder:
            spill = stages.spill(str(folder.path), share.table_bytes, threads)
            table = _count(source, counts, stages, specials, threads, progress, spill)
            counts.hold(spill.finish(table, progress), folder)
    if counts.report is not None:
        counts.report.warn()
    return counts


def _count(
    source: Source,
    counts: PretokenCounts,
    stages: Engine,
    specials: Sequence[str],
    threads: int,
    progress: Progress | None,
    spill: Spill | None,
) -> CountTable:
    from bpe.corpora import Reading, join_parts
    from bpe.corpora.packer import PlainFile

    pattern, table = counts.pattern, stages.count_table()
    # With a spill, each batch goes on in the one table that is spilled from.
    counter = None if spill is not None else stages.counter(pattern, specials, threads)
    reading = Reading(source)
    show = None if progress is None else _Shown(progress, reading.total)

    def find_cut(data: bytes, near: int) -> int:
        return stages.find_cut(data, pattern, specials, near)

    for step in join_parts(reading.steps(specials), find_cut):
        if isinstance(step, PlainFile):
            cuts = list(dict.fromkeys([*specials, step.separator])) if step.separator else specials
            stages.count_file(table, str(step.path), pattern, cuts, threads, show, spill)
        elif step.weight == 1 and counter is not None:
            counter.add_documents(step.documents, None)
        elif step.weight == 1:
            stages.count_documents(table, step.documents, pattern, specials, threads, None, spill)
        else:
            once = stages.count_table()
            stages.count_documents(once, step.documents, pattern, specials, threads, None)
            table.add_times(once, step.weight)
            if spill is not None:
                spill.make_room(table)
        if show is not None:
            show.go_on_from(step.position)
    counts.report = reading.report
    if counter is None:
        return table
    smaller, larger = sorted((table, counter.finish(None)), key=len)
    if len(smaller):
        stages.add_counts(larger, smaller, 1, None)
    return larger


class _Shown:
    """Turns the progress of an engine within one file into that within the whole corpus."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total, self._position = progress, total, 0

    def __call__(self, phase: str, done: int, total: int) -> None:
        self._progress(phase, self._position + done, self._total)

    def go_on_from(self, position: int) -> None:
        self._position = position
        self._progress("counting", position, self._total)
