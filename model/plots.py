"""Pictures of runs: their curves side by side, and the learned functions of a KAN.

What draws does not measure: `history.py` reads the log, this file knows colours. matplotlib is
imported where it is used; the figures know no screen and no global state, and the same run gives
the same SVG, byte for byte.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from itertools import cycle
from typing import Any

from bpe.errors import CheckpointError, MissingDependencyError
from model.history import History, Point

#: Told apart by every kind of eye, and on paper by their lightness.
COLORS = ("#0b6e99", "#d1495b", "#3c8d53", "#8a5fbf", "#c97b12", "#5f6b73")

#: Name of the axis -> where a point stands on it.
AXES: dict[str, Callable[[Point], float]] = {
    "steps": lambda point: point.step,
    "tokens": lambda point: point.tokens,
    "seconds": lambda point: point.seconds,
}

#: Key in the log -> title of the panel.
_CURVES = {
    "loss": "loss against {axis} (faint: training)",
    "bits_per_byte": "bits per byte against {axis}",
}

_GREY = "#666666"
_DPI = 150


def plot_histories(histories: Sequence[History]) -> Any:
    """Return a figure (matplotlib) of nine panels.

    Loss and bits per byte against steps, tokens and seconds; below them the learning rate, tokens
    per second and the norm of the gradient. With several runs each has a colour.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    figure = new_figure(12.5, 9.5)
    panels = figure.subplots(3, 3)
    for row, (key, name) in enumerate(_CURVES.items()):
        for panel, (axis, place) in zip(panels[row], AXES.items(), strict=True):
            for history, color in zip(histories, cycle(COLORS), strict=False):
                _draw_curve(panel, history, key, place, color, alone=len(histories) == 1)
            _name(panel, name.format(axis=axis), axis)
    _draw_speed(panels[2], histories)
    handles, labels = panels[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=4, frameon=False)
    return figure


def plot_edges(layer: Any, num_inputs: int = 8, num_outputs: int = 4) -> Any:
    """Return a figure of the functions on the first edges of a `KANLayer`.

    A column for each input, a row for each output; what is drawn is the function of the normed
    input, and the grey ticks at the foot are where the Gaussians stand.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    import torch

    from model.kan import GRID, NUM_CENTERS

    num_inputs = min(num_inputs, layer.base.in_features)
    num_outputs = min(num_outputs, layer.base.out_features)
    z_P = torch.linspace(-1.5 * GRID, 1.5 * GRID, 241)
    figure = new_figure(1.5 * num_inputs, 1.4 * num_outputs + 0.5)
    panels = figure.subplots(num_outputs, num_inputs, sharex=True, sharey=True, squeeze=False)
    for out, row in enumerate(panels):
        for index, panel in enumerate(row):
            panel.plot(z_P.tolist(), layer.edge(index, out, z_P).tolist(), color=COLORS[0], lw=1.2)
            panel.axhline(0, color=_GREY, lw=0.5)
            panel.set_title(f"{index} to {out}", fontsize=7, color=_GREY, pad=2)
            panel.tick_params(labelsize=6)
    for panel in panels[-1]:
        centers = torch.linspace(-GRID, GRID, NUM_CENTERS).tolist()
        panel.plot(centers, [0.02] * NUM_CENTERS, "|", color=_GREY, transform=_foot(panel))
    figure.supxlabel("normed input", fontsize=8)
    return figure


def kan_layer_of(model: Any, block: int = -1) -> Any:
    """Return the first layer of edges in a block of a model.

    Raises:
        CheckpointError: Its feed-forward is no KAN.
    """
    if model.config.feed_forward != "kan":
        raise CheckpointError(
            f"the feed-forward of this model is {model.config.feed_forward}, which has no edges; "
            "train one with --ffn kan"
        )
    return model.blocks[block].mlp.up


def render(figure: Any, kind: str) -> bytes:
    """Return a figure as a file: `png` or `svg`."""
    from matplotlib import rc_context

    buffer = io.BytesIO()
    # Without a date and with names that do not change, the same figure is the same file.
    with rc_context({"svg.hashsalt": "chimera"}):
        metadata = {"Date": None} if kind == "svg" else {"Software": None}
        figure.savefig(buffer, format=kind, dpi=_DPI, metadata=metadata)
    return buffer.getvalue()


def new_figure(width: float, height: float) -> Any:
    """Return an empty figure, its size in inches.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
        from matplotlib.layout_engine import ConstrainedLayoutEngine
    except ImportError:
        raise MissingDependencyError(
            "a plot needs matplotlib: pip install 'chimera-bpe[plot]'"
        ) from None
    layout = ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08)
    return Figure(figsize=(width, height), layout=layout)


def style(panel: Any, title: str) -> None:
    """Give a panel its title, and the look of all others."""
    panel.set_title(title, fontsize=10, loc="left")
    panel.grid(alpha=0.25)
    panel.spines[["top", "right"]].set_visible(False)
    panel.tick_params(labelsize=8)


def _draw_curve(
    panel: Any, history: History, key: str, place: Callable[[Point], float], color: str, alone: bool
) -> None:
    """Draw the evaluations of a run; where the training loss is known, faintly, that as well."""
    logged = [point for point in history.train if key in point.values]
    panel.plot(
        [place(point) for point in logged],
        [point.values[key] for point in logged],
        color=color, alpha=0.35, lw=0.8, label="training loss" if alone else None,
    )  # fmt: skip
    panel.plot(
        [place(point) for point in history.evaluations],
        [point.values[key] for point in history.evaluations],
        color=color, lw=1.8, marker="o", ms=3, label="validation" if alone else history.name,
    )  # fmt: skip


def _draw_speed(panels: Sequence[Any], histories: Sequence[History]) -> None:
    for history, color in zip(histories, cycle(COLORS), strict=False):
        steps = [point.step for point in history.train]
        panels[0].plot(steps, [p.values["lr"] for p in history.train], color=color, lw=1.5)
        rates = history.tokens_per_second()
        panels[1].plot([p.step for p, _ in rates], [r for _, r in rates], color=color, lw=1.0)
        norms = [point.values["grad_norm"] for point in history.train]
        panels[2].plot(steps, norms, color=color, lw=0.8)
    titles = ("learning rate", "tokens per second", "norm of the gradient")
    for panel, title in zip(panels, titles, strict=True):
        _name(panel, title, "steps")
        panel.margins(y=0.1)
        panel.set_ylim(bottom=0)


def _name(panel: Any, title: str, axis: str) -> None:
    style(panel, title)
    panel.set_xlabel(axis, fontsize=9, color=_GREY)
    panel.set_xlim(left=0)
    panel.xaxis.set_major_formatter(_short)


def _short(value: float, _: int | None = None) -> str:
    """Return a number as people write it on an axis.

    >>> _short(1_500_000), _short(20_000), _short(0.5)
    ('1.5M', '20k', '0.5')
    """
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return f"{value / (1e3 if letter == 'k' else size):g}{letter}"
    return f"{value:g}"


def _foot(panel: Any) -> Any:
    """Return the transform whose x is that of the data and whose y is the panel's height."""
    return panel.get_xaxis_transform()
