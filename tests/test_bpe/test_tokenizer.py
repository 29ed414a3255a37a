"""The tokenizer has tiktoken's names and semantics, on both engines."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import bpe
from bpe.errors import DecodeError, EncodeError, SpecialTokenError, VocabularyError
from bpe.patterns import Pattern
from bpe.spec import TokenizerSpec

TEXT = "Hello, wörld! 你好 <|endoftext|> it's 12345\n\n  done\x00"


@pytest.fixture
def tokenizer(engine: str) -> bpe.Tokenizer:
    sample = TEXT.replace("<|endoftext|>", "")
    corpus = [sample, "hello hello world world's catalogues of marvels"] * 3
    specials = ["<|endoftext|>", "<|end|>"]
    return bpe.train(corpus, 300, special_tokens=specials, pattern="cl100k", engine=engine)


def test_text_comes_back(tokenizer: bpe.Tokenizer) -> None:
    ids = tokenizer.encode_ordinary(TEXT)
    assert tokenizer.decode(ids) == TEXT
    assert tokenizer.decode_bytes(ids) == TEXT.encode()
    assert b"".join(tokenizer.decode_tokens_bytes(ids)) == TEXT.encode()


@pytest.mark.parametrize("make", [bytes, bytearray, memoryview])
def test_bytes_may_be_given_instead_of_text(tokenizer: bpe.Tokenizer, make: type) -> None:
    data = b"hello \xff\xfe \xe4\xbd world"
    assert tokenizer.decode_bytes(tokenizer.encode_ordinary(make(data))) == data


def test_surrogates_are_repaired_by_every_method(tokenizer: bpe.Tokenizer) -> None:
    for text, repaired in [("\ud83d\ude00", "😀"), ("a\ud800b", "a\ufffdb")]:
        ids = tokenizer.encode_ordinary(repaired)
        assert tokenizer.encode(text) == ids
        assert tokenizer.encode_ordinary(text) == ids
        assert tokenizer.encode_to_numpy(text).tolist() == ids
        assert tokenizer.encode_batch([text]) == [ids]
        assert tokenizer.encode_ordinary_batch([text]) == [ids]
        assert tokenizer.count(text) == len(ids)


@pytest.mark.parametrize("num_threads", [1, 2, None])
def test_threads_share_one_text(tokenizer: bpe.Tokenizer, num_threads: int | None) -> None:
    text = "hello world's marvels " * 3000
    expected = tokenizer.encode(text)
    assert expected == tokenizer.encode_to_numpy(text, num_threads=num_threads).tolist()
    assert len(expected) == tokenizer.count(text)
    with pytest.raises(ValueError, match="num_threads"):
        tokenizer.encode_to_numpy(text, num_threads=0)


def test_a_special_token_in_the_text_is_refused_by_default(tokenizer: bpe.Tokenizer) -> None:
    for call in (tokenizer.encode, tokenizer.encode_to_numpy, tokenizer.count):
        with pytest.raises(ValueError, match=r"disallowed special token, at byte 22"):
            call(TEXT)
    with pytest.raises(SpecialTokenError, match=r"text 1: .*<\|end\|>"):
        tokenizer.encode_batch(["fine", "x<|end|>"])


def test_an_allowed_special_token_becomes_its_id(tokenizer: bpe.Tokenizer) -> None:
    text = "a<|endoftext|>b<|end|>"
    ordinary = tokenizer.encode_ordinary
    eot, end = tokenizer.eot_token, tokenizer.encode_single_token("<|end|>")
    assert tokenizer.encode(text, allowed_special="all") == [
        *ordinary("a"),
        eot,
        *ordinary("b"),
        end,
    ]
    some = {"allowed_special": {"<|end|>"}, "disallowed_special": ()}
    expected = [*ordinary("a<|endoftext|>b"), end]
    assert tokenizer.encode(text, **some) == expected
    assert tokenizer.encode_to_numpy(text, **some).tolist() == expected
    assert tokenizer.encode_batch([text], **some) == [expected]
    assert tokenizer.count(text, **some) == len(expected)
    with pytest.raises(SpecialTokenError, match="endoftext"):
        tokenizer.encode(text, allowed_special={"<|end|>"})


def test_special_tokens_are_text_when_nothing_is_disallowed(tokenizer: bpe.Tokenizer) -> None:
    ids = tokenizer.encode(TEXT, disallowed_special=())
    assert ids == tokenizer.encode_ordinary(TEXT)
    assert tokenizer.eot_token not in ids


def test_any_text_may_be_disallowed(tokenizer: bpe.Tokenizer) -> None:
    with pytest.raises(SpecialTokenError, match=r"'secret'.*at byte 5"):
        tokenizer.encode("what secret?", disallowed_special={"secret", "zzz"})


@pytest.mark.parametrize("allowed", ["<|end|>", {"<|unknown|>"}, ["<|end|>", "x"]])
def test_an_unknown_allowed_special_token_is_an_error(tokenizer: bpe.Tokenizer, allowed) -> None:
    with pytest.raises(SpecialTokenError):
        tokenizer.encode("text", allowed_special=allowed)


def test_numpy_ids_take_two_bytes_when_they_fit(engine: str) -> None:
    small = bpe.train(["ab"], 257, special_tokens=(), engine=engine)
    assert small.encode_to_numpy("abab").dtype == np.uint16
    pattern = Pattern.of("gpt2")
    big = TokenizerSpec.from_ranked_tokens(
        pattern, {bytes([b]): b for b in range(256)}, {"<|x|>": 70_000}
    )
    ids = bpe.Tokenizer(big, engine=engine).encode_to_numpy("<|x|>", allowed_special="all")
    assert (ids.dtype, ids.tolist()) == (np.uint32, [70_000])


def test_a_batch_keeps_its_order_for_every_number_of_threads(tokenizer: bpe.Tokenizer) -> None:
    texts = ["", "hello", TEXT.replace("<", "["), "world" * 50] * 9
    expected = [tokenizer.encode(text) for text in texts]
    for num_threads in (1, 2, 7):
        assert tokenizer.encode_batch(texts, num_threads=num_threads) == expected
        assert tokenizer.encode_ordinary_batch(iter(texts), num_threads=num_threads) == expected
        assert tokenizer.decode_batch(expected, num_threads=num_threads) == texts


def test_an_empty_batch_is_empty(tokenizer: bpe.Tokenizer) -> None:
    assert tokenizer.encode_batch([]) == []
    assert tokenizer.decode_batch([]) == []


def test_a_single_text_is_no_batch(tokenizer: bpe.Tokenizer) -> None:
    with pytest.raises(TypeError, match="several texts"):
        tokenizer.encode_batch("hello")


@pytest.mark.parametrize("bad", [None, 5, ["a"], 1.5])
def test_what_is_no_text_is_a_type_error(tokenizer: bpe.Tokenizer, bad: object) -> None:
    with pytest.raises(TypeError, match="must be str or bytes"):
        tokenizer.encode(bad)
    with pytest.raises(TypeError, match="text 1 must be str or bytes"):
        tokenizer.encode_batch(["fine", bad])


def test_single_tokens_go_both_ways(tokenizer: bpe.Tokenizer) -> None:
    assert tokenizer.encode_single_token("a") == 97
    assert tokenizer.encode_single_token(b"\xff") == 255
    assert tokenizer.encode_single_token("<|endoftext|>") == 298 == tokenizer.eot_token
    assert tokenizer.decode_single_token_bytes(299) == b"<|end|>"
    with pytest.raises(KeyError, match="'no such token' is not one token"):
        tokenizer.encode_single_token("no such token")
    with pytest.raises(EncodeError):
        tokenizer.encode_single_token("")


@pytest.mark.parametrize("bad", [-1, 300, 2**31, 2**32, 2**63, 2**64, 10**30])
def test_an_unknown_id_is_named(tokenizer: bpe.Tokenizer, bad: int) -> None:
    with pytest.raises(DecodeError, match=str(bad)):
        tokenizer.decode_single_token_bytes(bad)
    with pytest.raises(KeyError, match=str(bad)):
        tokenizer.decode([97, bad])
    with pytest.raises(DecodeError):
        tokenizer.decode_bytes_batch([[97], [bad]])


@pytest.mark.parametrize("bad", [1.0, None, "97", True])
def test_what_is_no_integer_is_no_id(tokenizer: bpe.Tokenizer, bad: object) -> None:
    with pytest.raises(TypeError):
        tokenizer.decode([97, bad])
    with pytest.raises(TypeError):
        tokenizer.decode_single_token_bytes(bad)


def test_decoding_errors_are_the_callers_choice(tokenizer: bpe.Tokenizer) -> None:
    assert tokenizer.decode([0xE4]) == "\ufffd"
    assert tokenizer.decode([97, 0xE4], errors="ignore") == "a"
    with pytest.raises(UnicodeDecodeError):
        tokenizer.decode([0xE4], errors="strict")


def test_numpy_ids_decode(tokenizer: bpe.Tokenizer) -> None:
    ids = tokenizer.encode_to_numpy("hello world")
    for dtype in (np.uint16, np.uint32, np.int64):
        assert tokenizer.decode(ids.astype(dtype)) == "hello world"


def test_offsets_point_at_characters(tokenizer: bpe.Tokenizer) -> None:
    ids = [ord("a"), *"你".encode(), ord("b")]
    assert tokenizer.decode_with_offsets(ids) == ("a你b", [0, 1, 1, 1, 2])
    text, offsets = tokenizer.decode_with_offsets(tokenizer.encode_ordinary(TEXT))
    assert (text, offsets[0]) == (TEXT, 0)
    with pytest.raises(UnicodeDecodeError):
        tokenizer.decode_with_offsets([0xE4])


def test_it_tells_what_it_is(tokenizer: bpe.Tokenizer) -> None:
    assert len(tokenizer) == tokenizer.n_vocab == 300
    assert tokenizer.max_token_value == 299
    assert tokenizer.special_tokens_set == {"<|endoftext|>", "<|end|>"}
    assert tokenizer.is_special_token(299)
    assert not tokenizer.is_special_token(97)
    values = tokenizer.token_byte_values()
    assert (len(values), values) == (298, sorted(values))
    assert "300 tokens" in repr(tokenizer)


def test_no_end_of_text_is_a_key_error(engine: str) -> None:
    with pytest.raises(KeyError, match="no special token"):
        _ = bpe.train(["ab"], 257, special_tokens=(), engine=engine).eot_token


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))]
)
def test_a_copy_encodes_the_same(tokenizer: bpe.Tokenizer, copied) -> None:
    other = copied(tokenizer)
    assert other == tokenizer
    assert hash(other) == hash(tokenizer)
    assert other.engine == tokenizer.engine
    assert other.encode_ordinary(TEXT) == tokenizer.encode_ordinary(TEXT)


def test_resize_gives_the_smaller_training(engine: str) -> None:
    corpus = ["the cat sat on the mat, the hat of another catalogue"] * 3
    specials = ["<|a|>", "<|b|>"]
    big = bpe.train(corpus, 280, special_tokens=specials, engine=engine)
    for size in (258, 259, 270, 280):
        assert big.resize(size) == bpe.train(corpus, size, special_tokens=specials, engine=engine)
    for size in (257, 281):
        with pytest.raises(VocabularyError, match="cannot resize"):
            big.resize(size)


def test_a_custom_pattern_works_on_the_whole_road(engine: str) -> None:
    tokenizer = bpe.train(
        ["aa1bb22 aa1bb22 <|x|>"],
        260,
        pattern=[r"\d+", r"[a-z]+|\s"],
        special_tokens=["<|x|>"],
        engine=engine,
    )
    text = "aa1 bb22??<|x|>"
    assert tokenizer.decode(tokenizer.encode(text, allowed_special="all")) == text
    assert tokenizer.encode(text, allowed_special="all")[-1] == tokenizer.n_vocab - 1
    assert tokenizer.encode_batch([text], allowed_special="all", num_threads=2) == [
        tokenizer.encode(text, allowed_special="all")
    ]
    assert tokenizer.count(text, disallowed_special=()) == len(tokenizer.encode_ordinary(text))


def test_both_engines_are_the_same_tokenizer() -> None:
    corpus = ["some text, and some more text of another sort"] * 5
    native = bpe.train(corpus, 280, engine="native")
    reference = bpe.train(corpus, 280, engine="reference")
    assert native == reference
    assert native.encode("some more") == reference.encode("some more")
