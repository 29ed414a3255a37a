"""The command line: what goes where, what it answers, and what it leaves on the disk."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import pytest

import bpe
from bpe.cli import arguments, main
from bpe.counting import DEFAULT_PATTERN
from bpe.engines import TIE_BREAKS, EngineName
from bpe.token_files import read_tokens

TEXT = "Grüße, the cat sat on the mat. " * 20 + "<|endoftext|>\r\n\x00 😀\n"


@dataclass
class Result:
    """What a command left behind."""

    code: int
    out: bytes
    err: str

    @property
    def json(self) -> dict[str, object]:
        document: dict[str, object] = json.loads(self.out)
        sorted_text = json.dumps(document, sort_keys=True, indent=2) + "\n"
        assert sorted_text.encode() == self.out
        return document


Run = Callable[..., Result]


@pytest.fixture
def run(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> Run:
    """Return a function that runs `bpe` with these arguments in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BPE_DEBUG", raising=False)

    def run(*words: str | Path, stdin: bytes = b"") -> Result:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = main([str(word) for word in words])
        captured = capsysbinary.readouterr()
        return Result(code, captured.out, captured.err.decode())

    return run


@pytest.fixture
def tok(run: Run, tmp_path: Path) -> Path:
    """Return a tokenizer on the disk, and text.txt beside it."""
    (tmp_path / "text.txt").write_bytes(TEXT.encode())
    done = run("train", "text.txt", "--vocab-size", "280", "-o", "tok", "--engine", "reference")
    assert (0, b"") == (done.code, done.out)
    return tmp_path / "tok"


REFERENCE = ("--engine", "reference")


# --- the road -----------------------------------------------------------------


def test_train_encode_decode_give_the_text_again(run: Run, tmp_path: Path, engine: str) -> None:
    (tmp_path / "text.txt").write_bytes(TEXT.encode())
    chosen = ("--engine", engine)
    assert 0 == run("train", "text.txt", "--vocab-size", "280", "-o", "tok", *chosen).code
    assert 0 == run("encode", "-t", "tok", "text.txt", "-o", "a.bin", *chosen).code
    tokenizer = bpe.Tokenizer.load("tok", engine=engine)  # type: ignore[arg-type]
    expected = tokenizer.encode_ordinary(TEXT)
    assert expected == read_tokens("a.bin", tokenizer.content_hash).tolist()
    assert TEXT.encode() == run("decode", "-t", "tok", "a.bin", *chosen).out
    assert tokenizer == bpe.train(["", TEXT], 280, engine=engine)  # type: ignore[arg-type]


def test_ids_pass_through_a_pipe_as_text(run: Run, tok: Path) -> None:
    lines = b'{"body": "one two"}\n{"body": "three"}\n'
    options = ("-t", tok, *REFERENCE)
    encoded = run("encode", *options, "--text-field", "body", "-", stdin=TEXT.encode())
    assert 1 == encoded.out.count(b"\n")
    assert TEXT.encode() == run("decode", *options, stdin=encoded.out).out
    (tok.parent / "a.jsonl").write_bytes(lines)
    encoded = run("encode", *options, "--text-field", "body", "a.jsonl")
    assert 2 == encoded.out.count(b"\n")
    assert b"one twothree" == run("decode", *options, "-", stdin=encoded.out).out


def test_bare_ids_are_written_and_read(run: Run, tok: Path) -> None:
    options = ("-t", tok, *REFERENCE)
    done = run(
        "encode", *options, "text.txt", "-o", "a.raw", "--raw", "--dtype", "uint32", "--json"
    )
    assert ("uint32", 4 * done.json["count"]) == (done.json["dtype"], Path("a.raw").stat().st_size)
    assert TEXT.encode() == run("decode", *options, "--dtype", "uint32", "a.raw").out
    for wrong, why in (
        (("--raw",), "--raw and --dtype are about a file of ids: give -o"),
        (("--raw", "-o", "d", "--shard-tokens", "5"), "--raw is for one file"),
    ):
        refused = run("encode", *options, "text.txt", *wrong)
        assert (1, True) == (refused.code, why in refused.err)


def test_encode_as_json_is_one_document(run: Run, tok: Path) -> None:
    (tok.parent / "empty.txt").write_bytes(b"")
    document = run("encode", "-t", tok, "empty.txt", "text.txt", "--json", *REFERENCE).json
    expected = bpe.Tokenizer.load(tok, engine="reference").encode_ordinary(TEXT)
    assert [[], expected] == document["documents"]
    assert len(expected) == document["num_tokens"]


def test_special_tokens_are_text_unless_they_are_allowed(run: Run, tok: Path) -> None:
    options = ("encode", "-t", tok, "text.txt", *REFERENCE)
    assert b" 279 " not in run(*options).out
    for allowed in ("all", "<|endoftext|>"):
        assert 1 == run(*options, "--allowed-special", allowed).out.count(b" 279 ")
    twice = (*options[:4], "text.txt", *options[4:])
    marked = run(*twice, "--end-of-document", "<|endoftext|>")
    assert [b"279", b"279"] == [line.split()[-1] for line in marked.out.splitlines()]
    wrong = run(*options, "--end-of-document", "<|nope|>")
    assert 1 == wrong.code
    assert "'<|nope|>'; it has '<|endoftext|>'" in wrong.err


def test_decode_reads_numbers_as_python_prints_them(run: Run, tok: Path) -> None:
    options = ("decode", "-t", tok, *REFERENCE)
    assert b"abc" == run(*options, stdin=b"[[97, 98],\n [99]]\n").out
    assert b"" == run(*options, stdin=b"").out
    for bad, message in [
        (b"97 x", "holds b'x' at byte 3, which is no id"),
        (b"97-98", "holds b'-98' at byte 2"),
        (b"97 \xc2\xb2", "at byte 3"),
        (b"97 999", "999"),
        (b"9" * 5000, "a number of 5000 digits at byte 0"),
    ]:
        done = run(*options, stdin=bad)
        assert (1, b"") == (done.code, done.out)
        assert message in done.err


def test_decode_writes_a_file_and_refuses_ids_of_another_tokenizer(run: Run, tok: Path) -> None:
    assert 0 == run("encode", "-t", tok, "text.txt", "-o", "a.bin", *REFERENCE).code
    assert 0 == run("decode", "-t", tok, "a.bin", "-o", "again.txt", *REFERENCE).code
    assert TEXT.encode() == (tok.parent / "again.txt").read_bytes()
    run("train", "text.txt", "--vocab-size", "270", "-o", "other", *REFERENCE)
    done = run("decode", "-t", "other", "a.bin", *REFERENCE)
    assert (1, b"") == (done.code, done.out)
    assert "holds the ids of another tokenizer" in done.err


def test_inspect_shows_a_tokenizer_and_a_token_file(run: Run, tok: Path) -> None:
    shown = run("inspect", tok, "--top", "2", *REFERENCE).out.decode()
    tokenizer = bpe.Tokenizer.load(tok, engine="reference")
    for fact in (tokenizer.content_hash, "280 (279 ordinary, 1 special)", "o200k", "16.0.0"):
        assert fact in shown
    facts = run("inspect", tok, "--json", "--top", "30", *REFERENCE).json
    assert tokenizer.content_hash == facts["content_hash"]
    assert 23 == facts["num_merges"] == len(facts["first_merges"])  # type: ignore[arg-type]
    assert [] == facts["last_merges"]
    assert {"<|endoftext|>": 279} == facts["special_tokens"]
    run("encode", "-t", tok, "text.txt", "-o", "a.bin", *REFERENCE)
    assert "uint16" in run("inspect", "a.bin").out.decode()
    assert tokenizer.content_hash == run("inspect", "a.bin", "--json").json["content_hash"]


def test_count_lists_the_most_frequent_and_saves_all(run: Run, tok: Path) -> None:
    done = run("count", "text.txt", "-o", "counts", "--top", "1", *REFERENCE)
    expected = bpe.count([TEXT], special_tokens=["<|endoftext|>"], engine="reference")
    assert f"{40:>12}  ' the'\n".encode() == done.out
    assert expected == bpe.PretokenCounts.load("counts", engine="reference")
    document = run("count", "text.txt", "--json", "--top", "1", *REFERENCE).json
    assert [{"count": 40, "hex": b" the".hex(), "text": " the"}] == document["top"]
    assert expected.total == document["total"]


@pytest.mark.parametrize(
    ("words", "options"),
    [
        (("--pattern", "gpt2"), {"pattern": "gpt2"}),
        (("--pattern", "none"), {"pattern": None}),
        (("--pattern", r"\d", "--pattern", r"\w+|\W+"), {"pattern": [r"\d", r"\w+|\W+"]}),
        (("--special-token", ""), {"special_tokens": ()}),
        (
            ("--special-token", "<a>", "--special-token", "<b>"),
            {"special_tokens": ("<a>", "<b>")},
        ),
        (("--tie-break", "bytes_max"), {"tie_break": "bytes_max"}),
        (("--min-frequency", "20"), {"min_frequency": 20}),
        (("--max-token-bytes", "2"), {"max_token_bytes": 2}),
        (("--required-token", "dog", "--required-token", "é"), {"required_tokens": ("dog", "é")}),
        (("--forbidden-token", " the"), {"forbidden_tokens": (" the",)}),
        (("--superword-from", "265"), {"superword_from": 265}),
        (
            ("--superword-from", "265", "--superword-words", "2"),
            {"superword_from": 265, "superword_words": 2},
        ),
        (("--keep-on-interrupt",), {"on_interrupt": "keep"}),
        (("--checkpoint", "folder"), {}),
        (("--errors", "replace"), {}),
        (("--num-threads", "2"), {"num_threads": 2}),
    ],
)
@pytest.mark.filterwarnings("ignore:reached")
def test_an_option_of_train_is_the_argument_of_that_name(
    run: Run, tok: Path, words: tuple[str, ...], options: dict[str, object]
) -> None:
    done = run("train", "text.txt", "--vocab-size", "275", "-o", "a", *words, *REFERENCE)
    assert 0 == done.code, done.err
    expected = bpe.train([TEXT], 275, engine="reference", **options)  # type: ignore[arg-type]
    assert expected == bpe.Tokenizer.load("a", engine="reference")


def test_the_choices_are_those_of_the_library() -> None:
    assert TIE_BREAKS == arguments.TIE_BREAKS
    assert get_args(EngineName) == arguments.ENGINES
    assert DEFAULT_PATTERN == arguments.DEFAULT_PATTERN


# --- what goes where ----------------------------------------------------------


def test_train_writes_to_stdout_only_what_json_asks_for(run: Run, tok: Path) -> None:
    options = ("train", "text.txt", "--vocab-size", "280", "-o", "b", "--force", *REFERENCE)
    said = run(*options)
    assert b"" == said.out
    assert "b: 280 tokens (256 bytes, 23 merges, 1 special)" in said.err
    assert "" == run(*options, "--quiet").err
    document = run(*options, "--json").json
    tokenizer = bpe.Tokenizer.load("b", engine="reference")
    assert tokenizer.content_hash == document["content_hash"]
    assert (280, 280, 23) == tuple(
        document[key] for key in ("num_tokens", "requested_vocab_size", "num_merges")
    )


def test_a_corpus_too_small_is_said_even_when_quiet(run: Run, tok: Path) -> None:
    done = run("train", "text.txt", "--vocab-size", "32k", "-o", "b", "--quiet", *REFERENCE)
    reached = len(bpe.Tokenizer.load("b", engine="reference"))
    assert 0 == done.code
    assert done.err.startswith(f"bpe train: warning: reached {reached} of 32000 tokens")
    assert 1 == done.err.count("\n")


def test_progress_as_json_is_lines_on_stderr(run: Run, tok: Path) -> None:
    done = run(
        *("train", "text.txt", "--vocab-size", "280", "-o", "b", "--progress", "json"), *REFERENCE
    )
    lines = [json.loads(line) for line in done.err.splitlines() if line.startswith("{")]
    assert lines
    assert all({"current", "seconds", "stage", "total"} == set(line) for line in lines)
    assert lines[-1]["current"] == lines[-1]["total"] > 0
    encoded = run("encode", "-t", tok, "text.txt", "-o", "c", "--progress", "json", *REFERENCE)
    size = len(TEXT.encode())
    expected = {"current": size, "stage": "encoding", "total": size}
    line = json.loads(encoded.err.splitlines()[0])
    assert line.pop("seconds") >= 0
    assert expected == line


def test_version_and_help_go_to_stdout(run: Run) -> None:
    version = run("--version")
    assert (0, "") == (version.code, version.err)
    assert (
        f"bpe {bpe.__version__} (chimera-bpe; Unicode {bpe.UNICODE_VERSION}".encode() in version.out
    )
    for words in ([], ["train"], ["encode"], ["decode"], ["inspect"], ["count"], ["extend"]):
        shown = run(*words, "--help")
        assert (0, "") == (shown.code, shown.err)
        assert shown.out.startswith(b"usage: bpe")


# --- nothing is overwritten ---------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ("train", "text.txt", "--vocab-size", "270", "-o"),
        ("encode", "-t", "tok", "text.txt", "-o"),
        ("decode", "-t", "tok", "ids", "-o"),
        ("count", "text.txt", "-o"),
    ],
    ids=lambda words: words[0],
)
def test_nothing_is_overwritten_without_force(run: Run, tok: Path, words: tuple[str, ...]) -> None:
    (tok.parent / "ids").write_text("97")
    assert 0 == run(*words, "out", *REFERENCE).code
    before = snapshot(tok.parent)
    # It is said before the work: the sources are not even looked at.
    refused = run(*(w.replace("text.txt", "gone.txt") for w in words), "out", *REFERENCE)
    assert (1, b"") == (refused.code, refused.out)
    assert "out' exists; give --force" in refused.err
    assert before == snapshot(tok.parent)
    assert 0 == run(*words, "out", "--force", *REFERENCE).code
    failed = run(*(w.replace("text.txt", "gone.txt").replace("ids", "gone") for w in words),
                 "out", "--force", *REFERENCE)  # fmt: skip
    assert 1 == failed.code
    assert before == snapshot(tok.parent)


def test_force_never_replaces_a_folder_of_other_things(run: Run, tok: Path) -> None:
    (tok.parent / "home").mkdir()
    (tok.parent / "home" / "thesis.tex").write_text("years of work")
    done = run("train", "gone.txt", "--vocab-size", "270", "-o", "home", "--force")
    assert 1 == done.code
    assert "home' also holds 'thesis.tex', which replacing the folder would delete" in done.err
    assert "years of work" == (tok.parent / "home" / "thesis.tex").read_text()


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


# --- errors -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "the following arguments are required: COMMAND"),
        (("trian",), "invalid choice: 'trian'"),
        (("train", "a.txt", "-o", "b"), "the following arguments are required: --vocab-size"),
        (("train", "a", "--vocab-size", "many", "-o", "b"), "'many' is not a whole number"),
        (("train", "a", "--vocab-size", "0.5", "-o", "b"), "'0.5' is not a whole number"),
        (("train", "a", "--vocab-size", "9", "-o", "b", "--tie-break", "x"), "invalid choice: 'x'"),
        (("inspect", "a", "--js"), "unrecognized arguments: --js"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(
    run: Run, words: tuple[str, ...], message: str
) -> None:
    done = run(*words)
    assert (2, b"") == (done.code, done.out)
    assert message in done.err
    assert done.err.startswith("bpe")
    assert 1 == done.err.count("\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("train", "gone.txt", "--vocab-size", "300", "-o", "b"),
            "there is no file or folder 'gone",
        ),
        (("train", "text.txt", "--vocab-size", "200", "-o", "b"), "vocab_size must be"),
        (("train", "text.txt", "--vocab-size", "300", "-o", "no/b"), "there is no folder '"),
        (("train", "empty.txt", "--vocab-size", "300", "-o", "b"), "the corpus is empty"),
        (("train", "text.txt", "--vocab-size", "300", "-o", "b", "--pattern", "("), "'('"),
        (("train", "bad.jsonl", "--vocab-size", "300", "-o", "b"), "bad.jsonl', line 1: not JSON"),
        (
            ("encode", "-t", "gone", "text.txt"),
            "there is no tokenizer at 'gone', and the published",
        ),
        (("encode", "-t", "no/gone", "text.txt"), "there is no tokenizer at 'no/gone'"),
        (("encode", "-t", "tok", "gone.txt"), "there is no file or folder 'gone.txt'"),
        (("inspect", "empty.txt"), "empty.txt"),
        (("decode", "-t", "tok", "gone"), "'gone': No such file or directory"),
    ],
)
def test_a_failure_is_one_line_and_status_1(
    run: Run, tok: Path, words: tuple[str, ...], message: str
) -> None:
    (tok.parent / "empty.txt").write_bytes(b"")
    (tok.parent / "bad.jsonl").write_bytes(b"{\n")
    before = snapshot(tok.parent)
    done = run(*words, *REFERENCE)
    assert (1, b"") == (done.code, done.out)
    assert message in done.err
    assert done.err.startswith(f"bpe {words[0]}: error: ")
    assert 1 == done.err.count("\n")
    assert before == snapshot(tok.parent)


def test_the_stack_is_shown_when_it_is_asked_for(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Traceback" not in run("count", "gone.txt").err
    assert "Traceback" in run("count", "gone.txt", "--traceback").err
    monkeypatch.setenv("BPE_DEBUG", "0")
    assert "Traceback" not in run("count", "gone.txt").err
    monkeypatch.setenv("BPE_DEBUG", "1")
    done = run("count", "gone.txt")
    assert 1 == done.code
    assert "Traceback" in done.err


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (MemoryError(), 1, "bpe count: error: out of memory\n"),
        (ZeroDivisionError("oops"), 1, "a bug in bpe (ZeroDivisionError: oops)"),
        (KeyboardInterrupt(), 130, "bpe count: interrupted"),
        (BrokenPipeError(), 141, ""),
    ],
)
def test_every_exception_has_its_status(
    run: Run, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, message: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(bpe, "count", fail)
    done = run("count", "-")
    assert code == done.code
    assert message in done.err
    assert "Traceback" not in done.err


# --- cost ---------------------------------------------------------------------


def test_help_loads_nothing_that_takes_long() -> None:
    code = "import sys; from bpe.cli import main; main(['--help']); print(*sys.modules)"
    environment = os.environ | {"COLUMNS": "80"}
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=root, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    loaded = set(done.stdout.splitlines()[-1].split())
    slow = {"numpy", "regex", "torch", "tiktoken", "dataclasses", "inspect", "json", "bpe._core"}
    assert set() == loaded & slow
    assert "bpe.cli.train" in loaded


def test_a_dash_is_no_output_and_shard_sizes_have_units(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("the cat " * 9)
    assert 0 == run("train", "a.txt", "--vocab-size", "260", "-o", "tok").code
    for command in (
        ("encode", "a.txt", "-t", "tok", "-o", "-"),
        ("train", "a.txt", "--vocab-size", "260", "-o", "-"),
        ("convert", "tok", "-"),
    ):
        result = run(*command)
        assert 2 == result.code
        assert "'-' is not standard output here" in result.err
    assert 0 == run("encode", "a.txt", "-t", "tok", "-o", "b", "--shard-tokens", "1k").code
    assert (tmp_path / "b" / "index.json").exists()


@pytest.mark.parametrize("name", ["vocab.json", "merges.txt"])
def test_one_of_two_files_is_no_output(run: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / "a.txt").write_text("the cat " * 9)
    assert 0 == run("train", "a.txt", "--vocab-size", "260", "--pattern", "gpt2", "-o", "t").code
    result = run("convert", "t", name)
    assert (1, ["a.txt", "t"]) == (result.code, sorted(path.name for path in tmp_path.iterdir()))
    assert "name their folder, and the format gpt2 (--to gpt2)" in result.err


def test_a_source_behind_the_options_is_told_where_it_belongs(run: Run) -> None:
    result = run("train", "a.txt", "--vocab-size", "300", "b.txt", "-o", "tok")
    assert 2 == result.code
    assert "b.txt; name all of them together, before or after the options" in result.err
