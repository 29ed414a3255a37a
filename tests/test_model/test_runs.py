"""The experiment compares what it says it compares, goes on where it stopped, and hides nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from bpe.errors import CorpusError
from model import runs
from model.runs.__main__ import main, read_rows
from model.runs.measure import Corpus, measure, reference_row
from model.runs.plan import SMALL, Scale, Trial, reference_of, trials
from model.runs.report import label_of, plot, table


@pytest.fixture
def corpus(text_path: Path) -> Corpus:
    return Corpus(text_path, SMALL)


def test_the_reference_runs_before_what_depends_on_it() -> None:
    found = trials("vocabulary", Scale(), ("cl100k_base",))
    assert 15 == len(found)
    assert (4096, "equal bytes") == (found[0].vocabulary, found[0].variant)
    assert 1 == sum(t.vocabulary == "cl100k_base" and t.variant == "equal bytes" for t in found)
    assert (4096, "equal compute") not in {(t.vocabulary, t.variant) for t in found}, "it is both"
    assert 4 == len(trials("feed-forward", Scale(), ()))
    assert 400 == reference_of(SMALL)


def test_what_lies_close_together_is_repeated() -> None:
    found = trials("vocabulary", Scale(seeds=(1, 2, 3)), ("cl100k_base", "o200k_base"))
    seeds = {
        (variant, name): [t.seed for t in found if (t.variant, t.vocabulary) == (variant, name)]
        for variant in ("equal bytes", "equal compute")
        for name in (512, 2048, 4096, "cl100k_base", "o200k_base")
    }
    assert [1, 2, 3] == seeds["equal bytes", 4096] == seeds["equal bytes", 2048]
    assert [1, 2, 3] == seeds["equal compute", 2048] == seeds["equal compute", "cl100k_base"]
    assert [1] == seeds["equal bytes", 512] == seeds["equal compute", "o200k_base"]
    assert [1] == seeds["equal bytes", "cl100k_base"] == seeds["equal bytes", "o200k_base"]
    assert "o200k_base" == found[-1].vocabulary, "the longest last"


def test_with_equal_bytes_models_see_the_same_text_in_equal_steps(corpus: Corpus) -> None:
    rows = [measure(trial, SMALL, corpus, None) for trial in trials("vocabulary", SMALL, ())[:2]]
    assert [6, 6] == [row["steps"] for row in rows]
    assert rows[0]["bytes_seen"] == pytest.approx(rows[1]["bytes_seen"], rel=0.1)
    assert rows[0]["val_bytes"] == pytest.approx(rows[1]["val_bytes"], abs=150)
    assert 3000 == pytest.approx(rows[0]["val_bytes"], abs=150)
    assert rows[0]["parameters_body"] == rows[1]["parameters_body"]


def test_with_equal_compute_models_do_the_same_arithmetic(corpus: Corpus) -> None:
    scale = replace(SMALL, steps=40)
    first, *_ = trials("vocabulary", scale, ())
    reference = measure(first, scale, corpus, None)
    other = replace(first, vocabulary=300, variant="equal compute")
    row = measure(other, scale, corpus, reference_row(other, scale, [reference]))
    assert reference["flops"] == pytest.approx(row["flops"], rel=0.05)
    assert 40 != row["steps"], "a step with another vocabulary takes other arithmetic"


def test_every_vocabulary_is_judged_on_text_it_was_not_learned_from(corpus: Corpus) -> None:
    data = corpus.encode(300)
    tokenizer = corpus.tokenizer(300)
    assert corpus.train == tokenizer.decode(data.train_tokens.tolist())
    assert corpus.val == tokenizer.decode(data.val_tokens.tolist())


def test_a_corpus_that_is_too_short_is_refused(text_path: Path) -> None:
    with pytest.raises(CorpusError, match="8,100,000 are needed"):
        Corpus(text_path, Scale())


def test_one_command_measures_reports_and_goes_on(text_path: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    line = ["--corpus", str(text_path), "--small", "--published", "-o", str(out)]
    assert 0 == main(line)
    path = out / "vocabulary.jsonl"
    rows = [json.loads(row) for row in path.read_text().splitlines()]
    assert 3 == len(rows)
    assert table(rows) == (out / "vocabulary.md").read_text()
    assert "| kan |" in (out / "feed-forward.md").read_text()
    before = path.read_bytes()
    path.write_bytes(b"".join(before.splitlines(keepends=True)[:2]))
    assert 0 == main([*line, "--experiment", "vocabulary"])
    again = path.read_bytes().splitlines()
    assert before.splitlines()[:2] == again[:2], "what was measured is not measured again"
    assert 3 == len(again)


def row(vocabulary: int | str, bits: float, seed: int = 1, **more: Any) -> dict[str, Any]:
    trial = Trial("vocabulary", vocabulary, "swiglu", "equal bytes", seed).to_json()
    numbers = dict.fromkeys(
        ("bytes_seen", "steps", "flops", "parameters_body", "parameters_vocabulary"), 1_000_000
    )
    return {**trial, **numbers, "bits_per_byte": bits, "seconds": 2.0, "bytes_per_token": 4.0,
            "vocab_size": 5, **more}  # fmt: skip


def test_the_table_has_the_best_first_and_the_spread_of_the_seeds() -> None:
    lines = table([row("o200k_base", 2.5), row(512, 2.0), row(512, 2.2, seed=2)]).splitlines()
    assert lines[4].startswith("| own 512 | 2.1000 ± 0.1000 | 2 | 1.00 | 1,000,000 | 0.00 | 2 |")
    assert lines[5].startswith("| o200k_base | 2.5000 | 1 |")
    assert "half the distance between the best and the worst seed" in lines[-1]


def test_with_equal_compute_the_reference_stands_beside_the_others() -> None:
    rows = [row(4096, 2.0), row(512, 2.1), row(512, 1.9) | {"variant": "equal compute"}]
    lines = table(rows).splitlines()
    assert 2 == sum(line.startswith("| own 4,096 |") for line in lines)
    assert lines[-2].startswith("| own 512 | 1.9000")


def test_the_plot_shows_every_model() -> None:
    pytest.importorskip("matplotlib")
    picture = plot([row(512, 2.0), row("o200k_base", 2.5)], "svg")
    assert picture == plot([row(512, 2.0), row("o200k_base", 2.5)], "svg")
    assert picture.count(b"<!-- own 512 -->") + picture.count(b"own 512") >= 2
    assert "own 512" == label_of(row(512, 2.0))


def test_the_line_of_every_seed_lies_in_the_plot(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib")
    monkeypatch.setattr("model.runs.report.render", lambda figure, kind: figure)
    seeds = [2.0, 2.2, 2.4]
    figure = cast(Any, plot([row(512, bits, seed) for seed, bits in enumerate(seeds)], "svg"))
    low, high = figure.axes[0].get_xlim()
    assert low < min(seeds)
    assert max(seeds) < high
    assert figure.axes[0].get_ylim() == figure.axes[1].get_ylim()


@pytest.mark.parametrize("experiment", ["vocabulary", "feed-forward"])
def test_the_published_table_is_that_of_the_published_rows(experiment: str) -> None:
    folder = Path(runs.__file__).parent / "results"
    rows = read_rows(folder / f"{experiment}.jsonl")
    assert rows
    assert table(rows) == (folder / f"{experiment}.md").read_text("utf-8")
