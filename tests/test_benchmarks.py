"""The benchmarks refuse to time results that differ, and their tables say what the rows say."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import corpora, measure, report, worker
from benchmarks.cases import CASES, Case

CASE = Case("train", "english", 1, ("ours", "rustbpe"), pattern="cl100k", vocab_size=300)


def row(contestant: str, *seconds: float, **changes: Any) -> dict[str, Any]:
    return {
        "task": "train",
        "corpus": "english",
        "pattern": "gpt2",
        "vocab_size": 32768,
        "num_threads": 1,
        "contestant": contestant,
        "seconds": list(seconds),
        "peak_mb": 80,
        "bytes": 100_000_000,
        "round": 0,
        "machine": "a machine",
        "load": 0.5,
        "version": "1.0",
        "encoding": "",
        "form": "",
        "when": "2026-01-01",
        "verified": True,
    } | changes


def answers(monkeypatch: pytest.MonkeyPatch, digests: dict[str, str]) -> list[str]:
    asked: list[str] = []

    def run(contestant: str, job: dict[str, Any], path: Path) -> dict[str, Any]:
        asked.append(f"{contestant} {path.name}")
        return {"digest": digests[contestant], "seconds": [1.0], "cpu_seconds": [1.0], "peak_mb": 1}

    monkeypatch.setattr(measure, "_run", run)
    return asked


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(corpora, "CACHE", tmp_path / "cache")
    text = "<|endoftext|>".join(f"document {number} é" * 40 for number in range(6000))
    (tmp_path / "english.txt").write_text(text, "utf-8")
    return tmp_path


def test_every_case_has_a_name_of_its_own_and_contestants_that_exist() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
    folder = Path(corpora.ROOT) / "benchmarks" / "contestants"
    modules = {path.stem for path in folder.glob("*.py")}
    assert {name for case in CASES for name in case.contestants} <= modules


def test_equal_results_are_timed_in_turns(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answers(monkeypatch, {"ours": "same", "rustbpe": "same"})
    rows = list(measure.run_case(CASE, corpus, 2, say=lambda line: None))
    assert ["ours", "rustbpe"] * 3 == [name.split()[0] for name in asked]
    assert [0, 0, 1, 1] == [row["round"] for row in rows]


def test_results_that_differ_are_not_timed(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answers(monkeypatch, {"ours": "this", "rustbpe": "that"})
    with pytest.raises(measure.ResultsDiffer, match="ours this, rustbpe that"):
        list(measure.run_case(CASE, corpus, 2, say=lambda line: None))
    assert len(asked) == 2


def test_a_prefix_ends_between_documents(corpus: Path) -> None:
    path = corpora.corpus_file(corpus, "english", 1)
    whole = (corpus / "english.txt").read_bytes()
    prefix = path.read_bytes()
    assert 990_000 < len(prefix) <= 1_000_000
    assert whole[len(prefix) :].startswith(b"<|endoftext|>")
    assert "".join(corpora.documents(str(path))).encode() in prefix.replace(b"<|endoftext|>", b"")


def test_the_hash_of_a_result_knows_where_its_parts_end() -> None:
    assert worker.hash_of([b"ab", b"c"]) != worker.hash_of([b"a", b"bc"])
    one = hashlib.sha256((1).to_bytes(8, "little") + b"a").hexdigest()[:16]
    assert worker.hash_of([b"a"]) == one


def test_a_table_shows_medians_and_who_ran() -> None:
    rows = [row("ours", s, round=r) for r, s in enumerate((1.0, 2.0, 9.0))]
    text = report.tables([*rows, row("rustbpe", 4.0)])
    assert "| **chimera-bpe** | gpt2 | 2.00 | – |" in text
    assert "| rustbpe | gpt2 | 4.00 | – |" in text
    assert "| rustbpe | gpt2 | 80 | – |" in text
    assert "a machine" in text
    assert "rustbpe 1.0" in text
    assert "busy" not in text
    assert "busy with other work (load average up to 9)" in report.tables([row("ours", 1, load=9)])


def test_the_summary_shows_all_sizes_in_a_cell() -> None:
    text = report.summary([row("ours", 2.0), row("ours", 3.0, vocab_size=100256), row("bpeasy", 9)])
    assert "seconds for 32,768 / 100,256 tokens" in text
    assert "| **chimera-bpe** | gpt2 | 2.00 / 3.00 | – |" in text
    assert "| bpeasy | gpt2 | 9.00 / – | – |" in text


def test_what_surrounds_encoding_is_one_table() -> None:
    encoding = {"task": "encode", "encoding": "cl100k_base"}
    rows = [
        row("ours", 0.5, 0.25, **encoding, form="list"),
        row("ours", 0.1, 0.002, 0.001, **encoding, form="calls", bytes=1_000_000),
        row("ours", 0.04, 0.0001, task="load", encoding="o200k_base", bytes=1_000_000),
        row("tiktoken", 10.0, 10.0, **encoding, form="list"),
    ]
    text = report.summary(rows)
    assert "| **chimera-bpe** | – | – | – | 200 / 400 | – | 1.00 | – | – | – | 0.04; 0.10 |" in text
    assert "| tiktoken | – | – | – | 10 / 10 |" in text
    assert "Pure Python" not in report.tables(rows)


def test_of_a_case_that_was_measured_again_only_the_new_rows_count(tmp_path: Path) -> None:
    for name, when, cases in (("b", "2026-01-01", "xy"), ("a", "2026-01-02", "x")):
        rows = [json.dumps({"case": case, "when": when}) for case in cases]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(rows))
    found = [(row["case"], row["when"]) for row in report.read_results(tmp_path)]
    assert [("y", "2026-01-01"), ("x", "2026-01-02")] == found


def test_documents_are_the_same_however_the_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("é<|endoftext|><|endoftext|>b\n<|endoftext|>c", "utf-8")
    for block_bytes in (1, 2, 3, 14, 1 << 20):
        found = list(corpora.stream_documents(str(path), block_bytes))
        assert ["é", "", "b\n", "c"] == found


def test_text_without_a_place_for_the_tables_is_refused() -> None:
    with pytest.raises(SystemExit, match="no place for the tables"):
        report.replace_between_markers("# Title\n", "table")
