"""`tokenizer.json`: the ids of `tokenizers`, the files of real models, and refusals by name."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tiktoken
import tokenizers
from tokenizers import decoders, models, pre_tokenizers, trainers

import bpe
from bpe.errors import FormatError, FormatWarning
from bpe.formats.huggingface import from_json, to_json
from bpe.formats.regex_dialects import BYTE_LEVEL
from bpe.patterns import NAMED_PATTERNS
from bpe.testing.random_inputs import random_text

CORPUS = ["the cat sat on the mat 12345678, wörld 你好\n\n don't THE"] * 3
LLAMA3 = NAMED_PATTERNS["llama3"]
DEEPSEEK = [
    r"\p{N}{1,3}",
    "[一-龥\u3040-ゟ゠-ヿ]+",
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
    r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
]
LAST = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}

Change = Callable[[dict[str, Any]], None]


def texts() -> list[str]:
    drawn = random.Random(5)
    return [random_text(drawn).encode("utf-8", "replace").decode() for _ in range(300)] + [
        "the cat 1234567 don't",
        "",
    ]


def train(pattern: object, special_tokens: tuple[str, ...] = ("<|endoftext|>", "<|ü|>")) -> Any:
    return bpe.train(CORPUS, 280, pattern=pattern, special_tokens=special_tokens)


def split(regex: str) -> dict[str, Any]:
    return {"type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated", "invert": False}


def document(tokenizer: bpe.Tokenizer | None = None) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(to_json((tokenizer or train("gpt2")).spec))
    return fields


def assert_equal_ids(ours: bpe.Tokenizer, theirs: tokenizers.Tokenizer) -> None:
    for text in texts():
        expected = theirs.encode(text, add_special_tokens=False).ids
        assert expected == ours.encode(text, allowed_special="all"), text
    marked = "a<|endoftext|><|ü|> <|endoftext|"
    assert theirs.encode(marked, add_special_tokens=False).ids == ours.encode(
        marked, allowed_special="all"
    )


# ---- writing -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pattern",
    [*NAMED_PATTERNS, None, BYTE_LEVEL, DEEPSEEK, [r"\p{N}", BYTE_LEVEL], r"\p{N}{1,3}+|[a-z]+"],
)
def test_the_live_tokenizer_gives_the_same_ids_and_comes_back_equal(pattern: object) -> None:
    tokenizer = train(pattern)
    theirs = tokenizer.to_huggingface()
    assert_equal_ids(tokenizer, theirs)
    assert tokenizer.n_vocab == theirs.get_vocab_size()
    back = bpe.Tokenizer.from_huggingface(theirs)
    if pattern != r"\p{N}{1,3}+|[a-z]+":  # which Oniguruma has to have in another spelling
        assert tokenizer == back
    assert_equal_ids(back, theirs)


def test_the_folder_is_what_transformers_wants(tmp_path: Path) -> None:
    tokenizer = train("gpt2")
    tokenizer.save(tmp_path / "mine", format="huggingface")
    assert {"tokenizer.json", "tokenizer_config.json"} == {
        path.name for path in (tmp_path / "mine").iterdir()
    }
    config = json.loads((tmp_path / "mine/tokenizer_config.json").read_text())
    assert ("PreTrainedTokenizerFast", "<|endoftext|>") == (
        config["tokenizer_class"],
        config["eos_token"],
    )
    assert tokenizer == bpe.Tokenizer.load(tmp_path / "mine")
    assert "mine" == bpe.Tokenizer.load(tmp_path / "mine").name
    tokenizer.save(tmp_path / "tokenizer.json")
    assert_equal_ids(tokenizer, tokenizers.Tokenizer.from_file(str(tmp_path / "tokenizer.json")))


def test_gaps_between_ids_survive_because_special_tokens_stand_in_the_vocabulary() -> None:
    # The trap: an added token's id is not read; without a place in the vocabulary it would be 258.
    ranks = {bytes([b]): b for b in range(256)} | {b"ab": 256, b"abc": 300}
    spec = bpe.TokenizerSpec.from_ranked_tokens(
        bpe.Pattern.of("cl100k"), ranks, {"<|a|>": 270, "<|b|>": 999}
    )
    tokenizer = bpe.Tokenizer(spec)
    theirs = tokenizer.to_huggingface()
    assert [300, 270, 999] == theirs.encode("abc<|a|><|b|>").ids
    assert tokenizer == bpe.Tokenizer.from_huggingface(theirs)


def test_a_special_token_written_like_an_ordinary_one_is_refused() -> None:
    # The character é stands for the byte 0xE9.
    tokenizer = train("gpt2", special_tokens=("é",))
    with pytest.raises(FormatError, match=r"special token 'é' .* b'\\xe9'"):
        tokenizer.to_huggingface()


def test_a_token_that_only_a_whole_pretoken_gives_is_kept() -> None:
    ranks = {bytes([b]): b for b in range(256)} | {b"bc": 256, b"abcd": 257}
    tokenizer = bpe.Tokenizer(
        bpe.TokenizerSpec.from_ranked_tokens(bpe.Pattern.of("gpt2"), ranks, {})
    )
    theirs = tokenizer.to_huggingface()
    for text in ("abcd", "abcde", "xabcd"):
        assert tokenizer.encode(text) == theirs.encode(text).ids
    assert tokenizer == bpe.Tokenizer.from_huggingface(theirs)


@pytest.mark.parametrize("name", ["r50k_base", "p50k_edit", "cl100k_base"])
def test_published_vocabularies_give_tiktokens_ids(published_vocabularies: Path, name: str) -> None:
    ours, theirs = bpe.get_encoding(name), tiktoken.get_encoding(name)
    exported = ours.to_huggingface()
    for text in texts():
        assert theirs.encode_ordinary(text) == exported.encode(text).ids
    specials = "a" + " b".join(sorted(theirs.special_tokens_set))
    assert theirs.encode(specials, allowed_special="all") == exported.encode(specials).ids
    assert ours == bpe.Tokenizer.from_huggingface(exported)


@pytest.mark.parametrize("name", ["r50k_base", "cl100k_base", "o200k_base"])
def test_exported_vocabularies_give_tiktokens_ids_on_adversarial_text(
    published_vocabularies: Path, shared: Path, name: str
) -> None:
    theirs = tiktoken.get_encoding(name)
    exported = bpe.get_encoding(name).to_huggingface()
    exported.encode_special_tokens = True
    for path in sorted((shared / "corpora/adversarial").iterdir()):
        text = path.read_bytes()[:3000].decode("utf-8", "replace")
        assert theirs.encode_ordinary(text) == exported.encode(text).ids, path.name


# ---- reading -------------------------------------------------------------------------------------


def trained_there(pre_tokenizer: Any, special_tokens: tuple[str, ...] = ()) -> Any:
    theirs = tokenizers.Tokenizer(models.BPE())
    theirs.pre_tokenizer = pre_tokenizer
    theirs.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=list(special_tokens),
        initial_alphabet=alphabet,
        show_progress=False,
    )
    theirs.train_from_iterator(CORPUS, trainer)
    return theirs


def splits(*regexes: str) -> Any:
    parts = [pre_tokenizers.Split(tokenizers.Regex(regex), "isolated") for regex in regexes]
    last = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    return pre_tokenizers.Sequence([*parts, last])


@pytest.mark.parametrize(
    ("pre_tokenizer", "num_stages"),
    [
        (pre_tokenizers.ByteLevel(add_prefix_space=False), 1),  # GPT-2
        (splits(LLAMA3), 1),
        (splits(NAMED_PATTERNS["qwen2"]), 1),
        (splits(NAMED_PATTERNS["o200k"]), 1),
        (splits(*DEEPSEEK), 3),  # V3
        (splits(r"\p{N}{1,3}+|[^\p{N}]+"), 1),  # a repeat of a repeat
        (
            pre_tokenizers.Sequence(  # StarCoder
                [pre_tokenizers.Digits(True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
            ),
            2,
        ),
        (
            pre_tokenizers.Sequence(  # a literal text, and the pieces in two sequences
                [
                    pre_tokenizers.Split("a.b", "isolated"),
                    pre_tokenizers.Sequence([pre_tokenizers.Digits(False)]),
                    pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
                ]
            ),
            2,
        ),
    ],
)
def test_pre_tokenizers_of_real_models_are_read(pre_tokenizer: Any, num_stages: int) -> None:
    theirs = trained_there(pre_tokenizer, ("<|endoftext|>", "<|ü|>"))
    ours = bpe.Tokenizer.from_huggingface(theirs)
    assert num_stages == len(ours.spec.pattern.stages)
    assert_equal_ids(ours, theirs)
    again = ours.to_huggingface()
    assert_equal_ids(ours, again)


def test_both_ways_to_write_merges_are_read() -> None:
    fields = document()
    expected = from_json(fields, "here")
    fields["model"]["merges"] = [" ".join(pair) for pair in fields["model"]["merges"]]
    assert expected == from_json(fields, "here")


def test_a_split_that_removes_what_a_total_pattern_does_not_match_is_read() -> None:
    tokenizer = train("o200k")
    fields = document(tokenizer)
    part = fields["pre_tokenizer"]["pretokenizers"][0]
    part.update(behavior="Removed", invert=True)
    assert tokenizer.spec == from_json(fields, "here")
    part["pattern"]["Regex"] = "[a-z]+"
    with pytest.raises(FormatError, match=r'the behavior "Removed" is not supported'):
        from_json(fields, "here")


def template(*tokens: str) -> dict[str, Any]:
    parts = [{"SpecialToken": {"id": token, "type_id": 0}} for token in tokens]
    single = [*parts, {"Sequence": {"id": "A", "type_id": 0}}]
    return {"type": "TemplateProcessing", "single": single, "pair": single, "special_tokens": {}}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.update(post_processor=template("<|endoftext|>")), r"puts <\|endoftext\|> aro"),
        (lambda d: d.update(truncation={"max_length": 3}), "its truncation is left to the caller"),
        (lambda d: d.update(padding={"pad_id": 0}), "its padding is left to the caller"),
        (lambda d: d["added_tokens"][0].update(special=False), "1 added tokens, such as"),
    ],
)
def test_what_is_left_to_the_caller_is_named(change: Change, message: str) -> None:
    fields = document()
    change(fields)
    with pytest.warns(FormatWarning, match=message):
        from_json(fields, "here")


def add_token(fields: dict[str, Any], text: str) -> dict[str, int]:
    fields["added_tokens"] = []
    vocab: dict[str, int] = fields["model"]["vocab"]
    vocab[text] = 900
    return vocab


def test_a_template_that_adds_nothing_is_silent(recwarn: pytest.WarningsRecorder) -> None:
    fields = document()
    sequence = {"type": "Sequence", "processors": [fields["post_processor"], template()]}
    from_json(fields | {"post_processor": sequence}, "here")
    assert not recwarn.list


def test_a_normalizer_is_refused_unless_the_caller_says_otherwise(tmp_path: Path) -> None:
    tokenizer = train("qwen2")
    fields = document(tokenizer) | {"normalizer": {"type": "NFC"}}
    (tmp_path / "tokenizer.json").write_text(json.dumps(fields))
    with pytest.raises(FormatError, match=r'normalizer NFC .* ignore=\{"normalizer"\}'):
        bpe.Tokenizer.load(tmp_path)
    assert tokenizer == bpe.Tokenizer.load(tmp_path, ignore={"normalizer"})
    with pytest.raises(FormatError, match="cannot ignore 'decoder', only normalizer and added"):
        bpe.Tokenizer.load(tmp_path, ignore={"decoder"})


@pytest.mark.parametrize("flag", ["single_word", "lstrip", "rstrip"])
def test_a_token_that_takes_more_than_its_text_is_refused(flag: str) -> None:
    fields = document()
    fields["added_tokens"][0][flag] = True
    with pytest.raises(FormatError, match=rf"has the flag {flag}"):
        from_json(fields, "here")
    from_json(fields, "here", ignore={"added_token_flags"})


def test_the_flag_normalized_matters_only_where_tokens_may_overlap() -> None:
    fields = document()
    fields["added_tokens"][1]["normalized"] = True  # <|endoftext|> and <|ü|> cannot overlap
    from_json(fields, "here")
    fields["added_tokens"][1]["content"] = "text|>x"
    with pytest.raises(FormatError, match="may overlap and differ in the flag normalized"):
        from_json(fields, "here")


def test_an_id_that_tokenizers_would_not_give_is_refused() -> None:
    fields = document()
    fields["added_tokens"][0]["id"] = 2010
    assert 278 == tokenizers.Tokenizer.from_str(json.dumps(fields)).token_to_id("<|endoftext|>")
    with pytest.raises(FormatError, match="has the id 2010 there, but tokenizers gives it 278"):
        from_json(fields, "here")
    fields["model"]["vocab"]["<|endoftext|>"] = 2009
    with pytest.raises(FormatError, match="has the id 2010 there, but tokenizers gives it 2009"):
        from_json(fields, "here")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.update(extra=1), 'unknown field "extra"'),
        (lambda d: d.update(version="2.0"), 'version "2.0" is unknown'),
        (lambda d: d.pop("model"), 'the field "model" is missing'),
        (lambda d: d.update(model=[]), "model must be an object, not a list of 0"),
        (lambda d: d["model"].update(type="WordPiece"), 'type is "WordPiece"; only BPE'),
        (lambda d: d["model"].update(shiny=True), 'unknown field "shiny"'),
        (lambda d: d["model"].update(dropout=0.1), "dropout = 0.1 is not supported"),
        (lambda d: d["model"].update(continuing_subword_prefix="##"), 'prefix = "##" is not'),
        (lambda d: d["model"].update(end_of_word_suffix="</w>"), "suffix = .* is not supported"),
        (lambda d: d["model"].update(ignore_merges="yes"), 'ignore_merges = "yes" is not'),
        (lambda d: d["model"].update(vocab=[]), "vocab must be an object"),
        (lambda d: d["model"]["vocab"].update(ab="5"), 'the id of "ab" must be a whole number'),
        (lambda d: d["model"]["vocab"].update(ab=5.0), 'the id of "ab" must be a whole number'),
        (lambda d: d["model"]["vocab"].update(ab=True), "whole number, not true"),
        (lambda d: d["model"]["vocab"].update(zz=-1), 'the id of "zz" is -1, not in 0'),
        (lambda d: d["model"]["vocab"].update(zz=2**31), "not in 0"),
        (lambda d: d["model"]["vocab"].update(zz=10**30), "not in 0"),
        (lambda d: d["model"]["vocab"].update(zz=97), 'and "zz" share the id 97'),
        (lambda d: add_token(d, ""), "a token is empty"),
        (lambda d: add_token(d, "x y"), "none of the 256 characters"),
        (lambda d: add_token(d, "好"), "none of the 256 characters"),
        (lambda d: add_token(d, "B").pop("A"), "single bytes \\[65\\] are not tokens"),
        (lambda d: d["model"].update(merges={}), "merges must be a list"),
        (lambda d: d["model"]["merges"].append("ab"), 'merge 22 is "ab", not two tokens'),
        (lambda d: d["model"]["merges"].append("a b c"), "merge 22 is"),
        (lambda d: d["model"]["merges"].append(["a"]), "merge 22 is a list of 1"),
        (lambda d: d["model"]["merges"].append(["a", 5]), "merge 22: a side must be a string"),
        (lambda d: d["model"]["merges"].append(["q", "qqq"]), 'merge 22 names "qqq"'),
        (lambda d: d["model"]["merges"].append(["q", ""]), 'merge 22 names ""'),
        (lambda d: d["model"]["merges"].append(["q", "q"]), "merge 22 makes b'qq', which is no"),
        (lambda d: d["model"]["merges"].append(d["model"]["merges"][0]), "merge 22 is the same"),
        (lambda d: d.update(added_tokens={}), "added_tokens must be a list"),
        (lambda d: d["added_tokens"].append(7), r"added_tokens\[2\] must be an object"),
        (lambda d: d["added_tokens"].append(d["added_tokens"][0]), "stands there twice"),
        (lambda d: d["added_tokens"][0].pop("lstrip"), '"lstrip" is missing'),
        (lambda d: d["added_tokens"][0].update(content=""), "special token must be a non-empty"),
        (lambda d: d.update(pre_tokenizer=None), "must end with ByteLevel"),
        (lambda d: d.update(pre_tokenizer=split("a")), "must end with ByteLevel"),
        (lambda d: d.update(pre_tokenizer={"type": "Whitespace"}), "must end with ByteLevel"),
        (
            lambda d: d["pre_tokenizer"]["pretokenizers"].insert(0, {"type": "Metaspace"}),
            "Metaspace is not supported; supported are Split, Digits, ByteLevel",
        ),
        (
            lambda d: d["pre_tokenizer"]["pretokenizers"][-1].update(add_prefix_space=True),
            "add_prefix_space puts a space in front",
        ),
        (
            lambda d: d["pre_tokenizer"]["pretokenizers"].insert(0, split(r"\w+")),
            r"\\\\w.*differs by engine",
        ),
        (
            lambda d: d["pre_tokenizer"]["pretokenizers"].insert(0, split("(")),
            "a group is not closed",
        ),
        (
            lambda d: d["pre_tokenizer"]["pretokenizers"].insert(0, split("*")),
            "not a regular expression",
        ),
        (lambda d: d.update(decoder=None), "the decoder must be ByteLevel, not null"),
        (lambda d: d.update(decoder={"type": "WordPiece"}), "the decoder must be ByteLevel, not"),
        (lambda d: d.update(post_processor={"type": "Magic"}), "post_processor Magic is not"),
        (lambda d: d.update(normalizer={"type": "Lowercase"}), "the normalizer Lowercase"),
    ],
)
def test_what_cannot_be_carried_over_is_refused_by_name(change: Change, message: str) -> None:
    fields = document()
    change(fields)
    with pytest.raises(FormatError, match=message):
        from_json(fields, "here")
