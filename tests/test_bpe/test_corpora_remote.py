"""Files behind URLs are read like those on the disk; what goes wrong names the URL."""

from __future__ import annotations

import gzip
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import bpe
from bpe.corpora import Corpus, Reading, read_documents
from bpe.errors import CorpusError, MissingDependencyError, SourceNotFoundError


def documents(source: Any, **options: Any) -> list[bytes]:
    return list(read_documents(Corpus(source, **options)))


@pytest.fixture
def memory() -> Iterator[Any]:
    """Return a file system of fsspec that lives in memory."""
    fsspec = pytest.importorskip("fsspec")
    filesystem = fsspec.filesystem("memory")
    filesystem.store.clear()
    filesystem.pipe(
        {
            "/data/a.txt": b"A",
            "/data/deep/b.jsonl.gz": gzip.compress(b'{"text": "B1"}\n{"text": "B2"}\n'),
            "/data/picture.png": b"\x89PNG",
        }
    )
    yield filesystem
    filesystem.store.clear()


def test_a_file_a_folder_and_a_pattern_are_read(memory: Any) -> None:
    assert [b"A"] == documents("memory://data/a.txt")
    assert [b"B1", b"B2"] == documents("memory://data/**/*.gz")
    assert [b"A", b"B1", b"B2"] == documents("memory://data")
    assert [b"A", b"B1"] == documents("memory://data", max_bytes=3)
    assert [(b"A", 3)] == bpe.count({"memory://data/a.txt": 3}, pattern="gpt2").items()
    assert [b"A", b"A"] == documents([Corpus("memory://data/a.txt"), Corpus("memory://data/a.txt")])


def test_sizes_are_known_before_reading(memory: Any) -> None:
    size = 1 + memory.size("/data/deep/b.jsonl.gz")
    assert size == Reading("memory://data").total


def test_parquet_is_read_through_the_file_system(memory: Any) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet

    with memory.open("/data/c.parquet", "wb") as file:
        pyarrow.parquet.write_table(pa.table({"text": ["x", "y"]}), file)
    assert [b"x", b"y"] == documents("memory://data/c.parquet")


def test_what_is_not_there_is_named(memory: Any) -> None:
    with pytest.raises(SourceNotFoundError, match=r"nothing at 'memory://data/z\.txt'"):
        documents("memory://data/z.txt")
    with pytest.raises(SourceNotFoundError, match=r"'memory://data/\*\.foo' matches nothing"):
        documents("memory://data/*.foo")
    with pytest.raises(CorpusError, match="unheard"):
        documents("unheard://of")


def test_a_folder_with_nothing_to_read_is_an_error(memory: Any) -> None:
    memory.pipe("/pictures/a.png", b"")
    with pytest.raises(CorpusError, match="holds no file that ends in"):
        documents("memory://pictures")


def test_a_damaged_archive_names_its_place(memory: Any) -> None:
    memory.pipe("/data/a.txt.gz", gzip.compress(b"text")[:-1])
    with pytest.raises(CorpusError, match=r"/data/a\.txt\.gz' is cut short"):
        documents("memory://data/a.txt.gz")


def test_urls_in_a_sequence_are_not_taken_for_texts() -> None:
    with pytest.raises(CorpusError, match=r"bpe\.Corpus for a URL"):
        documents(["s3://bucket/a.txt", "s3://bucket/b.txt"])


def test_without_fsspec_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(MissingDependencyError, match=r"chimera-bpe\[remote\]"):
        documents("s3://bucket/a.txt")


def test_a_file_url_is_read(tmp_path: Path) -> None:
    pytest.importorskip("fsspec")
    (tmp_path / "a.txt").write_bytes(b"local")
    assert [b"local"] == documents(f"file://{tmp_path}/a.txt")


class _Server(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self._answer(b"")

    def do_GET(self) -> None:
        body = b'{"text": "over http"}\n'
        self._answer(body[:-5] if "short" in self.path else body)

    def _answer(self, body: bytes) -> None:
        self.send_response(200 if "a.jsonl" in self.path else 404)
        self.send_header("Content-Length", "22")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def test_a_file_is_read_over_http_and_its_length_is_checked() -> None:
    pytest.importorskip("fsspec")
    pytest.importorskip("aiohttp", reason="fsspec reads http with aiohttp")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    try:
        assert [b"over http"] == documents(f"{url}/a.jsonl?download=true")
        with pytest.raises(CorpusError, match="short"):
            documents(f"{url}/a.jsonl?short")
        with pytest.raises(SourceNotFoundError, match="nothing at"):
            documents(f"{url}/missing.txt")
    finally:
        server.shutdown()
