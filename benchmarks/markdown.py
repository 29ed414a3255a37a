"""Rows of results as lines of Markdown: what all tables share."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median
from typing import Any

Row = dict[str, Any]

TITLES = {
    "ours": "**chimera-bpe**",
    "ours_warm": "chimera-bpe, words frozen before",
    "reference": "chimera-bpe, reference engine",
}

#: Bytes up to which a case is small: it has a table of its own.
SMALL = 5_000_000


def is_small(row: Row) -> bool:
    """Whether the row belongs to a case that pure Python takes part in."""
    return row["bytes"] <= SMALL and row["task"] != "load" and row.get("form") != "calls"


def cell(values: Iterable[float], form: str = "{:.1f}") -> str:
    found = list(values)
    return form.format(median(found)) if found else "–"


def header(cells: list[str]) -> list[str]:
    return [line(cells), "|" + "---|" * len(cells)]


def line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
