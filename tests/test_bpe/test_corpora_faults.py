"""Whatever is wrong with a corpus ends in one error that says where, or is skipped and counted.

Beside the tests of each reader, these are the faults that are a matter of files, time and signals.
"""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import bpe
from bpe.corpora import Corpus, Reading, documents_of, read_documents
from bpe.corpora import packer as packer_module
from bpe.corpora import text as text_module
from bpe.errors import CorpusError, SkippedRecordsWarning

ROOT = Path(__file__).resolve().parents[2]


def documents(source: Any, **options: Any) -> list[bytes]:
    return list(read_documents(Corpus(source, **options)))


# --- JSON lines -------------------------------------------------------------------

BAD_LINES = {
    b'{"text": "a"': "not JSON",
    b'{"text": "a", "text": "b"}': "the field 'text' is there more than once",
    b'{"text": NaN}': "the field 'text' is a number, not a string",
    b'{"text": null}': "the field 'text' is null, not a string",
    b'{"text": ' + b"[" * 100_000: "the JSON is nested too deeply|not JSON",
    b'{"text": "\xff"}': "byte 0xff at offset 10 is not UTF-8",
    b'{"text": "a\tb"}': "not JSON: Invalid control character",
    b'\xef\xbb\xbf{"text": "a"}': "not JSON",  # at the start of a file alone it is a mark
    b'{"body": 1}': "there is no field 'text'; the fields are 'body'",
}


@pytest.mark.parametrize("line", BAD_LINES, ids=lambda line: repr(line[:20]))
def test_a_bad_line_is_raised_or_skipped_and_counted(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"text": "fine"}\r\n\r\n' + line + b'\n{"text": "too"}')
    where = rf"a\.jsonl', line 3: ({BAD_LINES[line]})"
    with pytest.raises(CorpusError, match=where):
        documents(path)
    reading = Reading(Corpus(path, on_bad_record="skip"))
    with pytest.warns(SkippedRecordsWarning, match=rf"skipped 1 bad record\(s\): .*{where}"):
        assert [b"fine", b"too"] == list(documents_of(reading))
    assert (1, 1) == (reading.report.num_skipped, len(reading.report.examples))


def test_what_json_takes_is_taken(tmp_path: Path) -> None:
    lines = [
        b'\xef\xbb\xbf{"text": "a"}',
        b'{"text": "b", "score": NaN, "n": -Infinity}',
        b'{"n": 1, "n": 2, "te\\u0078t": "c"}',
        b'{"text": "\\ud83d"}',
        b'{"deep": ' + b"[" * 500 + b"]" * 500 + b', "text": "e"}',
    ]
    (tmp_path / "a.jsonl").write_bytes(b"\n".join(lines))
    assert [b"a", b"b", b"c", "\ufffd".encode(), b"e"] == documents(tmp_path)


def test_only_the_first_bad_records_are_told_and_all_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"?\n" * 1000 + b'{"text": "a b"}')
    corpus = Corpus(tmp_path, on_bad_record="skip")
    with pytest.warns(SkippedRecordsWarning, match=r"skipped 1000 bad record.*line 5: .*; \.\.\."):
        counts = bpe.count(corpus, pattern="gpt2", num_threads=1)
    assert counts.report is not None
    assert (1000, 5) == (counts.report.num_skipped, len(counts.report.examples))
    assert [(b" b", 1), (b"a", 1)] == counts.items()


@pytest.mark.parametrize("options", [{"format": "jsonl"}, {"separator": "<>"}, {"sample": 0.5}])
def test_an_endless_record_ends_in_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
) -> None:
    monkeypatch.setattr(text_module, "MAX_DOCUMENT_BYTES", 3_000_000)
    assert packer_module.MAX_DOCUMENT_BYTES >= 2**30
    with gzip.open(tmp_path / "zeros.txt.gz", "wb") as file:
        for _ in range(20):
            file.write(bytes(10**6))
    with pytest.raises(
        CorpusError, match=r"zeros\.txt\.gz': a document or line has more than 3000"
    ):
        documents(tmp_path / "zeros.txt.gz", **options)


@pytest.mark.parametrize(
    "read",
    [
        lambda source: bpe.count(source, pattern="gpt2"),
        lambda source: bpe.train(source, 258, pattern="gpt2"),
        lambda source: bpe.train(source, 258, pattern="gpt2", superword_from=257),
        lambda source: list(read_documents(source)),
    ],
    ids=["count", "train", "train superwords", "read_documents"],
)
def test_the_warning_about_skipped_records_names_the_line_of_the_caller(
    tmp_path: Path, read: Callable[[Any], object]
) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "to be or not to be"}\nno record\n')
    with pytest.warns(SkippedRecordsWarning) as caught:
        read(Corpus(tmp_path / "a.jsonl", on_bad_record="skip"))
    assert {__file__} == {warning.filename for warning in caught}


# --- archives ---------------------------------------------------------------------


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_a_bomb_is_read_in_bounded_blocks_up_to_the_limit(tmp_path: Path) -> None:
    compress = zlib.compressobj(wbits=31)
    zeros = b"".join([*(compress.compress(bytes(10**6)) for _ in range(300)), compress.flush()])
    (tmp_path / "bomb.txt.gz").write_bytes(zeros)
    code = f"""
        import bpe
        from pathlib import Path
        def peak_kb():  # ru_maxrss would start with what the parent process has
            return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
        bpe.count(["warm up"], pattern="gpt2", num_threads=1)
        before = peak_kb()
        corpus = bpe.Corpus({str(tmp_path / "bomb.txt.gz")!r}, max_bytes=5_000_000)
        assert 5_000_000 == bpe.count(corpus, pattern="gpt2", num_threads=1).report.num_bytes
        print(peak_kb() - before)
    """
    assert int(run_python(code).stdout) < 100_000  # kB, of 300 MB


def test_a_damaged_archive_is_an_error_however_it_is_read(tmp_path: Path) -> None:
    whole = gzip.compress(b'{"text": "a"}\n' * 1000)
    for damaged in (whole[:-1], whole[:-9], whole + b"garbage", whole[:50] + b"x" + whole[51:]):
        for name, options in (("a.jsonl.gz", {}), ("a.txt.gz", {"separator": "\n"})):
            (tmp_path / name).write_bytes(damaged)
            for policy in ("raise", "skip"):  # a broken file is no bad record
                with pytest.raises(CorpusError, match=r"gz' is (cut short|damaged)"):
                    documents(tmp_path / name, on_bad_record=policy, **options)


# --- files that are no such files, and change ---------------------------------------


def test_a_file_that_changes_while_it_is_read_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    line = b'{"text": "%s"}\n' % (b"a" * 99)
    for change in (lambda: os.truncate(path, 2 * 10**6), lambda: path.open("ab").write(line)):
        path.write_bytes(line * 40_000)
        stream = read_documents(Corpus(path, errors="strict"))
        next(stream)
        change()
        with pytest.raises(CorpusError, match=r"a\.jsonl' changed while it was read: it had"):
            list(stream)


def test_a_file_without_rights_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"")

    def refuse(self: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(PermissionError, match=r"a\.jsonl"):
        documents(tmp_path / "a.jsonl")


def test_invalid_utf8_is_named_by_its_place_wherever_blocks_end(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    for where in (0, 2**20 - 2, 2**20 - 1, 2**20, 3 * 2**20 - 1):
        data = bytearray(b"a" * 3 * 2**20)
        data[where] = 0xC3
        path.write_bytes(data)
        with pytest.raises(
            CorpusError, match=rf"a\.txt': byte 0xc3 at offset {where} is not UTF-8"
        ):
            documents(path, errors="strict")
        replaced = data.decode("utf-8", "replace").encode()
        assert [replaced] == documents(path, errors="replace")
    path.write_bytes("é".encode() * 2**20 + b"")
    assert [path.read_bytes()] == documents(path, errors="strict")


def test_bytes_are_kept_replaced_or_refused_line_by_line(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfa\r\n\xff\xfeb\0\n")
    lines = [b"\xef\xbb\xbfa\r\n", b"\xff\xfeb\0\n"]
    assert lines == documents(tmp_path, documents="line")
    replaced = [line.decode("utf-8", "replace").encode() for line in lines]
    assert replaced == documents(tmp_path, documents="line", errors="replace")
    reading = Reading(Corpus(iter([b"\xff", "a"]), errors="replace"))
    assert ["\ufffd".encode(), b"a"] == list(documents_of(reading))
    assert 1 == reading.report.num_replaced


# --- signals ----------------------------------------------------------------------


def run_python(code: str, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", textwrap.dedent(code)]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=300, **options
    )


def interrupt(command: list[str], **options: Any) -> None:
    """Start an endless program, press Ctrl-C when it has printed a line, and wait for its end."""
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
    )
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    try:
        _, error = process.communicate(timeout=300)  # what does not hear it never ends
    finally:
        process.kill()
    assert b"KeyboardInterrupt" in error, error
    assert -signal.SIGINT == process.returncode, error  # and Python itself did not abort


ENDLESS = {
    "a slow pipe": 'bpe.count("pipe.txt", num_threads=1)',
    "a slow pipe of lines": 'bpe.count(bpe.Corpus("pipe.txt", format="jsonl"), num_threads=1)',
    "a slow terminal": 'bpe.count("-", num_threads=1)',
    "a slow terminal, encoded": "tok.encode_files('-', 'out', num_threads=1)",
    "a slow iterator": "bpe.count(slow(), num_threads=1)",
    "an endless iterator": 'bpe.count(itertools.repeat("to be"), num_threads=2)',
    "an endless iterator of nothing": 'bpe.count(itertools.repeat(""), num_threads=2)',
}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a named pipe")
@pytest.mark.parametrize("call", ENDLESS)
def test_ctrl_c_ends_reading_at_once(tmp_path: Path, call: str) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    code = f"""
        import itertools, os, sys, time
        sys.path.insert(0, {str(ROOT)!r})
        import bpe
        os.chdir({str(tmp_path)!r})
        def slow():
            while True:
                time.sleep(0.01)
                yield "slow"
        tok = bpe.train(["a"], 257)
        tok.encode_files(["a"], "first", num_threads=1)  # everything is imported now
        print("ready", flush=True)
        {ENDLESS[call]}
    """
    done = threading.Event()

    def write() -> None:  # something, and then nothing for a long time
        with (tmp_path / "pipe.txt").open("wb") as file:
            file.write(b'{"text": "a b"}\n')
            file.flush()
            done.wait(600)

    if "pipe" in call:
        threading.Thread(target=write, daemon=True).start()
    silent, ours = os.pipe()
    try:
        interrupt([sys.executable, "-c", textwrap.dedent(code)], stdin=silent)
    finally:
        done.set()
        os.close(silent)
        os.close(ours)


def test_an_exception_in_the_middle_leaves_no_thread(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.jsonl").write_bytes(b'{"text": "abc"}\n' * 100_000)

    def stop(*_: object) -> None:
        raise LookupError("theirs")

    with pytest.raises(LookupError, match="theirs"):
        bpe.count(tmp_path, pattern="gpt2", num_threads=2, progress=stop)
    assert [] == [thread for thread in threading.enumerate() if thread.name == "bpe reader"]


def test_an_iterator_that_raises_after_many_documents_is_heard() -> None:
    def broken() -> Iterator[str]:
        yield from ("text " * 100 for _ in range(10_000))
        raise LookupError("theirs")

    with pytest.raises(LookupError, match="theirs"):
        bpe.count(broken(), pattern="gpt2", num_threads=1)


@pytest.mark.parametrize("size", [10, 2**21])
def test_a_file_in_utf_16_is_read_and_warned_about(tmp_path: Path, size: int) -> None:
    text = "the cat\n" * (size // 8 + 1)
    (tmp_path / "a.txt").write_bytes(text.encode("utf-16"))
    (tmp_path / "b.txt").write_text(text)
    with pytest.warns(
        UserWarning, match=r"a\.txt' begins with the byte order mark of UTF-16"
    ) as seen:
        bpe.count(tmp_path, pattern="gpt2", num_threads=1)
    assert [__file__] == [warning.filename for warning in seen]
