"""Tables of encoding and decoding. Reads rows, draws Markdown; measures nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from benchmarks.markdown import SMALL, TITLES, Row, cell, header, is_small, line

FORM_TITLES = {
    "numpy": "one text into an array",
    "list": "one text into a list",
    "documents": "documents into lists",
}
PASSES = "first pass of a process / later pass (higher is better)"
#: Texts in a pass of the form "calls".
CALLS = 1_000


def encoding_table(rows: list[Row], form: str) -> str:
    """MB/s of one thread, first and later pass, a column for each vocabulary and corpus."""
    rows = [row for row in rows if row.get("form", "documents") == form]
    if not rows:
        return ""
    columns = list(dict.fromkeys((row["encoding"], row["corpus"]) for row in rows))
    title = f"Encoding, {FORM_TITLES[form]}, MB/s of one thread, {PASSES}:"
    lines = [title, "", *header(["", *(f"{name}, {corpus}" for name, corpus in columns)])]
    for name in dict.fromkeys(row["contestant"] for row in rows):
        cells = [
            _speeds(
                row
                for row in rows
                if row["contestant"] == name and (row["encoding"], row["corpus"]) == column
            )
            for column in columns
        ]
        lines.append(line([TITLES.get(name, name), *cells]))
    return "\n".join(lines)


def files_table(rows: list[Row]) -> str:
    """MB/s from a text file to a file of ids, and what the process took at its largest."""
    if not rows:
        return ""
    columns = list(dict.fromkeys(row["corpus"] for row in rows))
    title = "A text file to a file of cl100k_base ids, two threads, MB/s; MB of memory:"
    lines = [title, "", *header(["", *columns])]
    for name in dict.fromkeys(row["contestant"] for row in rows):
        cells = []
        for corpus in columns:
            here = [row for row in rows if (row["contestant"], row["corpus"]) == (name, corpus)]
            speed = cell((row["bytes"] / row["seconds"][0] / 1e6 for row in here), "{:.0f}")
            cells.append(f"{speed}; {cell((row['peak_mb'] for row in here), '{:.0f}')}")
        lines.append(line([TITLES.get(name, name), *cells]))
    return "\n".join(lines)


def around_table(rows: list[Row]) -> str:
    """What else an encoder is asked for, in English: lists, short calls, decoding, loading."""
    rows = [row for row in rows if row["corpus"] == "english" and row["num_threads"] == 1]
    columns: dict[str, tuple[str, str, str, Callable[[Iterable[Row]], str]]] = {
        "a text to a list, MB/s": ("encode", "cl100k_base", "list", _speeds),
        "documents to lists, MB/s": ("encode", "cl100k_base", "documents", _speeds),
        "100 characters, µs a call": ("encode", "cl100k_base", "calls", _microseconds),
        "decode a list, MB/s": ("decode", "cl100k_base", "list", _speeds),
        "decode an array, MB/s": ("decode", "cl100k_base", "numpy", _speeds),
        "import and load o200k_base, s; first call, ms": ("load", "o200k_base", "", _loading),
    }
    cells: dict[str, list[str]] = {}
    for place, (task, encoding, form, show) in enumerate(columns.values()):
        chosen = [
            row
            for row in rows
            if (row["task"], row["encoding"], row.get("form")) == (task, encoding, form)
            and (row["bytes"] > SMALL or not is_small(row))
        ]
        for name in dict.fromkeys(row["contestant"] for row in chosen):
            found = cells.setdefault(name, ["–"] * len(columns))
            found[place] = show(row for row in chosen if row["contestant"] == name)
    if not cells:
        return ""
    lines = [f"cl100k_base in English, one thread, {PASSES}:", "", *header(["", *columns])]
    lines += [line([TITLES.get(name, name), *found]) for name, found in cells.items()]
    return "\n".join(lines)


def _speeds(rows: Iterable[Row]) -> str:
    """MB/s of the first pass and the best of the later ones, medians over the processes."""
    rows = list(rows)
    if not rows:
        return "–"
    first = cell((row["bytes"] / row["seconds"][0] / 1e6 for row in rows), "{:.0f}")
    later = cell((row["bytes"] / min(row["seconds"][1:]) / 1e6 for row in rows), "{:.0f}")
    return f"{first} / {later}"


def _microseconds(rows: Iterable[Row]) -> str:
    """Microseconds of one of 1,000 calls, in the best pass."""
    return cell((min(row["seconds"]) * 1e6 / CALLS for row in rows), "{:.2f}")


def _loading(rows: Iterable[Row]) -> str:
    """Seconds until an encoder is there, milliseconds of its first call."""
    rows = list(rows)
    load = cell((row["seconds"][0] for row in rows), "{:.2f}")
    return f"{load}; {cell((row['seconds'][1] * 1e3 for row in rows), '{:.2f}')}"
