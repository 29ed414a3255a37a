"""A corpus becomes the same shards however often that is interrupted; damage is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import bpe
from bpe.errors import CorpusError, OutputExistsError
from model import open_dataset, preparation, prepare
from model.preparation import encode_documents
from model.shards import open_shards, read_index


@pytest.fixture
def corpus(tmp_path: Path, text: str) -> Path:
    """Twenty documents, one of them empty and one not UTF-8."""
    path = tmp_path / "corpus"
    path.mkdir()
    for number in range(20):
        lines = text.splitlines(keepends=True)[number * 20 : number * 20 + 20]
        path.joinpath(f"{number:02}.txt").write_bytes("".join(lines).encode())
    path.joinpath("03.txt").write_bytes(b"")
    path.joinpath("04.txt").write_bytes(b"\xff\xfd and so on")
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def test_the_shards_are_the_documents_and_their_ends(
    corpus: Path, tmp_path: Path, tokenizer: bpe.Tokenizer
) -> None:
    index = prepare(str(corpus), tokenizer, tmp_path / "data", shard_tokens=1000)
    documents = [path.read_bytes() for path in sorted(corpus.iterdir())]
    ids, words, _ = open_shards(tmp_path / "data", tokenizer)
    everything = ids[np.arange(len(ids))]
    assert b"".join(d + b"<|endoftext|>" for d in documents) == tokenizer.decode_bytes(
        everything.tolist()
    )
    assert len(index.shards) > 3
    assert len(ids) == len(words) == index.num_tokens
    assert 20 == index.to_json()["num_documents"]
    assert sum(map(len, documents)) == index.to_json()["num_bytes"]
    assert (301, 320, "uint16") == tuple(
        index.key[name] for name in ("vocab_size", "padded_vocab_size", "dtype")
    )


def test_words_begin_where_pretokens_do(tokenizer: bpe.Tokenizer) -> None:
    document = "Alles Gute, ßüß!  你好 den 12345\n".encode()
    ((ids, words),) = encode_documents(iter([document]), tokenizer)
    starts = [*np.flatnonzero(words).tolist(), len(ids)]
    groups = [tokenizer.decode_bytes(ids[i:j].tolist()) for i, j in pairwise(starts)]
    expected = ["Alles", " Gute", ",", " ßüß", "!", " ", " 你好", " den", " 12345", "\n"]
    assert [*(word.encode() for word in expected), b"<|endoftext|>"] == groups


@pytest.mark.parametrize("stop_after", [0, 1, 2, 5, 11, 18])
def test_an_interrupted_run_goes_on_and_gives_the_same_bytes(
    corpus: Path,
    tmp_path: Path,
    tokenizer: bpe.Tokenizer,
    monkeypatch: pytest.MonkeyPatch,
    stop_after: int,
) -> None:
    prepare(str(corpus), tokenizer, tmp_path / "whole", shard_tokens=1000)
    original = preparation.read_documents

    def interrupted(source: str) -> Iterator[bytes]:
        for number, document in enumerate(original(source)):
            if number > stop_after:
                raise KeyboardInterrupt
            yield document

    monkeypatch.setattr(preparation, "read_documents", interrupted)
    with pytest.raises(KeyboardInterrupt):
        prepare(str(corpus), tokenizer, tmp_path / "data", shard_tokens=1000)
    with pytest.raises(CorpusError, match="not prepared to the end; run the same"):
        read_index(tmp_path / "data")
    monkeypatch.undo()
    notes: list[str] = []
    prepare(str(corpus), tokenizer, tmp_path / "data", shard_tokens=1000, note=notes.append)
    assert contents(tmp_path / "whole") == contents(tmp_path / "data")
    if stop_after == 11:
        assert notes[0].startswith("going on with shard ")


def test_what_is_complete_is_left_alone(
    corpus: Path, tmp_path: Path, tokenizer: bpe.Tokenizer
) -> None:
    prepare(str(corpus), tokenizer, tmp_path / "data")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "data").iterdir()}
    notes: list[str] = []
    prepare(str(corpus), tokenizer, tmp_path / "data", note=notes.append)
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "data").iterdir()}
    assert "complete already" in notes[0]


def test_another_corpus_is_replaced_only_by_force_and_other_files_never(
    corpus: Path, tmp_path: Path, tokenizer: bpe.Tokenizer, text: str
) -> None:
    folder = tmp_path / "data"
    prepare(str(corpus), tokenizer, folder)
    (corpus / "20.txt").write_text("more")
    with pytest.raises(OutputExistsError, match="--force replaces it"):
        prepare(str(corpus), tokenizer, folder)
    assert 21 == prepare(str(corpus), tokenizer, folder, force=True).to_json()["num_documents"]
    other = tmp_path / "other"
    other.mkdir()
    (other / "precious").write_text("")
    with pytest.raises(OutputExistsError, match="holds other files"):
        prepare(str(corpus), tokenizer, other, force=True)


def test_the_data_of_another_tokenizer_are_refused(
    corpus: Path, tmp_path: Path, tokenizer: bpe.Tokenizer, text: str
) -> None:
    prepare(str(corpus), tokenizer, tmp_path / "data")
    other = bpe.train([text[::-1]], 301, pattern="gpt2", num_threads=1)
    with pytest.raises(CorpusError, match=r"of another tokenizer .* 301 ids; not"):
        open_dataset(str(tmp_path / "data"), other, block_size=8, val_fraction=0.1)


@pytest.mark.parametrize("name", ["shard-00001.bin", "shard-00002.words", "index.json"])
@pytest.mark.parametrize("damage", ["flip", "cut", "remove"])
def test_damage_is_noticed_and_named(
    corpus: Path, tmp_path: Path, tokenizer: bpe.Tokenizer, name: str, damage: str
) -> None:
    folder = tmp_path / "data"
    prepare(str(corpus), tokenizer, folder, shard_tokens=1000)
    path = folder / name
    data = path.read_bytes()
    if damage == "remove":
        path.unlink()
    else:
        path.write_bytes(data[:-2] if damage == "cut" else data[:-3] + b"!" + data[-2:])
    with pytest.raises(
        (CorpusError, OSError), match=name if name != "index.json" else "gpt prepare|data"
    ):
        open_shards(folder, tokenizer)


def test_a_text_without_tokens_is_refused(tmp_path: Path, text: str) -> None:
    bare = bpe.train([text], 280, special_tokens=(), pattern="gpt2", num_threads=1)
    (tmp_path / "empty.txt").write_text("")
    with pytest.raises(CorpusError, match="gives no tokens"):
        prepare(str(tmp_path / "empty.txt"), bare, tmp_path / "data")


def test_the_index_is_json_that_others_can_read(
    corpus: Path, tmp_path: Path, tokenizer: bpe.Tokenizer
) -> None:
    prepare(str(corpus), tokenizer, tmp_path / "data")
    stored = json.loads((tmp_path / "data" / "index.json").read_text())
    assert tokenizer.content_hash == stored["tokenizer_hash"]
    assert {"index.json", "tok", "shard-00000.bin", "shard-00000.words"} == {
        path.name for path in (tmp_path / "data").iterdir()
    }


def test_a_corpus_behind_a_url_is_prepared_once_and_again_when_it_changes(
    tmp_path: Path, text: str, tokenizer: bpe.Tokenizer
) -> None:
    pytest.importorskip("fsspec")
    (tmp_path / "text.txt").write_text(text, encoding="utf-8")
    url = (tmp_path / "text.txt").as_uri()
    said: list[str] = []

    def num_tokens() -> int:
        options = {"block_size": 12, "val_fraction": 0.1, "cache": tmp_path / "cache"}
        dataset = open_dataset(url, tokenizer, note=said.append, **options)  # type: ignore[arg-type]
        return len(dataset.tokens)

    (tmp_path / "cache").mkdir()
    expected = num_tokens()
    assert expected == num_tokens()
    assert 1 == len(said)
    with (tmp_path / "text.txt").open("a", encoding="utf-8") as file:
        file.write("and more")
    assert expected < num_tokens()
    assert 2 == len(said)
