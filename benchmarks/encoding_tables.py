"""Tables of encoding and decoding. Reads rows, draws Markdown; measures nothing."""

from __future__ import annotations

from collections.abc import Iterable

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


#: What an encoder is asked for: title -> task, encoding, form, corpus.
_ASKED: dict[str, tuple[str, str, str, str]] = {
    "a text to an array, MB/s": ("encode", "cl100k_base", "numpy", "english"),
    "the same, code": ("encode", "cl100k_base", "numpy", "code"),
    "the same, multilingual": ("encode", "cl100k_base", "numpy", "multilingual"),
    "a text to a list, MB/s": ("encode", "cl100k_base", "list", "english"),
    "documents to lists, MB/s": ("encode", "cl100k_base", "documents", "english"),
    "100 characters, µs a call": ("encode", "cl100k_base", "calls", "english"),
    "a file to a file, 2 threads, MB/s": ("files", "cl100k_base", "", "english"),
    "decode a list, MB/s": ("decode", "cl100k_base", "list", "english"),
    "decode an array, MB/s": ("decode", "cl100k_base", "numpy", "english"),
    "import and load o200k_base, s; first call, ms": ("load", "o200k_base", "", "english"),
}


def asked_table(rows: list[Row]) -> str:
    """One line for each contestant, one column for each thing that an encoder is asked for."""
    cells: dict[str, list[str]] = {}
    for place, asked in enumerate(_ASKED.values()):
        chosen = [
            row
            for row in rows
            if (row["task"], row["encoding"], row.get("form"), row["corpus"]) == asked
            and (row["bytes"] > SMALL or not is_small(row))
        ]
        show = {"calls": _microseconds}.get(asked[2], {"load": _loading}.get(asked[0], _speeds))
        for name in dict.fromkeys(row["contestant"] for row in chosen):
            found = cells.setdefault(name, ["–"] * len(_ASKED))
            found[place] = show(row for row in chosen if row["contestant"] == name)
    if not cells:
        return ""
    lines = [f"cl100k_base, English and one thread if not said otherwise, {PASSES}:", ""]
    lines += header(["", *_ASKED])
    lines += [line([TITLES.get(name, name), *found]) for name, found in cells.items()]
    return "\n".join(lines)


def _speeds(rows: Iterable[Row]) -> str:
    """MB/s of the first pass and, if any, the best later one, medians over the processes."""
    rows = list(rows)
    if not rows:
        return "–"
    first = cell((row["bytes"] / row["seconds"][0] / 1e6 for row in rows), "{:.0f}")
    if len(rows[0]["seconds"]) == 1:
        return first
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
