"""What another library reads is compared as it is on disk, not as it was some day."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

import bpe
from bpe.errors import FormatError, MissingDependencyError
from bpe.formats.tekken import special_tokens_first
from bpe.verification import verify


def train(text: str, **options: object) -> bpe.Tokenizer:
    return bpe.train([text], 262, pattern="gpt2", **options)  # type: ignore[arg-type]


def test_a_stale_entry_of_tiktokens_cache_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = train("aaaa bbbb aaaa bbbb"), train("cccc dddd cccc dddd")
    path = tmp_path / "x.tiktoken"
    cache = tmp_path / "cache"
    cache.mkdir()
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(cache))
    old.save(path)
    # What tiktoken's own loader leaves behind: the file under the hash of its path.
    (cache / hashlib.sha1(str(path).encode()).hexdigest()).write_bytes(path.read_bytes())
    new.save(path, overwrite=True)
    assert verify(new, path, "tiktoken", [b"cccc dddd"]) > 800
    assert str(cache) == os.environ["TIKTOKEN_CACHE_DIR"]


@pytest.mark.parametrize(
    ("format", "name"), [("huggingface", "tokenizer.json"), ("minbpe", "x.model"), ("gpt2", "x")]
)
def test_another_vocabulary_is_told_apart(tmp_path: Path, format: str, name: str) -> None:
    train("the cat the cat").save(tmp_path / name, format=format)
    other = train("the dog the dog")
    with pytest.raises(FormatError, match=r"gives other ids there: near .* \(character \d+ of"):
        verify(other, tmp_path / name, format, [b"in the dog"])
    assert verify(train("the cat the cat"), tmp_path / name, format) > 800


def test_the_library_that_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "mistral_common", None)
    tokenizer = bpe.Tokenizer(special_tokens_first(train("the cat").spec))
    tokenizer.save(tmp_path / "tekken.json")
    with pytest.raises(MissingDependencyError, match="pip install mistral-common"):
        verify(tokenizer, tmp_path / "tekken.json", "tekken")
