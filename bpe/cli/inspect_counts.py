"""What `bpe inspect` says of a counts file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from bpe.cli.output import bytes_to_json, print_json, print_table, print_text, show_bytes

if TYPE_CHECKING:
    from bpe.counts import PretokenCounts
    from bpe.counts_summary import CountsSummary
    from bpe.engines import EngineName


def is_counts(path: str) -> bool:
    """Return whether it is a counts file."""
    from bpe.counts_header import is_counts_file

    return Path(path).is_file() and is_counts_file(path)


def show_counts(path: str, top: int, *, as_json: bool, engine: EngineName) -> None:
    """Describe a counts file, reading all of it, and so checking it."""
    from bpe.counts import PretokenCounts

    counts = PretokenCounts.open(path, engine=engine)
    summary = counts.summary()
    if as_json:
        print_json(
            {
                **vars(summary),
                "length_to_num_distinct": list(summary.length_to_num_distinct.items()),
                "pattern": list(counts.pattern.stages),
                "pattern_name": counts.pattern.name,
                "special_tokens": list(counts.header.special_tokens),
                "top": [{"count": n, **bytes_to_json(text)} for text, n in counts.top(top)],
                "unicode_version": counts.header.unicode_version,
            }
        )
        return
    print_table(_facts(counts, summary))
    print_text("\nbytes of a pretoken, distinct pretokens")
    for length, number in summary.length_to_num_distinct.items():
        name = str(length) if length == 1 else f"{length}-{2 * length - 1}"
        print_text(f"{name:>12}  {number}")
    print_text("\nmost frequent")
    for pretoken, count in counts.top(top):
        print_text(f"{count:>12}  {show_bytes(pretoken)}")


def _facts(counts: PretokenCounts, summary: CountsSummary) -> Iterator[tuple[str, str]]:
    if counts.pattern.name:
        yield "pattern", counts.pattern.name
    else:
        for stage in counts.pattern.stages or ("none: text is not split",):
            yield "pattern", ascii(stage)[1:-1]
    for text in counts.header.special_tokens:
        yield "special token", ascii(text)[1:-1]
    yield "unicode", counts.header.unicode_version
    yield "distinct", f"{summary.num_distinct} pretokens of {summary.num_distinct_bytes} bytes"
    yield "total", f"{summary.total} pretokens of {summary.num_text_bytes} bytes"
    share = f"{summary.share_of_singletons:.1%}"
    yield "once", f"{summary.num_singletons} pretokens occur once, {share} of the distinct"
    yield "longest", f"{summary.longest} bytes"
    yield (
        "dropped",
        f"{summary.dropped_pretokens} pretokens that occurred {summary.dropped_occurrences} times",
    )
