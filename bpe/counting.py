"""Count a corpus: the road from text to pretokens and how often each occurs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bpe.corpora.corpus import Source
from bpe.counts import PretokenCounts
from bpe.engines import EngineName, Progress, get_engine
from bpe.patterns import Pattern
from bpe.special_tokens import check_special_tokens
from bpe.threads import resolve_num_threads

DEFAULT_PATTERN = "o200k"


def count(
    source: Source,
    *,
    pattern: Pattern | str | Sequence[str] | None = DEFAULT_PATTERN,
    special_tokens: Iterable[str] = (),
    num_threads: int | None = None,
    progress: Progress | None = None,
    engine: EngineName = "native",
) -> PretokenCounts:
    """Split a corpus into pretokens and count them.

    Args:
        source: A path, several paths, a folder, a glob, a URL, an iterable of str or bytes, a
            table, or a `bpe.Corpus`, which says how any of these is read. A single `str` is always
            a path.
        pattern: A name ("gpt2", "cl100k", "llama3", "o200k", "qwen2", "nanochat"), a regular
            expression, several to apply in turn, or None for no split at all.
        special_tokens: Texts that cut a document and are not counted.
        num_threads: Default: `BPE_NUM_THREADS`, else the CPUs we may use. Never changes the result.
        progress: Called as progress(phase, done, total) about 20 times a second.
        engine: "native" or "reference".

    Raises:
        CorpusError: The source cannot be read as asked.
        PatternError: The pattern is unknown or no regular expression.

    >>> count(["to be or not to be"], pattern="gpt2", num_threads=1).top(2)
    [(b' be', 2), (b' not', 1)]
    """
    counts = PretokenCounts(pattern=Pattern.of(pattern), engine=engine)
    specials = check_special_tokens(special_tokens)
    threads = resolve_num_threads(num_threads)
    stages = get_engine(engine)

    from bpe.corpora import Reading, join_parts
    from bpe.corpora.packer import PlainFile

    reading = Reading(source)
    show = None if progress is None else _Shown(progress, reading.total)

    def find_cut(data: bytes, near: int) -> int:
        return stages.find_cut(data, counts.pattern, specials, near)

    for step in join_parts(reading.steps(specials), find_cut):
        if isinstance(step, PlainFile):
            cuts = list(dict.fromkeys([*specials, step.separator])) if step.separator else specials
            stages.count_file(counts.table, str(step.path), counts.pattern, cuts, threads, show)
        else:
            table = counts.table if step.weight == 1 else stages.count_table()
            stages.count_documents(table, step.documents, counts.pattern, specials, threads, None)
            if step.weight != 1:
                counts.table.add_times(table, step.weight)
        if show is not None:
            show.go_on_from(step.position)
    reading.report.warn()
    counts.report = reading.report
    return counts


class _Shown:
    """Turns the progress of an engine within one file into that within the whole corpus."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total, self._position = progress, total, 0

    def __call__(self, phase: str, done: int, total: int) -> None:
        self._progress(phase, self._position + done, self._total)

    def go_on_from(self, position: int) -> None:
        self._position = position
        self._progress("counting", position, self._total)
