"""Count a corpus: the road from text to pretokens and how often each occurs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from os import PathLike
from typing import TypeAlias

from bpe.counts import PretokenCounts
from bpe.engines import EngineName, Progress, get_engine
from bpe.patterns import Pattern
from bpe.special_tokens import check_special_tokens
from bpe.threads import resolve_num_threads

Path: TypeAlias = str | PathLike[str]
#: A path, several paths, a folder, a glob, or an iterable of str or bytes.
Source: TypeAlias = Path | Iterable[Path] | Iterable[str] | Iterable[bytes]

DEFAULT_PATTERN = "o200k"

# Documents are handed to the engine in batches of about this size, so that an endless iterator
# needs bounded memory and the engine has enough to share between threads.
_BATCH_DOCUMENTS = 8192
_BATCH_BYTES = 16 * 2**20


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
        source: A path, several paths, a folder, a glob, or an iterable of str or bytes. A single
            `str` is always a path.
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

    from bpe.corpora import plain_files, read_documents

    files = plain_files(source)
    if files is not None:
        for file in files:
            stages.count_file(counts.table, str(file), counts.pattern, specials, threads, progress)
    else:
        for batch in _batches(read_documents(source)):
            stages.count_documents(counts.table, batch, counts.pattern, specials, threads, progress)
    return counts


def _batches(documents: Iterator[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    num_bytes = 0
    for document in documents:
        batch.append(document)
        num_bytes += len(document)
        if len(batch) == _BATCH_DOCUMENTS or num_bytes >= _BATCH_BYTES:
            yield batch
            batch, num_bytes = [], 0
    if batch:
        yield batch
