"""Published vocabularies give exactly tiktoken's ids."""

from __future__ import annotations

import base64
import hashlib
import pickle
from pathlib import Path

import pytest
import tiktoken

import bpe
from bpe.errors import FormatError

TEXTS = [
    "Hello, world! It's 2026 and CamelCase HTTPResponse can'ts x'll'd",
    "naïve café 你好世界 こんにちは Здравствуйте \U0001f468\u200d\U0001f469\u200d\U0001f467",
    "  \t\n\r\n   spaces  \u3000\u2003\n",
    "1234567 ½²Ⅷ ١٢٣",
    "\ud83d\ude00 \ud800",
    "",
]
NAMES = ["r50k_base", "p50k_base", "p50k_edit", "cl100k_base", "o200k_base"]


@pytest.mark.parametrize("name", NAMES)
def test_ids_equal_tiktokens(published_vocabularies: Path, name: str) -> None:
    ours, theirs = bpe.get_encoding(name), tiktoken.get_encoding(name)
    for text in TEXTS:
        assert ours.encode(text) == theirs.encode(text)
        assert ours.decode(ours.encode(text)) == theirs.decode(theirs.encode(text))
    specials = "a" + "b".join(sorted(theirs.special_tokens_set))
    assert ours.encode(specials, allowed_special="all") == theirs.encode(
        specials, allowed_special="all"
    )
    assert ours.n_vocab == theirs.n_vocab
    assert ours.eot_token == theirs.eot_token
    assert ours.token_byte_values() == theirs.token_byte_values()
    assert ours.name == name


def test_decode_with_offsets_equals_tiktokens(published_vocabularies: Path) -> None:
    ours, theirs = bpe.get_encoding("cl100k_base"), tiktoken.get_encoding("cl100k_base")
    for text in TEXTS:
        ids = theirs.encode(text)
        assert ours.decode_with_offsets(ids) == theirs.decode_with_offsets(ids)


def test_the_second_call_gives_the_same_object(published_vocabularies: Path) -> None:
    assert bpe.get_encoding("r50k_base") is bpe.get_encoding("r50k_base")


def test_it_pickles_by_name(published_vocabularies: Path) -> None:
    encoding = bpe.get_encoding("r50k_base")
    pickled = pickle.dumps(encoding)
    assert len(pickled) < 200
    assert pickle.loads(pickled) is encoding


def test_models_find_their_vocabulary(published_vocabularies: Path) -> None:
    assert bpe.encoding_for_model("gpt-4o").name == "o200k_base"
    with pytest.raises(KeyError):
        bpe.encoding_for_model("no-such-model")


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match="cl100k_base"):
        bpe.get_encoding("cl200k")


def test_no_file_and_no_network_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise ConnectionError("no network here")

    requests = pytest.importorskip("requests")
    monkeypatch.setattr(requests, "get", refuse)
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    with pytest.raises(FormatError, match="TIKTOKEN_CACHE_DIR"):
        bpe.get_encoding("gpt2")


def test_a_poisoned_cache_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The cache folder is predictable and may be writable for others; the hash of the file is not.
    def refuse(*args: object, **kwargs: object) -> None:
        raise ConnectionError("no network here")

    requests = pytest.importorskip("requests")
    monkeypatch.setattr(requests, "get", refuse)
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    url = "https://openaipublic.blob.core.windows.net/encodings/cl100k_base.tiktoken"
    lines = b"".join(base64.b64encode(bytes([b])) + b" %d\n" % b for b in range(256))
    (tmp_path / hashlib.sha1(url.encode()).hexdigest()).write_bytes(lines)
    monkeypatch.setattr("bpe.registry._loaded", {})
    with pytest.raises(FormatError, match="could not be loaded through tiktoken"):
        bpe.get_encoding("cl100k_base")
