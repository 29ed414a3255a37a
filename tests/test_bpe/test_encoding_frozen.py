"""Frozen pretokens: ids never depend on them, damage is named, a folder keeps them."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

import bpe
from bpe.errors import FormatError, TrainingError
from bpe.patterns import Pattern
from bpe.spec import Merges, TokenizerSpec

TEXT = "The quick brown fox; the lazy dog. Don't panic: 42 naïve ünïcödé words, 世界你好 and more. "
OTHER = (
    "A quick naïve reader of 1984 doesn't read " + "internationalization" * 9 + " 世界 quickly. "
)


def trained() -> bpe.Tokenizer:
    return bpe.train([TEXT * 3], 300, pattern="cl100k", num_threads=1)


@pytest.fixture(scope="module")
def expected() -> list[int]:
    reference = bpe.Tokenizer(trained().spec, engine="reference")
    return reference.encode_ordinary((OTHER + TEXT) * 20)


@pytest.mark.parametrize("max_pretokens", [0, 1, 7, 10_000])
def test_ids_are_those_of_the_reference_engine(expected: list[int], max_pretokens: int) -> None:
    tokenizer = trained().warm([TEXT, OTHER], max_pretokens=max_pretokens)
    assert expected == tokenizer.encode_ordinary((OTHER + TEXT) * 20)
    assert expected == tokenizer.encode_ordinary((OTHER + TEXT) * 20)
    assert expected == tokenizer.encode_to_numpy((OTHER + TEXT) * 20).tolist()


def test_a_tokenizer_in_use_may_be_warmed_again(expected: list[int]) -> None:
    tokenizer = trained()
    for source in ([TEXT], [OTHER, TEXT], ["x"]):
        assert expected == tokenizer.encode_ordinary((OTHER + TEXT) * 20)
        tokenizer.warm(source)
    assert 1 == tokenizer.num_frozen_pretokens
    assert expected == tokenizer.encode_ordinary((OTHER + TEXT) * 20)


def test_groups_of_texts_that_go_on_and_on_have_the_same_ids(expected: list[int]) -> None:
    tokenizer = trained().warm([TEXT, OTHER], max_pretokens=7)
    for _ in range(3):  # a megabyte and more: words are taken over ahead of time
        batch = tokenizer.encode_batch([(OTHER + TEXT) * 20] * 60, num_threads=2)
        assert [expected] * 60 == batch


def test_a_token_that_no_merge_makes_stays_what_it_is() -> None:
    ids = {bytes([byte]): byte for byte in range(256)} | {b"ab": 256, b" qz": 257, b"bc": 258}
    spec = TokenizerSpec(
        pattern=Pattern.of("gpt2"),
        id_to_bytes={id_: token for token, id_ in ids.items()},
        merges=Merges([(97, 98, 256, 256), (98, 99, 258, 258)]),
        whole_pretoken_first=True,
    )
    text = "abc qz qzz bc abc " * 99
    expected = bpe.Tokenizer(spec, engine="reference").encode(text)
    assert 257 in expected
    assert expected == bpe.Tokenizer(spec).warm([text]).encode(text)


def test_counts_of_a_training_warm_its_tokenizer() -> None:
    counts = bpe.count([TEXT], pattern="cl100k", num_threads=1)
    tokenizer = bpe.train(counts, 300)
    assert len(counts) == tokenizer.warm(counts).num_frozen_pretokens


def test_counts_of_another_pattern_are_refused() -> None:
    with pytest.raises(TrainingError, match="another pattern"):
        trained().warm(bpe.count([TEXT], pattern="gpt2", num_threads=1))


def test_the_reference_engine_refuses() -> None:
    with pytest.raises(ValueError, match="remembers no pretokens"):
        bpe.Tokenizer(trained().spec, engine="reference").warm([TEXT])
    with pytest.raises(ValueError, match="not -1"):
        trained().warm([TEXT], max_pretokens=-1)


def test_a_folder_keeps_them_and_another_format_does_without(tmp_path: Path) -> None:
    tokenizer = trained().warm([TEXT])
    tokenizer.save(tmp_path / "folder")
    tokenizer.save(tmp_path / "x.tiktoken")
    loaded = bpe.Tokenizer.load(tmp_path / "folder")
    assert tokenizer.num_frozen_pretokens == loaded.num_frozen_pretokens > 10
    assert 0 == bpe.Tokenizer.load(tmp_path / "x.tiktoken").num_frozen_pretokens
    assert tokenizer.encode(OTHER * 9) == loaded.encode(OTHER * 9)
    loaded.save(tmp_path / "again")
    first, second = (tmp_path / name / "pretokens.bin" for name in ("folder", "again"))
    assert first.read_bytes() == second.read_bytes()


def test_a_folder_that_is_replaced_keeps_no_old_file(tmp_path: Path) -> None:
    trained().warm([TEXT]).save(tmp_path / "folder")
    trained().save(tmp_path / "folder", overwrite=True)
    assert 0 == bpe.Tokenizer.load(tmp_path / "folder").num_frozen_pretokens


def test_the_reference_engine_leaves_the_file_alone(tmp_path: Path) -> None:
    trained().warm([TEXT]).save(tmp_path / "folder")
    assert 0 == bpe.Tokenizer.load(tmp_path / "folder", engine="reference").num_frozen_pretokens


def test_every_damage_is_found_and_the_message_names_the_file(tmp_path: Path) -> None:
    trained().warm([TEXT]).save(tmp_path / "folder")
    path = tmp_path / "folder" / "pretokens.bin"
    good = path.read_bytes()
    damaged = [b"", good[:32], good[:-64], good + bytes(64), bytes(len(good))]
    damaged += [
        good[:place] + bytes([good[place] ^ 1 << place % 8]) + good[place + 1 :]
        for place in (*range(0, 128, 3), *range(128, len(good), 41))
    ]
    for data in damaged:
        path.write_bytes(data)
        with pytest.raises(FormatError, match=r"pretokens\.bin: .*delete it"):
            bpe.Tokenizer.load(tmp_path / "folder")
    path.write_bytes(good)
    bpe.Tokenizer.load(tmp_path / "folder")


def test_the_file_of_another_tokenizer_is_refused(tmp_path: Path) -> None:
    trained().warm([TEXT]).save(tmp_path / "one")
    bpe.train([OTHER], 280, num_threads=1).save(tmp_path / "two")
    (tmp_path / "two" / "pretokens.bin").write_bytes(
        (tmp_path / "one" / "pretokens.bin").read_bytes()
    )
    with pytest.raises(FormatError, match="another tokenizer"):
        bpe.Tokenizer.load(tmp_path / "two")


def test_a_file_of_another_version_is_refused(tmp_path: Path) -> None:
    trained().warm([TEXT]).save(tmp_path / "folder")
    path = tmp_path / "folder" / "pretokens.bin"
    good = path.read_bytes()
    path.write_bytes(good[:8] + struct.pack("<I", 9) + good[12:])
    with pytest.raises(FormatError, match="version 9 is unknown"):
        bpe.Tokenizer.load(tmp_path / "folder")


def test_what_is_frozen_is_what_the_tokenizer_gives(tmp_path: Path) -> None:
    tokenizer = trained().warm([TEXT, OTHER])
    tokenizer.save(tmp_path / "folder")
    data = (tmp_path / "folder" / "pretokens.bin").read_bytes()
    reference = bpe.Tokenizer(tokenizer.spec, engine="reference")
    place = 64
    for _ in range(tokenizer.num_frozen_pretokens):
        (head,) = struct.unpack_from("<I", data, place)
        length, count = head & 0xFF, head >> 8
        pretoken = data[place + 4 : place + 4 + length]
        ids = struct.unpack_from(f"<{count}I", data, place + 4 + (length + 3) // 4 * 4)
        assert reference.encode_ordinary(pretoken) == list(ids)
        place += 4 + (length + 3) // 4 * 4 + 4 * count
    assert len(data) - 128 < place < len(data)


def test_threads_share_them() -> None:
    tokenizer = trained().warm([TEXT, OTHER])
    texts = [OTHER * k for k in range(1, 40)]
    expected = [bpe.Tokenizer(tokenizer.spec).encode(text) for text in texts]
    assert expected == tokenizer.encode_batch(texts, num_threads=4)
