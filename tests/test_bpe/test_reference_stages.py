"""bpe/reference/stages.py: the five stages as one object."""

from __future__ import annotations

from pathlib import Path

from bpe.engines import get_engine
from bpe.patterns import Pattern
from bpe.reference import engine
from bpe.spec import TokenizerSpec

GPT2 = Pattern.of("gpt2")


def test_the_engine_is_found_by_name() -> None:
    assert engine is get_engine("reference")
    assert "reference" == engine.name


def test_the_whole_road_leads_back_to_the_text() -> None:
    text = b"the cat sat on the mat, the cat"
    table = engine.count_table()
    engine.count_documents(table, [text], GPT2, (), 1, None)
    pairs = engine.train(
        table,
        10,
        tie_break="id",
        min_frequency=1,
        max_token_bytes=None,
        initial_pairs=(),
        num_threads=1,
        progress=None,
    )
    codec = engine.codec(TokenizerSpec.from_pairs(GPT2, pairs, ["<x>"]))
    ids = codec.encode(text + b"<x>", frozenset({"<x>"}))
    assert len(ids) < len(text)
    assert text + b"<x>" == codec.decode_bytes(ids)


def test_a_file_is_one_document(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes(b"a b\r\n\xff")
    of_file, of_document = engine.count_table(), engine.count_table()
    engine.count_file(of_file, str(path), GPT2, (), 1, None)
    engine.count_documents(of_document, [path.read_bytes()], GPT2, (), 1, None)
    assert of_document.items() == of_file.items()


def test_every_way_to_encode_gives_the_same_ids() -> None:
    codec = engine.codec(TokenizerSpec.from_pairs(GPT2, [(97, 98)], ["<x>"]))
    data, allowed = b"abc<x>ab", frozenset({"<x>"})
    ids = [256, 99, 257, 256]
    assert ids == codec.encode(data, allowed)
    assert ids == codec.encode_to_numpy(data, allowed, "uint16").tolist()
    assert len(ids) == codec.count(data, allowed)
    assert [ids, []] == codec.encode_batch([data, b""], allowed, 2)
    assert [data, b""] == codec.decode_bytes_batch([ids, []], 2)


def test_the_first_special_token_is_found_with_its_offset() -> None:
    codec = engine.codec(TokenizerSpec.from_pairs(GPT2, [], ["<x>", "<x>>", "é"]))
    assert (3, "<x>>") == codec.find_special(b"ab <x>>", frozenset({"<x>", "<x>>", "é"}))
    assert (2, "é") == codec.find_special("ßé".encode(), frozenset({"é"}))
    assert codec.find_special(b"<x>", frozenset()) is None
    assert codec.find_special(b"<x", frozenset({"<x>"})) is None
