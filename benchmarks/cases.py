"""What is measured: every case as data.

A training case goes from a file on disk to a vocabulary, a counting case from the file to its
distinct pretokens, an encoding case from `str` in memory to ids, a files case from a file of text
to a file of ids, a decoding case from ids to bytes; a loading case from a fresh interpreter to an
encoder. All contestants of a case must give the same result, byte for byte or id for id; who cannot
carries the reason in `not_comparable` and is reported with it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Task = Literal["train", "count", "encode", "files", "decode", "load"]
#: What is encoded into what: a text into an array or a list, many texts into lists, in one call
#: or in one call each.
Form = Literal["", "numpy", "list", "documents", "calls"]
CORPORA = ("english", "code", "multilingual")


@dataclass(frozen=True)
class Case:
    """One line of a table.

    Attributes:
        task: What is done.
        corpus: Name of a file in the corpora folder, without its ending.
        megabytes: Size of its prefix that is used.
        contestants: Names of modules in `benchmarks.contestants`.
        pattern: Split pattern (train, count).
        vocab_size: 256 bytes + merges, without special tokens (train).
        tie_break: Which of equally frequent pairs goes first (train).
        encoding: Name of a published vocabulary (encode, files, decode, load).
        form: What goes in and comes out (encode, decode).
        num_threads: Threads that a contestant may use.
        passes: How often one process does the work (count, encode, decode).
        not_comparable: Contestant -> why its result differs by design.
    """

    task: Task
    corpus: str
    megabytes: float
    contestants: tuple[str, ...]
    pattern: str = ""
    vocab_size: int = 0
    tie_break: str = ""
    encoding: str = ""
    form: Form = ""
    num_threads: int = 1
    passes: int = 1
    not_comparable: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """A name that says everything, for the results and for --only."""
        parts = (self.encoding, self.pattern, self.vocab_size, self.tie_break, self.form)
        what = "-".join(str(part) for part in parts if part)
        return f"{self.task}-{self.corpus}-{self.megabytes:g}MB-{what}-{self.num_threads}t"

    def as_job(self) -> dict[str, Any]:
        """The part of a case that a worker needs, ready for JSON."""
        job = asdict(self)
        del job["contestants"], job["not_comparable"]
        return job


#: Those that need minutes for code or multilingual text: one corpus is enough to know that.
_MINUTES = {("bpeasy", 32_768), ("gigatoken", 100_256)}


def _training() -> list[Case]:
    families = (
        ("gpt2", "huggingface", 32_768, ("ours", "tokenizers", "gigatoken"), (1,)),
        ("gpt2", "id", 32_768, ("ours", "rustbpe", "gigatoken"), (1, 2)),
        ("gpt2", "id", 100_256, ("ours", "rustbpe", "gigatoken"), (1, 2)),
        ("cl100k", "id", 32_768, ("ours", "rustbpe", "bpeasy"), (1, 2)),
        ("cl100k", "id", 100_256, ("ours", "rustbpe"), (1, 2)),
    )
    return [
        Case(
            "train",
            corpus,
            100,
            tuple(
                name
                for name in contestants
                if (name, vocab_size) not in _MINUTES or corpus == "english"
            ),
            pattern=pattern,
            vocab_size=vocab_size,
            tie_break=tie_break,
            num_threads=num_threads,
        )
        for corpus in CORPORA
        for pattern, tie_break, vocab_size, contestants, threads in families
        for num_threads in threads
    ]


def _counting() -> list[Case]:
    return [
        Case(
            "count",
            corpus,
            100,
            ("ours", "gigatoken") if pattern == "gpt2" else ("ours",),
            pattern=pattern,
            num_threads=num_threads,
            passes=3,
            not_comparable={"gigatoken": "it cannot count alone: trained for one merge"},
        )
        for corpus in CORPORA
        for pattern in ("gpt2", "cl100k", "o200k")
        for num_threads in (1, 2)
    ]


def _small_training() -> list[Case]:
    return [
        Case(
            "train",
            "english",
            0.2,
            ("ours", "reference", "tiktoken"),
            pattern="gpt2",
            vocab_size=384,
            tie_break="id",
            not_comparable={"tiktoken": "its educational trainer takes the pair it met first"},
        )
    ]


def _encoding() -> list[Case]:
    lists = ("ours", "gigatoken", "quicktok", "tiktoken", "tokenizers")
    arrays = ("ours", "ours_warm", *lists[1:-1])
    form_to_contestants: dict[Form, tuple[str, ...]] = {
        "numpy": arrays,
        "list": lists[:-1],
        "documents": lists,
    }
    return [
        Case(
            "encode",
            corpus,
            25,
            tuple(
                name
                for name in contestants
                if name != "tokenizers" or (corpus, encoding) == ("english", "cl100k_base")
            ),
            encoding=encoding,
            form=form,
            passes=4,
        )
        for form, contestants in form_to_contestants.items()
        for corpus in CORPORA
        for encoding in ("cl100k_base", "o200k_base")
    ]


def _files() -> list[Case]:
    return [
        Case("files", corpus, 100, ("ours", "gigatoken"), encoding="cl100k_base", num_threads=2)
        for corpus in CORPORA
    ]


def _around_encoding() -> list[Case]:
    """Short calls, decoding, loading: English only, the text plays no great part."""
    contestants = ("ours", "gigatoken", "quicktok", "tiktoken", "tokenizers")
    loaders = ("ours", "gigatoken", "quicktok", "tiktoken")
    calls: dict[str, Any] = {"form": "calls", "passes": 20}
    return [
        *(
            Case("encode", "english", 1, contestants, encoding=encoding, **calls)
            for encoding in ("cl100k_base", "o200k_base")
        ),
        Case("decode", "english", 25, contestants, encoding="cl100k_base", form="list", passes=4),
        Case("decode", "english", 25, loaders, encoding="cl100k_base", form="numpy", passes=4),
        *(
            Case("load", "english", 1, loaders, encoding=encoding)
            for encoding in ("cl100k_base", "o200k_base")
        ),
    ]


def _small_encoding() -> list[Case]:
    contestants = ("ours", "reference")
    small: dict[str, Any] = {"encoding": "cl100k_base", "form": "documents", "passes": 2}
    return [Case("encode", "english", 1, contestants, **small)]


CASES: tuple[Case, ...] = (
    *_training(),
    *_small_training(),
    *_counting(),
    *_encoding(),
    *_files(),
    *_around_encoding(),
    *_small_encoding(),
)
