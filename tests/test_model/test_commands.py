"""The lines of the README work as they stand: train, go on, sample; and a killed run goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

import bpe
from model import load_checkpoint
from model.cli import main
from model.run_directory import find_checkpoint, verify
from test_model.conftest import Gpt, python_path

EIGHT = ["32", "8", "32", "1e-3", "40", "4", "2", "0.1"]
SMALL = ["16", "4", "12", "1e-2", "8", "2", "2", "0.2", "--eval-batches", "2"]


@pytest.fixture
def here(tok_path: Path, text_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with `tok` and `text.txt`, which is the working directory."""
    monkeypatch.chdir(tok_path.parent)
    return tok_path.parent


def test_the_promised_lines_work_as_they_stand(here: Path, gpt: Gpt) -> None:
    done = gpt("train", "-t", "bpe", "-m", "tok", "-l", "untrained", "-s", "run", "-d", "text.txt",
               *EIGHT)  # fmt: skip
    assert (0, "") == (done.returncode, done.stdout), done.stderr
    for said in ("in the body and", "epochs in all", "tokens/s", "ETA", "bits per byte"):
        assert said in done.stderr
    assert 40 == load_checkpoint(here / "run").state.step
    sixty = [*EIGHT[:4], "60", *EIGHT[5:]]
    done = gpt(
        "train", "-t", "bpe", "-m", "tok", "-l", "run", "-s", "run", "-d", "text.txt", *sixty
    )
    assert 0 == done.returncode, done.stderr
    assert "steps 40 to 60" in done.stderr
    assert 60 == load_checkpoint(here / "run").state.step
    done = gpt("sample", "-l", "run", "--max-tokens", 40)
    assert (0, "") == (done.returncode, done.stderr)
    assert len(done.stdout) > 1


def train_here(*more: str) -> int:
    return main(["train", "-m", "tok", "-d", "text.txt", *SMALL, *more])


def test_a_loaded_run_needs_nothing_but_its_path(here: Path, tmp_path: Path) -> None:
    assert 0 == train_here("-s", "run")
    (here / "elsewhere").mkdir()
    os.chdir(here / "elsewhere")
    assert 0 == main(["train", "-l", "../run", "--steps", "10"])
    assert 10 == load_checkpoint("../run").state.step


def test_a_finished_run_has_nothing_to_do(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == train_here("-s", "run")
    assert 0 == main(["train", "-l", "run"])
    assert "step 8 of 8 is reached already" in capsys.readouterr().err


def test_a_run_is_not_replaced_without_being_asked(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == train_here()  # into ./run
    assert 1 == train_here()
    assert "'run' holds a run (step-00000008); go on with it by -l run" in capsys.readouterr().err
    assert 0 == train_here("--force", "--seed", "5", "--steps", "8")
    assert 5 == load_checkpoint("run").state.train.seed


def test_a_run_can_go_on_under_another_name(here: Path) -> None:
    assert 0 == train_here("-s", "first")
    assert 0 == main(["train", "-l", "first", "-s", "second", "--steps", "10"])
    assert (8, 10) == tuple(load_checkpoint(run).state.step for run in ("first", "second"))


def test_no_save_writes_nothing(here: Path) -> None:
    before = sorted(here.rglob("*"))
    assert 0 == train_here("-s", "no_save")
    assert before == sorted(here.rglob("*"))


def test_another_architecture_or_tokenizer_is_refused(
    here: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == train_here("-s", "run")
    assert 1 == main(["train", "-l", "run", "--layers", "3", "--steps", "10"])
    assert "another architecture than the command line asks for (layers: 2 -> 3)" in (
        capsys.readouterr().err
    )
    bpe.train([text], 290, pattern="gpt2", num_threads=1).save("other")
    assert 1 == main(["train", "-l", "run", "-m", "other", "--steps", "10"])
    assert "ids mean other text" in capsys.readouterr().err


def test_the_result_is_json_on_standard_output(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == train_here("-s", "run", "--json")
    result = json.loads(capsys.readouterr().out)
    assert ("run", 8) == (result["run"], result["step"])
    assert 0 < result["validation"]["bits_per_byte"] < 20
    assert 320 * 16 == result["parameters"]["vocabulary"]
    assert 0 == main(["sample", "-l", "run", "--max-tokens", "5", "--seed", "1", "--json"])
    first = capsys.readouterr().out
    assert len(json.loads(first)["ids"]) <= 5
    assert 0 == main(["sample", "-l", "run", "--max-tokens", "5", "--seed", "1", "--json"])
    assert first == capsys.readouterr().out


def test_a_prompt_is_continued_and_special_tokens_need_permission(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == train_here("-s", "run")
    capsys.readouterr()
    assert 0 == main(["sample", "-l", "run", "-p", "Hello", "--max-tokens", "3"])
    assert capsys.readouterr().out.startswith("Hello")
    line = ["sample", "-l", "run", "-p", "a<|endoftext|>", "--max-tokens", "3"]
    assert 2 == main(line)
    assert "at byte 1; --allow-special lets it be one" in capsys.readouterr().err
    assert 0 == main([*line, "--allow-special"])


def test_prepared_data_bring_their_tokenizer(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == main(["prepare", "-m", "tok", "-d", "text.txt", "-o", "data", "--json"])
    out, err = capsys.readouterr()
    assert json.loads(out)["num_bytes"] == Path("text.txt").stat().st_size
    assert "train on it with gpt train -d data" in err
    assert 0 == main(["train", "-d", "data", *SMALL, "-s", "run"])
    assert 8 == load_checkpoint("run").state.step
    assert 0 == main(["train", "-l", "run", "--steps", "9"]), "the data are found again"
    assert 0 == main(["prepare", "-m", "tok", "-d", "text.txt", "-o", "data"])
    assert "complete already" in capsys.readouterr().err


def test_a_masked_model_starts_from_a_gpt_and_fills_blanks(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == train_here("-s", "gpt")
    line = ["train", "--init-from", "gpt", "-d", "text.txt", "--objective", "masked", "-s", "mlm"]
    assert 0 == main([*line, "--steps", "1", "--batch-size", "4", "--lr", "1e-9"])
    gpt, mlm = load_checkpoint("gpt"), load_checkpoint("mlm")
    assert ("causal", "masked") == (gpt.state.model.objective, mlm.state.model.objective)
    for name, weight in gpt.model.state_dict().items():
        torch.testing.assert_close(weight, mlm.model.state_dict()[name], atol=1e-6, rtol=1e-6)
    capsys.readouterr()
    assert 0 == main(["fill-mask", "-l", "mlm", "ka<|mask|>", "--top", "3", "--json"])
    (guesses,) = json.loads(capsys.readouterr().out)["blanks"]
    assert 3 == len(guesses)
    assert 0 == main(["fill-mask", "-l", "mlm", "ka<|mask|>"])
    assert "blank 1" in capsys.readouterr().out
    assert 2 == main(["sample", "-l", "mlm"])
    assert "is a masked language model; `gpt fill-mask` uses it" in capsys.readouterr().err
    assert 2 == main(["fill-mask", "-l", "gpt", "<|mask|>"])
    assert 1 == main([*line, "-s", "x", "--layers", "3"])
    assert "another architecture" in capsys.readouterr().err


def test_evaluating_gives_the_numbers_of_the_log(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == train_here("-s", "run", "--arch", "llama", "--kv-heads", "1")
    capsys.readouterr()
    logged = json.loads(Path("run/metrics.jsonl").read_text().splitlines()[-2])
    assert ("evaluate", 8) == (logged["event"], logged["step"])
    assert 0 == main(["evaluate", "-l", "run", "--eval-batches", "2", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert {name: found[name] for name in ("loss", "bits_per_byte", "num_bytes")} == {
        name: logged[name] for name in ("loss", "bits_per_byte", "num_bytes")
    }
    assert 0 == main(["evaluate", "-l", "run", "--best"])
    out = capsys.readouterr().out
    assert "bits per byte" in out
    assert "perplexity" in out


def test_several_texts_are_written_at_once(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == train_here("-s", "run")
    capsys.readouterr()
    line = ["sample", "-l", "run", "--max-tokens", "8", "--seed", "1", "-p", "ka"]
    assert 0 == main([*line, "-n", "3", "--json"])
    samples = json.loads(capsys.readouterr().out)["samples"]
    assert 0 == main([*line, "--no-cache", "--json"])
    assert json.loads(capsys.readouterr().out)["ids"] == samples[0]["ids"]
    assert 3 == len({tuple(sample["ids"]) for sample in samples})
    stop = samples[0]["text"][2:4]
    assert 0 == main([*line, "--stop", stop])
    assert "ka" + samples[0]["text"].split(stop)[0] + "\n" == capsys.readouterr().out


#: More steps than any test waits for; the rate is constant, so that it does not depend on them.
MANY = "100000"
LONG = ["train", "-m", "tok", "-s", "run", "-d", "text.txt", *SMALL[:4], MANY, *SMALL[5:],
        "--schedule", "constant", "--warmup-steps", "9", "--save-every", "2",
        "--eval-every", MANY]  # fmt: skip


def start(here: Path) -> subprocess.Popen[str]:
    """Start a run that saves every other step, and return when it has saved."""
    line = LONG if not (here / "run" / "latest.json").exists() else ["train", "-l", "run"]
    before = (here / "run" / "latest.json").stat().st_mtime_ns if line is not LONG else 0
    process = subprocess.Popen(
        [sys.executable, "-m", "model", *line],
        cwd=here,
        env=python_path(),
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and process.poll() is None:
        pointer = here / "run" / "latest.json"
        if pointer.exists() and pointer.stat().st_mtime_ns > before:
            return process
        time.sleep(0.01)
    process.kill()
    raise AssertionError(f"no checkpoint appeared: {process.communicate()[1]}")


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_run_that_is_killed_again_and_again_equals_one_that_never_was(here: Path) -> None:
    for attempt in range(3):
        process = start(here)
        time.sleep(0.11 * attempt)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        verify(find_checkpoint(here / "run"))
    killed = load_checkpoint(here / "run")
    steps = killed.state.step
    never = ["never" if word == "run" else str(steps) if word == MANY else word for word in LONG]
    assert 0 == main(never)
    expected = load_checkpoint("never").model.state_dict()
    found = killed.model.state_dict()
    assert [] == [name for name in expected if not torch.equal(expected[name], found[name])]


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGINT")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ctrl_c_and_sigterm_save_where_they_stopped(here: Path, number: int, status: int) -> None:
    process = start(here)
    process.send_signal(number)
    _, err = process.communicate(timeout=300)
    assert status == process.returncode
    assert "Traceback" not in err
    step = load_checkpoint("run").state.step
    assert f"stopped at step {step}; go on with -l run" in err
