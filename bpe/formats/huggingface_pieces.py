"""The parts of a `tokenizer.json` around its vocabulary: pre-tokenizer, added tokens, the rest.

Each part is turned into what a `TokenizerSpec` holds or refused by name. Parts that never change
the ids of a text but only add something around them (a template that puts `<s>` in front,
padding, truncation) are left to the caller, with a `FormatWarning` that says so.
Source: tokenizers 0.23, the `serialization` modules.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Collection, Iterator, Mapping
from itertools import product
from typing import Any

from bpe.errors import FormatError, FormatWarning
from bpe.formats.regex_dialects import BYTE_LEVEL, TOTAL, from_oniguruma, to_dialect
from bpe.formats.strict_json import check, get, shorten
from bpe.patterns import Pattern

Fields = dict[str, Any]

#: What `ignore` may name: parts whose loss changes ids, so only the caller can decide.
IGNORABLE = ("normalizer", "added_token_flags")


# ---- pre-tokenizer -------------------------------------------------------------------------------


def read_pattern(pre_tokenizer: object, where: str) -> Pattern:
    """Return the split pattern of a pre-tokenizer: any number of splits, then `ByteLevel`.

    Raises:
        FormatError: A part is unknown, or says what a split pattern cannot.
    """
    where = f"{where}: pre_tokenizer"
    parts = list(_flatten(pre_tokenizer, "pretokenizers", where))
    if not parts or _type(parts[-1], where) != "ByteLevel":
        raise FormatError(f"{where}: it must end with ByteLevel, or this is no byte-level BPE")
    stages: list[str] = []
    for part in parts[:-1]:
        stages += _read_stage(part, where)
    last = parts[-1]
    if last.get("add_prefix_space", True) is not False:
        raise FormatError(
            f"{where}: ByteLevel with add_prefix_space puts a space in front of the text, which "
            "this tokenizer never does"
        )
    if last.get("use_regex", True) is not False:
        stages.append(BYTE_LEVEL)
    return Pattern.of(stages[0] if len(stages) == 1 else stages)


def write_pattern(pattern: Pattern) -> Fields:
    """Return the pre-tokenizer that splits like a pattern.

    Raises:
        FormatError: Oniguruma reads a stage in another way.
    """
    stages = list(pattern.stages)
    use_regex = bool(stages) and stages[-1] == BYTE_LEVEL
    byte_level: Fields = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True}
    byte_level["use_regex"] = use_regex
    splits: list[Fields] = [
        {
            "type": "Split",
            "pattern": {"Regex": to_dialect(stage, "oniguruma")},
            "behavior": "Isolated",
            "invert": False,
        }
        for stage in stages[: len(stages) - use_regex]
    ]
    if not splits:
        return byte_level
    return {"type": "Sequence", "pretokenizers": [*splits, byte_level]}


def _read_stage(part: Fields, where: str) -> list[str]:
    kind = _type(part, where)
    if kind == "Digits":
        each = get(part, "individual_digits", bool, f"{where}: Digits")
        return [r"\p{N}" if each else r"\p{N}+"]
    if kind != "Split":
        raise FormatError(
            f"{where}: {kind} is not supported; supported are Split, Digits, ByteLevel"
        )
    where = f"{where}: Split"
    pattern = get(part, "pattern", dict, where)
    if list(pattern) not in (["Regex"], ["String"]):
        raise FormatError(f"{where}: pattern must hold Regex or String, not {shorten(pattern)}")
    text = check(next(iter(pattern.values())), str, f"{where}: pattern")
    if not text:
        raise FormatError(f"{where}: the pattern is empty")
    stage = from_oniguruma(text) if "Regex" in pattern else _quote(text)
    behavior = get(part, "behavior", str, where)
    removes_gaps_only = behavior == "Removed" and part.get("invert") is True and stage in TOTAL
    if behavior != "Isolated" and not removes_gaps_only:
        raise FormatError(f"{where}: the behavior {shorten(behavior)} is not supported")
    return [stage]


def _quote(text: str) -> str:
    return "".join(c if c.isalnum() or ord(c) > 127 or c == " " else "\\" + c for c in text)


# ---- added tokens --------------------------------------------------------------------------------


def read_added_tokens(
    fields: Fields, vocab: Mapping[str, int], where: str, ignore: Collection[str]
) -> dict[str, int]:
    """Return text to id of the added tokens.

    Raises:
        FormatError: A flag lets the token take more or less than its text, or an id is not the one
            that `tokenizers` gives.
    """
    entries = check(fields.get("added_tokens", []), list, f"{where}: added_tokens")
    texts: dict[str, int] = {}
    passes: tuple[list[str], list[str]] = ([], [])
    ordinary = []
    for index, entry in enumerate(entries):
        place = f"{where}: added_tokens[{index}]"
        token = check(entry, dict, place)
        text, id_ = get(token, "content", str, place), get(token, "id", int, place)
        if text in texts:
            raise FormatError(f"{place}: {shorten(text)} stands there twice")
        for flag in ("single_word", "lstrip", "rstrip"):
            if get(token, flag, bool, place) and "added_token_flags" not in ignore:
                raise FormatError(
                    f"{place}: {shorten(text)} has the flag {flag}, which is not supported; "
                    'with ignore={"added_token_flags"} it is read without'
                )
        _check_given_id(text, id_, vocab, texts, place)
        passes[get(token, "normalized", bool, place)].append(text)
        if not get(token, "special", bool, place):
            ordinary.append(text)
        texts[text] = id_
    _check_passes(*passes, where)
    if ordinary:
        warn(
            f"{where}: {len(ordinary)} added tokens, such as {shorten(ordinary[0])}, have special "
            "= false (kept by a decoder that skips special tokens); here they are special tokens"
        )
    return texts


def write_added_tokens(special_tokens: Mapping[str, int]) -> list[Fields]:
    """Return the entries of the special tokens."""
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    return [
        {"id": id_, "content": text, **flags, "special": True}
        for text, id_ in special_tokens.items()
    ]


def _check_given_id(
    text: str, id_: int, vocab: Mapping[str, int], earlier: Mapping[str, int], place: str
) -> None:
    """`tokenizers` looks the text up in the vocabulary, else it counts on; the id is not read."""
    given = vocab.get(text)
    if given is None:
        given = max(len(vocab), max(earlier.values(), default=-1) + 1)
    if given != id_:
        raise FormatError(
            f"{place}: {shorten(text)} has the id {id_} there, but tokenizers gives it {given}: "
            "ids must follow the vocabulary without a gap, or stand in model.vocab"
        )


def _check_passes(first: list[str], second: list[str], where: str) -> None:
    """Tokens with `normalized` are looked for after the others; we look for all at once."""
    for a, b in product(first, second):
        if a in b or b in a or _overlap(a, b) or _overlap(b, a):
            raise FormatError(
                f"{where}: the added tokens {shorten(a)} and {shorten(b)} may overlap and differ "
                "in the flag normalized, which says which of them goes first"
            )


def _overlap(a: str, b: str) -> bool:
    return any(a.endswith(b[:size]) for size in range(1, min(len(a), len(b)) + 1))


# ---- everything else -----------------------------------------------------------------------------


def check_rest(fields: Fields, where: str, ignore: Collection[str]) -> None:
    """Refuse or name the parts that a `TokenizerSpec` does not hold.

    Raises:
        FormatError: A normalizer, or a decoder that is not `ByteLevel`.
    """
    normalizers = [
        _type(part, where) for part in _flatten(fields.get("normalizer"), "normalizers", where)
    ]
    if normalizers and "normalizer" not in ignore:
        raise FormatError(
            f"{where}: the normalizer {', '.join(normalizers)} changes text before it is split, "
            'which is not supported; with ignore={"normalizer"} it is left out, and ids are the '
            "same for text that it would leave as it is"
        )
    decoders = [_type(part, where) for part in _flatten(fields.get("decoder"), "decoders", where)]
    if [name for name in decoders if name != "Fuse"] != ["ByteLevel"]:
        raise FormatError(f"{where}: the decoder must be ByteLevel, not {decoders or 'null'}")
    for name in ("truncation", "padding"):
        if fields.get(name) is not None:
            warn(f"{where}: its {name} is left to the caller")
    for part in _flatten(fields.get("post_processor"), "processors", where):
        _check_post_processor(part, where)


def _check_post_processor(part: Fields, where: str) -> None:
    kind = _type(part, where)
    if kind == "ByteLevel":  # it moves offsets, never ids
        return
    if kind not in ("TemplateProcessing", "BertProcessing", "RobertaProcessing"):
        raise FormatError(f"{where}: the post_processor {kind} is not supported")
    single = part.get("single", [{"SpecialToken": {"id": "[...]"}}])
    added = [p["SpecialToken"].get("id") for p in single if "SpecialToken" in p]
    if added:
        warn(
            f"{where}: its post_processor puts {', '.join(map(str, added))} around each text; here "
            "the caller does (ids are those of add_special_tokens=False)"
        )


def warn(sentence: str) -> None:
    """Say what a file holds that is not carried over."""
    warnings.warn(sentence, FormatWarning, stacklevel=2)


def _flatten(part: object, key: str, where: str) -> Iterator[Fields]:
    """Yield the parts of a component: none, itself, or those of a Sequence, in order."""
    waiting = [part]
    while waiting:
        part = waiting.pop()
        if part is None:
            continue
        fields = check(part, dict, f"{where}: a part of {key}")
        if _type(fields, where) == "Sequence":
            waiting += reversed(get(fields, key, list, f"{where}: Sequence"))
        else:
            yield fields


def _type(part: Fields, where: str) -> str:
    return get(part, "type", str, f"{where}: {json.dumps(part)[:40]}")
