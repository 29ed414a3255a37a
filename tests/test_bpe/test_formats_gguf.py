"""GGUF metadata: a pattern that llama.cpp knows by name, ids without gaps, ends that are named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import bpe
from bpe.errors import FormatError, FormatWarning, MissingDependencyError

CORPUS = ["the cat sat on the mat 1234567, wörld 你好 don't\n\n"] * 3


def fields_of(path: Path) -> dict[str, Any]:
    gguf = pytest.importorskip("gguf")
    reader = gguf.GGUFReader(path)
    return {name: field.contents() for name, field in reader.fields.items()}


@pytest.mark.parametrize(
    ("pattern", "pre"),
    [("gpt2", "gpt-2"), ("cl100k", "dbrx"), ("llama3", "dbrx"), ("qwen2", "qwen2")],
)
def test_it_reads_back(pattern: str, pre: str, tmp_path: Path) -> None:
    pytest.importorskip("gguf")
    tokenizer = bpe.train(CORPUS, 275, pattern=pattern)
    tokenizer.save(tmp_path / "x.gguf")
    fields = fields_of(tmp_path / "x.gguf")
    assert ("gpt2", pre) == (fields["tokenizer.ggml.model"], fields["tokenizer.ggml.pre"])
    assert "Ġ" == fields["tokenizer.ggml.tokens"][32]
    assert "<|endoftext|>" == fields["tokenizer.ggml.tokens"][274]
    assert [1] * 274 + [3] == fields["tokenizer.ggml.token_type"]
    assert 275 - 257 == len(fields["tokenizer.ggml.merges"])
    assert 274 == fields["tokenizer.ggml.eos_token_id"] == fields["tokenizer.ggml.bos_token_id"]
    assert fields["tokenizer.ggml.add_bos_token"] is False
    with pytest.raises(FormatError, match="GGUF is written here, not read"):
        bpe.Tokenizer.load(tmp_path / "x.gguf")


def test_gaps_become_unused_tokens_and_whole_pretokens_have_their_name(tmp_path: Path) -> None:
    pytest.importorskip("gguf")
    ranks = {bytes([b]): b for b in range(256)} | {b"bc": 256, b"abcd": 257}
    spec = bpe.TokenizerSpec.from_ranked_tokens(
        bpe.Pattern.of("llama3"), ranks, {"<|end_of_text|>": 260}
    )
    bpe.Tokenizer(spec).save(tmp_path / "x.gguf")
    fields = fields_of(tmp_path / "x.gguf")
    assert "llama-bpe" == fields["tokenizer.ggml.pre"]
    assert ["[UNUSED258]", "[UNUSED259]"] == fields["tokenizer.ggml.tokens"][258:260]
    assert [5, 5, 3] == fields["tokenizer.ggml.token_type"][258:]


def test_what_llama_cpp_could_not_split_alike_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="names the split pattern instead of storing it"):
        bpe.train(CORPUS, 260, pattern="nanochat").save(tmp_path / "x.gguf")
    with pytest.raises(FormatError, match="takes id 11 for the end of a text unless"):
        bpe.train(CORPUS, 260, pattern="gpt2", special_tokens=["[X]"]).save(tmp_path / "x.gguf")
    pytest.importorskip("gguf")
    with pytest.warns(FormatWarning, match="upper and lower case of ASCII only"):
        bpe.train(CORPUS, 260, pattern="o200k").save(tmp_path / "x.gguf")


def test_without_the_package_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "gguf", None)
    with pytest.raises(MissingDependencyError, match=r"chimera-bpe\[gguf\]"):
        bpe.train(CORPUS, 260, pattern="gpt2").save(tmp_path / "x.gguf")
    assert not (tmp_path / "x.gguf").exists()
