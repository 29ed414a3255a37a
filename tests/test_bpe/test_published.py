"""What we know of the published vocabularies is what tiktoken knows of them."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiktoken

import bpe
from bpe import published
from bpe.patterns import Pattern
from bpe.spec import TokenizerSpec


@pytest.mark.parametrize("name", sorted(published.PUBLISHED))
def test_a_cached_file_gives_what_tiktoken_gives(published_vocabularies: Path, name: str) -> None:
    theirs = tiktoken.registry.ENCODING_CONSTRUCTORS or tiktoken.list_encoding_names()
    assert theirs
    parts = tiktoken.registry.ENCODING_CONSTRUCTORS[name]()
    ours = published.load_cached(name)
    assert ours is not None
    assert ours.has_implied_merges
    assert parts["mergeable_ranks"] == {token: id_ for id_, token in ours.id_to_bytes.items()}
    assert parts["special_tokens"] == ours.special_tokens
    assert Pattern.of(parts["pat_str"]) == ours.pattern
    assert name == ours.name
    known = ours.content_hash
    del vars(ours)["content_hash"]
    assert ours.content_hash == known  # for this version of Unicode


def test_a_file_that_is_absent_or_another_is_left_to_tiktoken(
    published_vocabularies: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec: TokenizerSpec | None = published.load_cached("r50k_base")
    assert spec is not None
    key = "0ea1e91bbb3a60f729a8dc8f777fd2fc07cd8df4"  # the SHA-1 of its address, as tiktoken's
    right = (published_vocabularies / key).read_bytes()
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    assert published.load_cached("r50k_base") is None
    (tmp_path / key).write_bytes(right[:-2])
    assert published.load_cached("r50k_base") is None
    (tmp_path / key).write_bytes(right)
    assert spec == published.load_cached("r50k_base")
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", "")
    assert published.load_cached("r50k_base") is None
    assert published.load_cached("no_such_name") is None


def test_it_needs_no_tiktoken(
    published_vocabularies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise AssertionError("tiktoken is asked for a file that is there")

    monkeypatch.setattr("bpe.registry._tiktoken", refuse)
    monkeypatch.setattr("bpe.registry._loaded", {})
    assert [15339] == bpe.get_encoding("cl100k_base").encode("hello")
