"""A text file read, cut and encoded in C++: the ids of its documents, whatever the chunks are."""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bpe
from bpe import _core
from bpe.corpora import reading
from bpe.token_files import read_tokens

SPECIALS = ("<|endoftext|>", "<|end", "|>!")
FRAGMENTS = [
    "the cat", " sat", " on ", "12345", "\n", "\n\n", "  ", "naïve", "猫猫猫", "'ll", "!!", "<|",
   "|>",    "<|endoftext|>", "<|end", "|>!", "x" * 70, "\r\n", "/", "\u00a0", "||",
]  # fmt: skip


def trained(pattern: str) -> bpe.Tokenizer:
    texts = ["the cat sat on the mat, 12345 cats", "猫猫 naïve"] * 3
    return bpe.train(texts, 285, pattern=pattern, special_tokens=SPECIALS, num_threads=1)


def encode_file(tok: bpe.Tokenizer, path: Path, separator: str = "", **options: Any) -> Any:
    """Return ids, and the number of documents and of bytes."""
    allowed = options.pop("allowed", ())
    ids = [tok.encode_single_token(text) for text in allowed]
    out = path.with_suffix(".ids")
    with out.open("wb") as file:
        width = np.dtype(tok.id_dtype).itemsize
        place = (file.fileno(), str(out), 6, width)
        threads, chunk = options.pop("threads", 2), options.pop("chunk_bytes", None)
        count, *rest = _core.encode_file(
            tok._codec._core, path, separator.encode(), ids, options.pop("end", None), place,
            threads, options.pop("progress", None), chunk,
        )  # fmt: skip
    assert not options
    written = np.frombuffer(out.read_bytes()[6:], tok.id_dtype).tolist()
    assert count == len(written)
    return written, *rest


def documents_of(data: bytes, separator: str) -> list[bytes]:
    if not separator:
        return [data]
    documents = data.split(separator.encode())
    return documents if documents[-1] else documents[:-1]


@pytest.mark.parametrize("pattern", ["gpt2", "cl100k", "o200k"])
@pytest.mark.parametrize("separator", ["", "\n", "<|endoftext|>", "||"])
def test_the_ids_are_those_of_the_documents_for_any_chunks(
    tmp_path: Path, pattern: str, separator: str
) -> None:
    tok = trained(pattern)
    path, chance = tmp_path / "a.txt", random.Random(separator + pattern)
    for round_ in range(60):
        text = "".join(chance.choices(FRAGMENTS, k=chance.choice([0, 1, 5, 80])))
        data = text.encode()[: chance.choice([None, -1, -2])]
        path.write_bytes(data)
        allowed = chance.sample(SPECIALS, chance.randrange(4))
        end = chance.choice([None, 3])
        documents = documents_of(data, separator)
        expected = []
        for document in documents:
            expected += tok.encode(document, allowed_special=set(allowed), disallowed_special=())
            expected += [] if end is None else [end]
        for chunk_bytes in (1, 7, 64, 1000):
            options = {"threads": 1 + round_ % 3, "chunk_bytes": chunk_bytes}
            got = encode_file(tok, path, separator, allowed=allowed, end=end, **options)
            assert (expected, len(documents), sum(map(len, documents))) == got


def test_one_endless_word_is_held_whole(tmp_path: Path) -> None:
    tok = trained("gpt2")
    data = b"the cat " + b"x" * 300_000 + b" sat"
    (tmp_path / "a.txt").write_bytes(data)
    got = encode_file(tok, tmp_path / "a.txt", chunk_bytes=1000)
    assert (tok.encode_ordinary(data), 1, len(data)) == got


def test_ids_beyond_16_bits_take_32(tmp_path: Path) -> None:
    ranks = {bytes([byte]): byte for byte in range(256)}
    spec = bpe.TokenizerSpec.from_ranked_tokens(bpe.Pattern.of("gpt2"), ranks, {"<|a|>": 70_000})
    (tmp_path / "a.txt").write_bytes(b"ab" * 50)
    got = encode_file(bpe.Tokenizer(spec), tmp_path / "a.txt", end=70_000, chunk_bytes=9)
    assert ([97, 98] * 50 + [70_000], 1, 100) == got


@pytest.mark.skipif(sys.platform != "linux", reason="there is no /dev/full")
def test_a_full_disk_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"the cat " * 1000)
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        with pytest.raises(OSError, match=r"No space left on device: 'my\.bin'"):
            _core.encode_file(
                trained("gpt2")._codec._core, tmp_path / "a.txt", b"", [], None,
                (full, "my.bin", 0, 2), 2, None, 100,
            )  # fmt: skip
    finally:
        os.close(full)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    tok = trained("gpt2")
    with pytest.raises(FileNotFoundError, match=r"missing\.txt"):
        encode_file(tok, tmp_path / "missing.txt")
    with pytest.raises(IsADirectoryError):
        encode_file(tok, tmp_path)
    (tmp_path / "a.txt").write_bytes(b"a b")
    with pytest.raises(ValueError, match="num_threads must be an int of at least 1, not 0"):
        encode_file(tok, tmp_path / "a.txt", threads=0)


@pytest.fixture
def no_file_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_SMALL_FILE", 1)


@pytest.mark.usefixtures("no_file_is_small")
@pytest.mark.parametrize("separator", [None, "<|endoftext|>"])
def test_plain_files_among_others_keep_their_places(tmp_path: Path, separator: str | None) -> None:
    tok, source = trained("cl100k"), tmp_path / "text"
    source.mkdir()
    texts = ["the cat<|endoftext|> sat", "on the mat", "12345<|endoftext|>naïve"]
    expected: list[int] = []
    for number, text in enumerate(texts):
        (source / f"{number}.txt").write_text(text)
        (source / f"{number}a.jsonl").write_text('{"text": "a cat"}\n')
        for document in (*(text.split(separator) if separator else [text]), "a cat"):
            expected += [*tok.encode_ordinary(document), tok.eot_token]
    steps: list[tuple[str, int, int]] = []
    done = tok.encode_files(
        bpe.Corpus(source, separator=separator),
        tmp_path / "a.bin",
        end_of_document="<|endoftext|>",
        progress=lambda *step: steps.append(step),
    )
    assert expected == read_tokens(tmp_path / "a.bin", tok.content_hash).tolist()
    assert (len(expected), 8 if separator else 6) == (done.num_tokens, done.num_documents)
    size = sum(path.stat().st_size for path in source.iterdir())
    assert ("encoding", size, size) == steps[-1]
    assert sorted(step[1] for step in steps) == [step[1] for step in steps]


@pytest.mark.usefixtures("no_file_is_small")
def test_a_callback_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    tok, out = trained("cl100k"), tmp_path / "a.bin"
    (tmp_path / "a.txt").write_bytes(b"the cat sat " * 1000)
    tok.encode_files(["the cat"], out)
    before = out.read_bytes()

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tok.encode_files(tmp_path / "a.txt", out, overwrite=True, progress=stop)
    assert (before, ["a.bin", "a.txt"]) == (
        out.read_bytes(),
        sorted(path.name for path in tmp_path.iterdir()),
    )
