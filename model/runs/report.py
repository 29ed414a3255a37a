"""The table and the plot of an experiment, from its rows alone: nothing is measured here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import mean
from typing import Any

from model.plots import COLORS, new_figure, render, style
from model.runs.plan import nearest_to_reference

Row = dict[str, Any]

_VARIANT_TEXT = {
    "equal bytes": "Equal bytes: every model saw the same text, in as many steps.",
    "equal compute": "Equal compute: every model got the same arithmetic (FLOPs).",
    "equal time": "Equal time: as many processor seconds as the SwiGLU of the table above.",
}

_SPREAD_TEXT = (
    "Bits per byte and seconds are means over the seeds; ± is half the distance between the best "
    "and the worst seed."
)

#: Head of a column -> what stands in it.
_COLUMNS: dict[str, Callable[[Row], str]] = {
    "vocabulary": lambda row: label_of(row),
    "bits per byte": lambda row: f"{row['bits_per_byte']:.4f}" + spread_of(row),
    "seeds": lambda row: str(len(row["all_bits_per_byte"])),
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
    for variant in _variants(rows):
        found = averages(rows_of(rows, variant))
        found.sort(key=lambda row: row["bits_per_byte"])
        lines = [_VARIANT_TEXT[variant], "", _line(columns), _line(["---"] * len(columns))]
        lines += [_line(cell(row) for cell in columns.values()) for row in found]
        parts.append("\n".join(lines))
    if any(
        spread_of(row) for variant in _variants(rows) for row in averages(rows_of(rows, variant))
    ):
        parts.append(_SPREAD_TEXT)
    return "\n\n".join(parts) + "\n"


def rows_of(rows: Sequence[Row], variant: str) -> list[Row]:
    """Return the rows of a variant; with equal compute or time beside what set the budget."""
    chosen = [row for row in rows if row["variant"] == variant]
    if variant == "equal bytes":
        return chosen
    equal_bytes = [row for row in rows if row["variant"] == "equal bytes"]
    if variant == "equal time":
        return chosen + [row for row in equal_bytes if row["ffn"] == "swiglu"]
    sizes = [row["vocabulary"] for row in equal_bytes if isinstance(row["vocabulary"], int)]
    return chosen + [row for row in equal_bytes if row["vocabulary"] == nearest_to_reference(sizes)]


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
    variants = _variants(rows)
    figure = new_figure(11, 4.2 * len(variants))
    panels = figure.subplots(len(variants), 2, squeeze=False)
    for (left, right), variant in zip(panels, variants, strict=True):
        found = averages(rows_of(rows, variant))
        found.sort(key=lambda row: row["vocab_size"])
        names = [label_of(row) for row in found]
        colors = [COLORS[0] if isinstance(row["vocabulary"], int) else COLORS[1] for row in found]
        _dots(left, names, [row["all_bits_per_byte"] for row in found], colors)
        _bars(right, names, [row["seconds"] for row in found], colors)
        style(left, f"bits per byte, {variant} (lower is better; a line spans the seeds)")
        style(right, f"processor seconds, {variant}")
        values = [value for row in found for value in row["all_bits_per_byte"]]
        margin = 0.35 * (max(values) - min(values)) or 0.1
        left.set_xlim(min(values) - margin, max(values) + margin)
    return render(figure, kind)


def _dots(
    panel: Any, names: Sequence[str], seeds: Sequence[Sequence[float]], colors: Sequence[str]
) -> None:
    """Draw means, and a line from the best seed to the worst; bars would have to begin at 0."""
    means = [mean(values) for values in seeds]
    panel.scatter(means, range(len(names)), color=colors, s=45, zorder=3)
    for place, (values, color) in enumerate(zip(seeds, colors, strict=True)):
        panel.plot([min(values), max(values)], [place] * 2, color=color, linewidth=2, zorder=2)
    _name_and_number(panel, names, means, [max(values) for values in seeds], "{:.3f}")


def _bars(panel: Any, names: Sequence[str], values: Sequence[float], colors: Sequence[str]) -> None:
    panel.barh(range(len(names)), values, color=colors, height=0.62)
    panel.set_axisbelow(True)  # the grid behind the bars
    _name_and_number(panel, names, values, values, "{:.0f}")


def _name_and_number(
    panel: Any, names: Sequence[str], values: Sequence[float], ends: Sequence[float], form: str
) -> None:
    panel.set_yticks(range(len(names)), names)
    panel.set_ylim(len(names) - 0.5, -0.5)  # a model is at the same height in both panels
    panel.margins(x=0.15)
    for place, (value, end) in enumerate(zip(values, ends, strict=True)):
        panel.annotate(
            form.format(value), (end, place), xytext=(6, 0), textcoords="offset points",
            va="center", fontsize=8,
        )  # fmt: skip


def _variants(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(row["variant"] for row in rows))


def _line(cells: Any) -> str:
    return "| " + " | ".join(cells) + " |"
