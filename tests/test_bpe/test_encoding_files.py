"""A corpus goes to token files as `encode` has it, in any number of shards, killed or not."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bpe
from bpe.encoding import pipeline
from bpe.errors import CorpusError, FormatError, OutputExistsError, SpecialTokenError
from bpe.token_files import map_raw_ids, read_header, read_tokens
from bpe.token_shards import is_token_shards, read_index, read_shards

EOT = "<|endoftext|>"
TEXTS = ["the cat sat", "", "on the mat <|endoftext|> naïve 猫", "x" * 40, "12345 cats\n\n  sat "]


@pytest.fixture
def tok(engine: str) -> bpe.Tokenizer:
    return bpe.train(["the cat sat on the mat, 1234 cats"] * 3, 275, engine=engine)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "_GROUP_BYTES", 500)
    monkeypatch.setattr(pipeline, "_PIECE_BYTES", 60)


def expected(tok: bpe.Tokenizer, texts: list[Any], end: bool) -> list[int]:
    ids: list[int] = []
    for text in texts:
        ids += tok.encode_ordinary(text) + ([tok.eot_token] if end else [])
    return ids


@pytest.mark.parametrize("end", [None, EOT])
@pytest.mark.parametrize("threads", [1, 3])
def test_documents_become_one_file(
    tok: bpe.Tokenizer, tmp_path: Path, end: str | None, threads: int
) -> None:
    texts = TEXTS * 30 + ["the cat sat " * 300]
    done = tok.encode_files(texts, tmp_path / "a.bin", end_of_document=end, num_threads=threads)
    ids = read_tokens(tmp_path / "a.bin", tok.content_hash)
    assert expected(tok, texts, end is not None) == ids.tolist()
    assert (len(ids), len(texts), "uint16") == (done.num_tokens, done.num_documents, done.dtype)
    assert sum(len(text.encode()) for text in texts) == done.num_bytes
    assert (tmp_path / "a.bin",) == done.paths


@pytest.mark.parametrize("size", [0, 1, 5_000, 1_200_000])
def test_a_long_text_file_is_cut_into_pieces_and_is_one_document(
    tok: bpe.Tokenizer, tmp_path: Path, size: int
) -> None:
    if tok.engine == "reference" and size > 10_000:
        pytest.skip("too slow")
    text = ("the cat sat, naïve 猫 on 12345 mats\n\n" * (size // 36 + 1)).encode()[:size]
    (tmp_path / "a.txt").write_bytes(text)
    done = tok.encode_files(tmp_path / "a.txt", tmp_path / "a.bin", end_of_document=EOT)
    assert expected(tok, [text], True) == read_tokens(tmp_path / "a.bin").tolist()
    assert (1, size) == (done.num_documents, done.num_bytes)


def test_jsonl_and_compressed_files_are_read_too(tok: bpe.Tokenizer, tmp_path: Path) -> None:
    source = tmp_path / "text"
    source.mkdir()
    (source / "b.txt.gz").write_bytes(gzip.compress(b"the cat " * 100))
    (source / "a.jsonl").write_text("".join(json.dumps({"text": t}) + "\n" for t in TEXTS))
    tok.encode_files(source, tmp_path / "a.bin", end_of_document=EOT)
    ids = read_tokens(tmp_path / "a.bin").tolist()
    assert expected(tok, [*TEXTS, "the cat " * 100], True) == ids


def test_special_tokens_are_text_unless_all_are_allowed(tok: bpe.Tokenizer, tmp_path: Path) -> None:
    for special in ("all", {EOT}):
        tok.encode_files(TEXTS, tmp_path / "a.bin", special=special, overwrite=True)
        assert tok.eot_token in read_tokens(tmp_path / "a.bin")
    tok.encode_files(TEXTS, tmp_path / "a.bin", overwrite=True)
    assert tok.eot_token not in read_tokens(tmp_path / "a.bin")
    with pytest.raises(ValueError, match="a corpus of any size cannot be checked"):
        tok.encode_files(TEXTS, tmp_path / "a.bin", special="raise")
    with pytest.raises(SpecialTokenError, match="not special tokens of this"):
        tok.encode_files(TEXTS, tmp_path / "a.bin", end_of_document="<|no|>")


@pytest.mark.parametrize("shard_tokens", [1, 100, 10**6])
def test_shards_together_are_the_one_file(
    tok: bpe.Tokenizer, tmp_path: Path, shard_tokens: int
) -> None:
    texts = [*TEXTS, "the cat sat on " * 30]
    done = tok.encode_files(texts, tmp_path / "d", shard_tokens=shard_tokens, end_of_document=EOT)
    shards = [ids.tolist() for ids in read_shards(tmp_path / "d", tok.content_hash)]
    assert expected(tok, texts, True) == [id_ for ids in shards for id_ in ids]
    assert len(texts) == done.num_documents
    assert sum(len(text.encode()) for text in texts) == done.num_bytes
    assert all(len(ids) >= shard_tokens for ids in shards[:-1])
    names = {"index.json", *(path.name for path in done.paths)}
    assert names == {path.name for path in (tmp_path / "d").iterdir()}


def write_corpus(folder: Path) -> Path:
    folder.mkdir()
    lines = [json.dumps({"text": f"{text} the {i} cats"}) for i, text in enumerate(TEXTS * 9)]
    for i in range(0, len(lines), 5):
        (folder / f"a{i:02}.jsonl").write_text("\n".join([*lines[i : i + 5]] * 4))
    (folder / "b.txt").write_text("the cat sat on the mat. " * 900)
    return folder


@pytest.mark.parametrize("stop_after", [1, 4, 9])
def test_a_killed_run_goes_on_and_gives_the_same_bytes(
    tok: bpe.Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop_after: int
) -> None:
    source = write_corpus(tmp_path / "text")
    options: dict[str, Any] = {"shard_tokens": 700, "end_of_document": EOT}
    tok.encode_files(source, tmp_path / "whole", **options)

    calls = 0
    codec = tok._codec

    class Stopped:
        find_special = staticmethod(codec.find_special)

        def encode_flat(self, *arguments: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls > stop_after:
                raise KeyboardInterrupt
            return codec.encode_flat(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(tok, "_codec", Stopped())
        with pytest.raises(KeyboardInterrupt):
            tok.encode_files(source, tmp_path / "killed", **options)
    with pytest.raises(FormatError, match="is no complete folder of shards"):
        read_index(tmp_path / "killed")
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "killed").glob("*.bin")}
    tok.encode_files(source, tmp_path / "killed", **options)
    assert before == {path: path.stat().st_mtime_ns for path in before}  # complete shards stay
    assert contents(tmp_path / "whole") == contents(tmp_path / "killed")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_complete_folder_is_left_as_it_is(tok: bpe.Tokenizer, tmp_path: Path) -> None:
    source = write_corpus(tmp_path / "text")
    first = tok.encode_files(source, tmp_path / "d", shard_tokens=500)
    before = (tmp_path / "d" / "index.json").stat().st_mtime_ns
    assert first == tok.encode_files(source, tmp_path / "d", shard_tokens=500)
    assert before == (tmp_path / "d" / "index.json").stat().st_mtime_ns


def test_another_corpus_or_other_options_are_not_mixed_in(
    tok: bpe.Tokenizer, tmp_path: Path
) -> None:
    source = write_corpus(tmp_path / "text")
    tok.encode_files(source, tmp_path / "d", shard_tokens=500)
    for change in ({"shard_tokens": 501}, {"shard_tokens": 500, "end_of_document": EOT}):
        with pytest.raises(OutputExistsError, match="or the same made otherwise"):
            tok.encode_files(source, tmp_path / "d", **change)  # type: ignore[arg-type]
    (source / "b.txt").write_text("other")
    with pytest.raises(OutputExistsError):
        tok.encode_files(source, tmp_path / "d", shard_tokens=500)
    tok.encode_files(source, tmp_path / "d", shard_tokens=500, overwrite=True)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").touch()
    with pytest.raises(OutputExistsError, match="holds other files"):
        tok.encode_files(source, tmp_path / "mine", shard_tokens=5, overwrite=True)
    with pytest.raises(OutputExistsError):
        tok.encode_files(source, source / "b.txt")


def test_a_failing_reader_leaves_no_file(tok: bpe.Tokenizer, tmp_path: Path) -> None:
    def texts() -> Iterator[str]:
        yield from TEXTS * 40
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        tok.encode_files(texts(), tmp_path / "a.bin")
    assert [] == list(tmp_path.iterdir())


def test_ids_beyond_16_bits_take_32(tmp_path: Path, engine: str) -> None:
    ranks = {bytes([byte]): byte for byte in range(256)}
    spec = bpe.TokenizerSpec.from_ranked_tokens(bpe.Pattern.of("gpt2"), ranks, {EOT: 70_000})
    tok = bpe.Tokenizer(spec, engine=engine)  # type: ignore[arg-type]
    done = tok.encode_files(["ab"], tmp_path / "a.bin", end_of_document=EOT)
    assert ("uint32", [97, 98, 70_000]) == (done.dtype, read_tokens(tmp_path / "a.bin").tolist())
    assert np.uint32 == read_tokens(tmp_path / "a.bin").dtype
    assert "uint32" == read_header(tmp_path / "a.bin").dtype


def test_progress_ends_with_all_that_was_read(tok: bpe.Tokenizer, tmp_path: Path) -> None:
    source = write_corpus(tmp_path / "text")
    seen: list[tuple[str, int, int]] = []
    tok.encode_files(source, tmp_path / "a.bin", progress=lambda *step: seen.append(step))
    size = sum(path.stat().st_size for path in source.iterdir())
    assert ("encoding", size, size) == seen[-1]


@pytest.mark.parametrize("bad", [0, -1, True, 1.5])
def test_a_wrong_size_of_shards_is_refused(tok: bpe.Tokenizer, tmp_path: Path, bad: Any) -> None:
    with pytest.raises(ValueError, match="shard_tokens must be an int of at least 1"):
        tok.encode_files(["a"], tmp_path / "d", shard_tokens=bad)


def test_no_document_gives_no_folder_of_shards(tok: bpe.Tokenizer, tmp_path: Path) -> None:
    with pytest.raises(CorpusError):
        tok.encode_files([], tmp_path / "d", shard_tokens=5)


@pytest.mark.parametrize(
    "change", [{"version": 2}, {"shards": 5}, {"shards": [{}]}, {"format": None}]
)
def test_a_damaged_index_is_refused(tok: bpe.Tokenizer, tmp_path: Path, change: Any) -> None:
    tok.encode_files(["ab"], tmp_path / "d", shard_tokens=5)
    path = tmp_path / "d" / "index.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(FormatError, match="is damaged"):
        list(read_shards(tmp_path / "d"))


def test_a_shard_that_was_exchanged_is_found(tok: bpe.Tokenizer, tmp_path: Path) -> None:
    tok.encode_files(["ab"] * 5, tmp_path / "d", shard_tokens=2)
    tok.encode_files(["abc"], tmp_path / "d" / "shard-00001.bin", overwrite=True)
    with pytest.raises(FormatError, match=r"shard-00001.bin in .* has \d+ ids, and 2"):
        list(read_shards(tmp_path / "d"))


def test_ids_are_stored_as_wide_as_asked_for(tok: bpe.Tokenizer, tmp_path: Path) -> None:
    ids = expected(tok, TEXTS, True)
    done = tok.encode_files(TEXTS, tmp_path / "a.bin", dtype="uint32", end_of_document=EOT)
    assert ("uint32", ids) == (done.dtype, read_tokens(tmp_path / "a.bin").tolist())
    shards = tok.encode_files(TEXTS, tmp_path / "d", dtype="uint32", shard_tokens=20)
    index = read_index(tmp_path / "d")
    assert ("uint32", "uint32") == (shards.dtype, index.key["dtype"])
    stored = [Path(path).read_bytes()[1024:] for path in shards.paths]
    assert [sha256(data).hexdigest() for data in stored] == [s.sha256 for s in index.shards]
    with pytest.raises(ValueError, match="dtype must be 'uint16' or 'uint32', not 'int8'"):
        tok.encode_files(TEXTS, tmp_path / "b.bin", dtype="int8")


def test_a_file_without_a_header_holds_bare_ids(tok: bpe.Tokenizer, tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_bytes(b"the cat sat " * 100_000)
    for source in (TEXTS, [tmp_path / "long.txt"] if tok.engine == "native" else TEXTS):
        tok.encode_files(source, tmp_path / "a.bin", overwrite=True)
        tok.encode_files(source, tmp_path / "a.raw", overwrite=True, header=False)
        ids = read_tokens(tmp_path / "a.bin").tolist()
        assert ids == np.fromfile(tmp_path / "a.raw", np.uint16).tolist()
        assert ids == map_raw_ids(tmp_path / "a.raw", "uint16").tolist()
    with pytest.raises(ValueError, match="header=False is for one file"):
        tok.encode_files(TEXTS, tmp_path / "d", header=False, shard_tokens=5)
    with pytest.raises(FormatError, match="begins with a header"):
        map_raw_ids(tmp_path / "a.bin", "uint16")
    (tmp_path / "odd.raw").write_bytes(b"abc")
    with pytest.raises(FormatError, match="3 bytes, which are no ids of 2 bytes"):
        map_raw_ids(tmp_path / "odd.raw", "uint16")
    (tmp_path / "empty.raw").touch()
    assert [] == map_raw_ids(tmp_path / "empty.raw", "uint32").tolist()


def test_a_vocabulary_beyond_16_bits_does_not_fit_them(tmp_path: Path) -> None:
    ranks = {bytes([byte]): byte for byte in range(256)}
    spec = bpe.TokenizerSpec.from_ranked_tokens(bpe.Pattern.of("gpt2"), ranks, {EOT: 70_000})
    with pytest.raises(ValueError, match="uint16 holds ids up to 65535, and this vocabulary"):
        bpe.Tokenizer(spec).encode_files(["ab"], tmp_path / "a.bin", dtype="uint16")
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("shard-00009", "is missing"),
        ("../shard", "damaged"),
        ("shard\0", "damaged"),
        (5, "damaged"),
        ("shard-٠", "damaged"),
    ],
)
def test_an_index_that_names_no_shard_of_the_folder_is_refused(
    tok: bpe.Tokenizer, tmp_path: Path, name: object, message: str
) -> None:
    tok.encode_files(["one two"], tmp_path / "d", shard_tokens=100)
    path = tmp_path / "d" / "index.json"
    index = json.loads(path.read_bytes())
    index["shards"][0]["name"] = name
    path.write_text(json.dumps(index))
    with pytest.raises(FormatError, match=message):
        list(read_shards(tmp_path / "d"))


def test_an_index_nested_too_deep_is_no_folder_of_shards(tmp_path: Path) -> None:
    (tmp_path / "index.json").write_text("[" * 100_000)
    assert not is_token_shards(tmp_path)
