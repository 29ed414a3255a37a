"""Mistral's `tekken.json`: ranked tokens, a pattern, and special tokens with the first ids.

vocab            [{rank, token_bytes (base64), token_str or null}], rank = index, bytes first
special_tokens   [{rank, token_str, is_control}], ids 0 to n - 1
config           pattern, default_vocab_size (tokens used, special ones included),
                 default_num_special_tokens (n), num_vocab_tokens, version

The id of a token is n + its rank: special tokens come first. Places among the n that no entry
names are `<SPECIAL_k>`. Source: mistral-common 1.13, `tokens/tokenizers/tekken.py`.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from bpe.errors import FormatError, PatternError, VocabularyError
from bpe.files import write_bytes
from bpe.formats import strict_json
from bpe.formats.huggingface_pieces import warn
from bpe.formats.merge_lists import check_ids
from bpe.formats.regex_dialects import undo_total
from bpe.formats.strict_json import check, get, refuse_unknown, shorten
from bpe.formats.tiktoken import check_ranked, to_single_expression
from bpe.patterns import Pattern
from bpe.spec import TokenizerSpec

_VERSION = "v3"
_KNOWN_VERSIONS = ("v1", "v2", "v3", "v7", "v11", "v13", "v15")
_TOP_LEVEL = ("config", "vocab", "special_tokens", "type", "version")
_OTHER_SENSES = ("image", "audio", "multimodal", "model_settings_builder")
# What mistral-common takes for the special tokens of a file that names none (versions up to v7).
_UNNAMED = (
    "<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]",
    "[TOOL_RESULTS]", "[/TOOL_RESULTS]", "[TOOL_CALLS]", "[IMG]", "<pad>", "[IMG_BREAK]",
    "[IMG_END]", "[PREFIX]", "[MIDDLE]", "[SUFFIX]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]",
    "[TOOL_CONTENT]",
)  # fmt: skip


def save(spec: TokenizerSpec, path: Path, *, overwrite: bool = False) -> None:
    """Write the file.

    Raises:
        FormatError: The format cannot express this vocabulary; the message says why.
    """
    num_special = len(spec.special_tokens)
    if list(spec.special_tokens.values()) != list(range(num_special)):
        raise FormatError(
            "tekken.json gives special tokens the first ids, 0, 1, ..., and shifts all others; "
            f"here {next(iter(spec.special_tokens))!r} has id "
            f"{next(iter(spec.special_tokens.values()))}. Make a vocabulary with other ids first: "
            "`bpe convert --renumber`, or `special_tokens_first`"
        )
    check_ids(spec, num_special, "tekken.json")
    if spec.byte_ids != tuple(range(num_special, num_special + 256)):
        raise FormatError("tekken.json needs the 256 bytes first, in their order")
    check_ranked(spec)
    fields = {
        "config": {
            "pattern": to_single_expression(spec.pattern),
            "num_vocab_tokens": len(spec.id_to_bytes),
            "default_vocab_size": len(spec.id_to_bytes) + num_special,
            "default_num_special_tokens": num_special,
            "version": _VERSION,
        },
        "vocab": [_entry(id_ - num_special, token) for id_, token in spec.id_to_bytes.items()],
        "special_tokens": [
            {"rank": id_, "token_str": text, "is_control": True}
            for text, id_ in spec.special_tokens.items()
        ],
    }
    write_bytes(path, json.dumps(fields, ensure_ascii=False).encode() + b"\n", overwrite=overwrite)


def load(path: Path, ignore: Collection[str] = ()) -> TokenizerSpec:
    """Read the file.

    Raises:
        FormatError: It is damaged, or holds more than text tokens (images, audio).
    """
    fields = check(strict_json.read(path), dict, str(path))
    refuse_unknown(fields, (*_TOP_LEVEL, *_OTHER_SENSES), str(path))
    for name in set(fields) & set(_OTHER_SENSES):
        warn(f"{path}: {name} is not carried over; it speaks of more than text")
    config = get(fields, "config", dict, str(path))
    where = f"{path}: config"
    version = get(config, "version", str, where)
    if version not in _KNOWN_VERSIONS:
        raise FormatError(f"{where}: version {shorten(version)} is unknown to this release")
    num_special = get(config, "default_num_special_tokens", int, where)
    num_tokens = get(config, "default_vocab_size", int, where) - num_special
    entries = get(fields, "vocab", list, str(path))
    if not 0 <= num_special <= 2**20 or not 256 <= num_tokens <= len(entries):
        raise FormatError(
            f"{where}: {num_tokens} tokens and {num_special} special ones do not fit the "
            f"{len(entries)} entries of vocab"
        )
    tokens = [_read_token(e, i, f"{path}: vocab[{i}]") for i, e in enumerate(entries[:num_tokens])]
    if tokens[:256] != [bytes([byte]) for byte in range(256)]:
        raise FormatError(f"{path}: the first 256 entries of vocab are not the bytes in order")
    if len(set(tokens)) != len(tokens):
        raise FormatError(f"{path}: vocab holds a token twice")
    try:
        return TokenizerSpec.from_ranked_tokens(
            Pattern.of([undo_total(get(config, "pattern", str, where))]),
            {token: num_special + rank for rank, token in enumerate(tokens)},
            _read_special(fields.get("special_tokens"), num_special, str(path)),
            name=path.stem,
        )
    except (PatternError, VocabularyError) as error:
        raise FormatError(f"{path}: {error}") from None


def special_tokens_first(spec: TokenizerSpec) -> TokenizerSpec:
    """Return the vocabulary with the numbering of `tekken.json`: special tokens, then the others.

    The order among special tokens and among the others stays; gaps go.
    """
    new_ids = {id_: i for i, id_ in enumerate([*spec.special_tokens.values(), *spec.id_to_bytes])}
    ranks = {token: new_ids[id_] for id_, token in spec.id_to_bytes.items()}
    check_ranked(spec)
    specials = {text: new_ids[id_] for text, id_ in spec.special_tokens.items()}
    return TokenizerSpec.from_ranked_tokens(spec.pattern, ranks, specials, name=spec.name)


def _entry(rank: int, token: bytes) -> dict[str, Any]:
    try:
        text: str | None = token.decode()
    except UnicodeDecodeError:
        text = None
    return {"rank": rank, "token_bytes": base64.b64encode(token).decode(), "token_str": text}


def _read_token(entry: object, index: int, where: str) -> bytes:
    fields = check(entry, dict, where)
    if get(fields, "rank", int, where) != index:
        raise FormatError(f"{where}: its rank is {fields['rank']}; ranks must be the indices")
    text = get(fields, "token_bytes", str, where)
    try:
        token = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        token = b""
    if not token or base64.b64encode(token).decode() != text:
        raise FormatError(f"{where}: {shorten(text)} is not base64 of a token")
    return token


def _read_special(entries: object, num_special: int, where: str) -> dict[str, int]:
    texts: dict[int, str] = {}
    unnamed = [{"rank": i, "token_str": t} for i, t in enumerate(_UNNAMED[:num_special])]
    listed = check(unnamed if entries is None else entries, list, f"{where}: special_tokens")
    for index, entry in enumerate(listed):
        place = f"{where}: special_tokens[{index}]"
        fields = check(entry, dict, place)
        rank, text = get(fields, "rank", int, place), get(fields, "token_str", str, place)
        if not 0 <= rank < num_special or texts.setdefault(rank, text) != text:
            raise FormatError(f"{place}: rank {rank} is taken or not in 0..{num_special - 1}")
    named = {texts.get(rank, f"<SPECIAL_{rank}>"): rank for rank in range(num_special)}
    if len(named) != num_special:
        raise FormatError(f"{where}: special_tokens holds a text twice")
    return named
