"""A vocabulary is suggested for a body, and remarked on when it outweighs it."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from model import GPT, ModelConfig, runs
from model.presets import PRESET_VOCABULARIES, PRESETS, remark_on_vocabulary, suggested_vocab_size
from model.runs.__main__ import read_rows
from model.runs.report import averages, rows_of


def test_the_suggestion_is_that_of_the_paper_and_grows_in_between() -> None:
    assert [5800, 5800, 8400, 62000, 62000] == [
        suggested_vocab_size(int(body)) for body in (1e5, 33e6, 85e6, 7e9, 1e12)
    ]
    sizes = [suggested_vocab_size(body) for body in range(30_000_000, 8_000_000_000, 97_000_000)]
    assert sizes == sorted(sizes)


@pytest.mark.parametrize(
    ("vocab_size", "body", "table", "remark"),
    [
        (200_019, 10_600_000, 76_800_000, "88% of the parameters .* about 5,800 ids"),
        (8_192, 10_600_000, 3_145_728, None),
        (8_192, 300_000, 800_000, None),  # larger than its body, but not for its size
        (50_257, 85_000_000, 38_600_000, None),
    ],
)
def test_only_a_table_that_outweighs_the_body_is_remarked_on(
    vocab_size: int, body: int, table: int, remark: str | None
) -> None:
    found = remark_on_vocabulary(vocab_size, body, table)
    if remark is None:
        assert found is None
    else:
        assert found is not None
        assert re.search(remark, found)


def split_of(preset: str) -> tuple[int, int]:
    names = {field.name for field in fields(ModelConfig)}
    chosen: dict[str, Any] = {k: v for k, v in PRESETS[preset].items() if k in names}
    return GPT(ModelConfig(PRESET_VOCABULARIES[preset][0], **chosen)).parameter_split()


def test_the_reasons_for_a_vocabulary_state_what_is_so() -> None:
    assert PRESETS.keys() == PRESET_VOCABULARIES.keys()
    body, table = split_of("test")
    assert f"{body:,} parameters" in PRESET_VOCABULARIES["test"][1]
    assert body < table == 512 * 8
    body, table = split_of("chimera")
    assert f"{table / (body + table):.0%} of these" in PRESET_VOCABULARIES["chimera"][1]
    rows = read_rows(Path(runs.__file__).parent / "results" / "vocabulary.jsonl")
    ranking = {
        variant: [
            row["vocabulary"]
            for row in sorted(averages(rows_of(rows, variant)), key=lambda r: r["bits_per_byte"])
        ]
        for variant in ("equal compute", "equal bytes")
    }
    assert {4096, 8192} == set(ranking["equal compute"][:2])
    assert ranking["equal bytes"].index(8192) < ranking["equal bytes"].index(4096)
