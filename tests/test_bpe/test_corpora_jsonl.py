"""JSON lines give one document a line, and a bad line is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpe.corpora import Corpus, read_documents
from bpe.corpora.jsonl import join_lines
from bpe.errors import CorpusError


def read(path: Path, lines: bytes, **options: str) -> list[bytes]:
    (path / "a.jsonl").write_bytes(lines)
    return list(read_documents(Corpus(path / "a.jsonl", **options)))  # type: ignore[arg-type]


@given(st.lists(st.binary(max_size=5).map(lambda b: b.replace(b"x", b"\n")), max_size=8))
def test_lines_do_not_depend_on_where_blocks_end(blocks: list[bytes]) -> None:
    text = b"".join(blocks)
    joined = list(join_lines(blocks, "x"))
    assert text == b"".join(joined)
    assert all(part.endswith(b"\n") for part in joined[:-1])


def test_each_line_is_a_document(tmp_path: Path) -> None:
    lines = b'\xef\xbb\xbf{"text": "a"}\r\n\n  \n{"n": 1, "text": "\xc3\xbc\\n"}\n{"text": ""}'
    assert [b"a", "ü\n".encode(), b""] == read(tmp_path, lines)


def test_another_field_can_hold_the_text(tmp_path: Path) -> None:
    assert [b"b"] == read(tmp_path, b'{"text": "a", "body": "b"}', text_field="body")


def test_surrogates_that_json_can_write_are_repaired(tmp_path: Path) -> None:
    assert ["😀".encode(), "\ufffd".encode()] == read(
        tmp_path, b'{"text": "\\ud83d\\ude00"}\n{"text": "\\ud83d"}'
    )


def test_a_line_of_many_megabytes_is_one_document(tmp_path: Path) -> None:
    assert [b"a" * 5_000_000] == read(tmp_path, b'{"text": "' + b"a" * 5_000_000 + b'"}')


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b'{"text": "a"', r"not JSON: .* at character 12; the line starts '\{\"text\": \"a\"'"),
        (b"<html>", "not JSON: Expecting value at character 0"),
        (b'{"text": "a"} {"text": "b"}', "not JSON: Extra data"),
        (b'["text"]', "this is a list, not an object"),
        (b'"text"', "this is a string, not an object"),
        (b'{"body": "a", "id": 1}', "there is no field 'text'; the fields are 'body', 'id'"),
        (b"{}", "there is no field 'text'; the fields are none"),
        (b'{"text": null}', "the field 'text' is null, not a string"),
        (b'{"text": 7}', "the field 'text' is a number, not a string"),
        (b'{"text": ["a"]}', "the field 'text' is a list, not a string"),
        (b'{"text": "\xff"}', "byte 0xff at offset 10 is not UTF-8"),
        (b"[" * 100_000, "nested too deeply|not JSON"),
        (b'{"text": "a", "n": ' + b"9" * 5000 + b"}", "not usable JSON"),
        (b"\0", "not JSON"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: bytes, message: str) -> None:
    with pytest.raises(CorpusError, match=rf"a\.jsonl', line 3: .*({message})"):
        read(tmp_path, b'{"text": "fine"}\n\n' + line + b'\n{"text": "fine"}')
