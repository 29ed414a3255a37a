"""`vocab.json` and `merges.txt`: the ids of `tokenizers`, the header rule, files that disagree."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import tokenizers

import bpe
from bpe.errors import FormatError
from bpe.spec import Merges

CORPUS = ["the cat #versions #ver # # sat on 123 the mat, wörld 你好\n\n"] * 3


@pytest.fixture(scope="module")
def tokenizer() -> bpe.Tokenizer:
    return bpe.train(CORPUS, 275, pattern="gpt2")


def theirs(folder: Path) -> tokenizers.Tokenizer:
    files = [str(folder / name) for name in ("vocab.json", "merges.txt")]
    model = tokenizers.models.BPE.from_file(*files)
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    return tokenizer


def test_tokenizers_reads_the_same_ids_and_it_comes_back_equal(
    tokenizer: bpe.Tokenizer, tmp_path: Path
) -> None:
    tokenizer.save(tmp_path / "pair", format="gpt2")
    for text in (*CORPUS, "# versions 1234 thé\t\x00"):
        assert theirs(tmp_path / "pair").encode(text).ids == tokenizer.encode(text)
    for path in ("pair", "pair/vocab.json", "pair/merges.txt"):
        assert tokenizer == bpe.Tokenizer.load(tmp_path / path)
    assert "pair" == bpe.Tokenizer.load(tmp_path / "pair/vocab.json").name


def test_the_published_vocabulary_gives_the_same_ids(
    published_vocabularies: Path, tmp_path: Path
) -> None:
    original = bpe.get_encoding("r50k_base")
    original.save(tmp_path / "pair", format="gpt2")
    loaded = bpe.Tokenizer.load(tmp_path / "pair")
    assert {"<|endoftext|>": 50256} == dict(loaded.spec.special_tokens)
    for text in CORPUS:
        assert (
            original.encode(text)
            == loaded.encode(text)
            == theirs(tmp_path / "pair").encode(text).ids
        )


def test_only_the_first_line_is_a_header(tmp_path: Path) -> None:
    # Merges that begin with #: the second line here is one, and so is the first if it is no header.
    tokens = {chr(c) if 33 <= c < 127 else c: c for c in range(256)}
    assert "#" in tokens
    spec = bpe.TokenizerSpec.from_pairs(bpe.Pattern.of("gpt2"), [(35, 35), (256, 118)])
    bpe.Tokenizer(spec).save(tmp_path / "pair", format="gpt2")
    path = tmp_path / "pair/merges.txt"
    assert "#version: 0.2\n# #\n## v\n" == path.read_text()
    assert spec == bpe.Tokenizer.load(tmp_path / "pair").spec
    path.write_text("# #\n## v\n")
    assert spec == bpe.Tokenizer.load(tmp_path / "pair").spec
    path.write_text("# #\n#version: 0.2\n## v\n")
    with pytest.raises(FormatError, match='merge 1 names "#version:"'):
        bpe.Tokenizer.load(tmp_path / "pair")


def test_a_merge_that_readers_take_for_a_header_is_not_written(tmp_path: Path) -> None:
    text = b"#version"
    pairs = [(35, 118), *((256 + i, byte) for i, byte in enumerate(text[2:]))]
    pairs.append((256 + len(pairs) - 1, ord("s")))
    spec = bpe.TokenizerSpec.from_pairs(bpe.Pattern.of("gpt2"), pairs)
    with pytest.raises(FormatError, match=r"merge of '#version' and 's'"):
        bpe.Tokenizer(spec).save(tmp_path / "pair", format="gpt2")
    assert [] == list(tmp_path.iterdir())


def test_which_tokens_are_special_can_be_said(tmp_path: Path) -> None:
    tokenizer = bpe.train(CORPUS, 270, pattern="gpt2")
    tokenizer.save(tmp_path / "pair", format="gpt2")
    path = tmp_path / "pair/vocab.json"
    vocab = json.loads(path.read_text()) | {"[END]": 270}
    path.write_text(json.dumps(vocab))
    with pytest.raises(FormatError, match=r"'\[END\]' \(id 270\) .* is made by no line of merges"):
        bpe.Tokenizer.load(tmp_path / "pair")
    specials = {"[END]": 270, "<|endoftext|>": 269}
    assert specials == dict(
        bpe.Tokenizer.load(tmp_path / "pair", special_tokens=specials).spec.special_tokens
    )
    with pytest.raises(FormatError, match=r"has id 270 in vocab.json, not 5"):
        bpe.Tokenizer.load(tmp_path / "pair", special_tokens={"[END]": 5})


def test_what_the_pair_cannot_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="do not say how text is split"):
        bpe.train(CORPUS, 270, pattern="o200k").save(tmp_path / "x", format="gpt2")
    special = bpe.train(CORPUS, 270, pattern="gpt2", special_tokens=["[END]"])
    with pytest.raises(FormatError, match=r"cannot say that '\[END\]' is a special token"):
        special.save(tmp_path / "x", format="gpt2")
    ranks = {bytes([b]): b for b in range(256)} | {b"bc": 256, b"abcd": 257}
    spec = bpe.TokenizerSpec.from_ranked_tokens(bpe.Pattern.of("gpt2"), ranks)
    with pytest.raises(FormatError, match=r"merges.txt knows merges only, and 1 tokens"):
        bpe.Tokenizer(spec).save(tmp_path / "x", format="gpt2")
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("merges", "message"),
    [
        ("#version: 0.2\nh e\nh e\n", "merge 1 is the same pair as merge 0"),
        ("#version: 0.2\nt\n", 'merge 0 is "t", not two tokens'),
        ("#version: 0.2\nt  h\n", "not two tokens"),
        ("#version: 0.2\nt zz\n", 'merge 0 names "zz"'),
        ("#version: 0.2\nq q\n", "merge 0 makes b'qq', which is no token"),
        ("#version: 0.2\n", "is made by no line of merges.txt"),
        ("#version: 0.2\n\nt h\n", 'merge 0 is "", not two tokens'),
        ("", "is made by no line of merges.txt"),
    ],
)
def test_files_that_disagree_are_refused_with_the_merge(
    tokenizer: bpe.Tokenizer, tmp_path: Path, merges: str, message: str
) -> None:
    tokenizer.save(tmp_path / "pair", format="gpt2")
    (tmp_path / "pair/merges.txt").write_text(merges)
    with pytest.raises(FormatError, match=message):
        bpe.Tokenizer.load(tmp_path / "pair")


def test_a_missing_half_is_named(tokenizer: bpe.Tokenizer, tmp_path: Path) -> None:
    for name in ("merges.txt", "vocab.json"):
        tokenizer.save(tmp_path / name, format="gpt2")
        (tmp_path / name / name).unlink()
        other = {"merges.txt": "vocab.json", "vocab.json": "merges.txt"}[name]
        with pytest.raises(FormatError, match=f"it has no {name}"):
            bpe.Tokenizer.load(tmp_path / name / other)


def test_merges_out_of_the_order_of_the_ids_stay_in_their_order(tmp_path: Path) -> None:
    ids = {b: bytes([b]) for b in range(256)} | {256: b"bc", 257: b"ab", 258: b"abc"}
    merges = Merges([(97, 98, 257, 0), (98, 99, 256, 1), (97, 256, 258, 2)])
    spec = bpe.TokenizerSpec(bpe.Pattern.of("gpt2"), ids, merges)
    bpe.Tokenizer(spec).save(tmp_path / "pair", format="gpt2")
    assert spec == bpe.Tokenizer.load(tmp_path / "pair").spec
    assert [257, 99] == theirs(tmp_path / "pair").encode("abc").ids
