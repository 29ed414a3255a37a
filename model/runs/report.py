"""The table and the plot of an experiment, from its rows alone: nothing is measured here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import mean
from typing import Any

from model.plots import COLORS, new_figure, render, style

Row = dict[str, Any]

_VARIANT_TEXT = {
    "equal bytes": "Equal bytes: every model saw the same text, in as many steps.",
    "equal compute": "Equal compute: every model got the same arithmetic (FLOPs).",
    "equal time": "Equal time: as many processor seconds as the SwiGLU of the table above.",
}

#: Head of a column -> what stands in it.
_COLUMNS: dict[str, Callable[[Row], str]] = {
    "vocabulary": lambda row: label_of(row),
    "bits per byte": lambda row: f"{row['bits_per_byte']:.4f}" + spread_of(row),
    "MB seen": lambda row: f"{row['bytes_seen'] / 1e6:.2f}",
    "steps": lambda row: f"{row['steps']:,}",
    "TFLOP": lambda row: f"{row['flops'] / 1e12:.2f}",
    "CPU seconds": lambda row: f"{row['seconds']:.0f}",
    "bytes a token": lambda row: f"{row['bytes_per_token']:.2f}",
    "parameters: body": lambda row: f"{row['parameters_body']:,}",
    "vocabulary's": lambda row: f"{row['parameters_vocabulary']:,}",
}


def label_of(row: Row) -> str:
    """Return what a row is called.

    >>> label_of({"experiment": "vocabulary", "vocabulary": 4096})
    'own 4,096'
    """
    if row["experiment"] == "feed-forward":
        return str(row["ffn"])
    name = row["vocabulary"]
    return f"own {name:,}" if isinstance(name, int) else str(name)


def table(rows: Sequence[Row]) -> str:
    """Return the rows as Markdown, a table for each variant, the best first."""
    if not rows:
        return ""
    columns = dict(_COLUMNS)
    if rows[0]["experiment"] == "feed-forward":
        columns = {"feed-forward": columns.pop("vocabulary"), **columns}
    parts = []
    for variant in dict.fromkeys(row["variant"] for row in rows):
        found = averages(rows_of(rows, variant))
        found.sort(key=lambda row: row["bits_per_byte"])
        lines = [_VARIANT_TEXT[variant], "", _line(columns), _line(["---"] * len(columns))]
        lines += [_line(cell(row) for cell in columns.values()) for row in found]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def rows_of(rows: Sequence[Row], variant: str) -> list[Row]:
    """Return the rows of a variant; beside those of equal time stands what set the time."""
    chosen = [row for row in rows if row["variant"] == variant]
    if variant == "equal time":
        chosen += [row for row in rows if (row["variant"], row["ffn"]) == ("equal bytes", "swiglu")]
    return chosen


def averages(rows: Sequence[Row]) -> list[Row]:
    """Return a row for each model, averaged over its seeds."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(label_of(row), []).append(row)
    numbers = ("bits_per_byte", "seconds")
    return [
        {
            **group[0],
            **{name: mean(row[name] for row in group) for name in numbers},
            "all_bits_per_byte": [row["bits_per_byte"] for row in group],
        }
        for group in groups.values()
    ]


def spread_of(row: Row) -> str:
    """Return half the distance between the best and the worst seed, or nothing for a single one.

    >>> spread_of({"all_bits_per_byte": [2.0, 2.01]})
    ' ± 0.0050'
    """
    found = row["all_bits_per_byte"]
    return f" ± {(max(found) - min(found)) / 2:.4f}" if len(found) > 1 else ""


def plot(rows: Sequence[Row], kind: str) -> bytes:
    """Return the picture as a file of a kind: bits per byte of every model, and its time.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    variants = list(dict.fromkeys(row["variant"] for row in rows))
    figure = new_figure(11, 4.2 * len(variants))
    panels = figure.subplots(len(variants), 2, squeeze=False)
    for (left, right), variant in zip(panels, variants, strict=True):
        found = averages(rows_of(rows, variant))
        found.sort(key=lambda row: row["vocab_size"])
        names = [label_of(row) for row in found]
        colors = [COLORS[0] if isinstance(row["vocabulary"], int) else COLORS[1] for row in found]
        _bars(
            left, names, [row["bits_per_byte"] for row in found], colors, "{:.3f}", from_zero=False
        )
        _bars(right, names, [row["seconds"] for row in found], colors, "{:.0f}", from_zero=True)
        style(left, f"bits per byte, {variant} (lower is better)")
        style(right, f"processor seconds, {variant}")
        values = [row["bits_per_byte"] for row in found]
        margin = 0.35 * (max(values) - min(values)) or 0.1
        left.set_xlim(min(values) - margin, max(values) + margin)
    return render(figure, kind)


def _bars(
    panel: Any,
    names: Sequence[str],
    values: Sequence[float],
    colors: Sequence[str],
    form: str,
    *,
    from_zero: bool,
) -> None:
    places = range(len(names))
    if from_zero:
        panel.barh(places, values, color=colors, height=0.62)
    else:  # a bar that does not begin at 0 would lie about its length
        panel.scatter(values, places, color=colors, s=45, zorder=3)
    panel.set_yticks(places, names)
    panel.invert_yaxis()
    panel.margins(x=0.15)
    for place, value in zip(places, values, strict=True):
        panel.annotate(
            form.format(value), (value, place), xytext=(6, 0), textcoords="offset points",
            va="center", fontsize=8,
        )  # fmt: skip


def _line(cells: Any) -> str:
    return "| " + " | ".join(cells) + " |"
