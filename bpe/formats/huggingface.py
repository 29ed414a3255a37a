"""Hugging Face's `tokenizer.json`, for byte-level BPE, and live `tokenizers.Tokenizer` objects.

A file if the path ends with `.json`, else a folder with `tokenizer.json` and
`tokenizer_config.json`, as `AutoTokenizer.from_pretrained` wants it.
Source: tokenizers 0.23, `models/bpe/serialization.rs` and `pre_tokenizers/byte_level.rs`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bpe.errors import FormatError, MissingDependencyError, PatternError, VocabularyError
from bpe.files import write_bytes, writing_directory
from bpe.formats import strict_json
from bpe.formats.byte_alphabet import from_characters, to_characters
from bpe.formats.huggingface_pieces import (
    check_rest,
    read_added_tokens,
    read_pattern,
    write_added_tokens,
    write_pattern,
)
from bpe.formats.merge_lists import as_list, from_list, prefer_ranked
from bpe.formats.strict_json import check, get, shorten
from bpe.spec import MAX_ID, TokenizerSpec

if TYPE_CHECKING:
    import tokenizers

FILE_NAMES = _TOKENIZER, _CONFIG = "tokenizer.json", "tokenizer_config.json"

_TOP_LEVEL = (
    "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer",
    "post_processor", "decoder", "model",
)  # fmt: skip
# What a model may say besides vocab and merges, and the values that mean what we do. `unk_token`,
# `fuse_unk` and `byte_fallback` speak of characters outside the vocabulary, and there are none:
# all 256 bytes are tokens.
_MODEL: dict[str, tuple[object, ...]] = {
    "type": ("BPE",),
    "dropout": (None, 0, 0.0),
    "continuing_subword_prefix": (None, ""),
    "end_of_word_suffix": (None, ""),
    "ignore_merges": (True, False),
}
_MODEL_UNUSED = ("vocab", "merges", "unk_token", "fuse_unk", "byte_fallback")


def save(spec: TokenizerSpec, path: Path, *, overwrite: bool = False) -> None:
    """Write the file, or the folder.

    Raises:
        FormatError: `tokenizers` would give other ids; the message says why.
    """
    data = to_json(spec).encode() + b"\n"
    if path.suffix == ".json":
        write_bytes(path, data, overwrite=overwrite)
        return
    config = json.dumps(_config(spec), indent=1).encode() + b"\n"
    with writing_directory(path, overwrite=overwrite, known_names=FILE_NAMES) as folder:
        (folder / _TOKENIZER).write_bytes(data)
        (folder / _CONFIG).write_bytes(config)


def load(path: Path, ignore: Collection[str] = ()) -> TokenizerSpec:
    """Read the file, or the folder.

    Args:
        path: `tokenizer.json`, or a folder that holds one.
        ignore: Parts to leave out although ids depend on them: "normalizer", "added_token_flags".

    Raises:
        FormatError: It is damaged, or says something that cannot be carried over.
    """
    file = path / _TOKENIZER if path.is_dir() else path
    name = path.stem if path.is_dir() or path.name != _TOKENIZER else path.absolute().parent.name
    return from_json(strict_json.read(file), str(file), name=name, ignore=ignore)


def to_json(spec: TokenizerSpec) -> str:
    """Return the text of a `tokenizer.json` that gives the same ids."""
    byte_level = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True}
    fields = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": write_added_tokens(spec.special_tokens),
        "normalizer": None,
        "pre_tokenizer": write_pattern(spec.pattern),
        "post_processor": {**byte_level, "trim_offsets": False, "use_regex": True},
        "decoder": {**byte_level, "use_regex": True},
        "model": _model(spec),
    }
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def from_json(
    document: object, where: str, *, name: str = "bpe", ignore: Collection[str] = ()
) -> TokenizerSpec:
    """Return the spec of a parsed `tokenizer.json`; `where` names it in messages."""
    fields = check(document, dict, where)
    strict_json.refuse_unknown(fields, _TOP_LEVEL, where)
    if fields.get("version", "1.0") != "1.0":
        raise FormatError(f"{where}: version {shorten(fields['version'])} is unknown, not 1.0")
    model = get(fields, "model", dict, where)
    _check_model(model, f"{where}: model")
    check_rest(fields, where, ignore)
    vocab = read_vocab(get(model, "vocab", dict, f"{where}: model"), f"{where}: model.vocab")
    special_tokens = read_added_tokens(fields, vocab, where, ignore)
    id_to_bytes = {
        id_: from_characters(text, f"{where}: model.vocab")
        for text, id_ in vocab.items()
        if text not in special_tokens
    }
    pairs = read_pairs(get(model, "merges", list, f"{where}: model"), vocab, f"{where}: merges")
    try:
        return prefer_ranked(
            TokenizerSpec(
                pattern=read_pattern(fields.get("pre_tokenizer"), where),
                id_to_bytes=id_to_bytes,
                merges=from_list(_ordinary(pairs, id_to_bytes, where), id_to_bytes, where),
                special_tokens=special_tokens,
                whole_pretoken_first=model.get("ignore_merges") is True,
                name=name,
            )
        )
    except FormatError:
        raise
    except (PatternError, VocabularyError) as error:
        raise FormatError(f"{where}: {error}") from None


def to_tokenizer(spec: TokenizerSpec) -> tokenizers.Tokenizer:
    """Return a live `tokenizers.Tokenizer` that gives the same ids.

    Raises:
        FormatError: `tokenizers` cannot express this vocabulary.
        MissingDependencyError: `tokenizers` is not installed.
    """
    try:
        import tokenizers
    except ImportError:
        raise MissingDependencyError(
            "tokenizers is not installed: pip install 'chimera-bpe[huggingface]'"
        ) from None
    return tokenizers.Tokenizer.from_str(to_json(spec))


def from_tokenizer(
    tokenizer: Any, *, name: str = "bpe", ignore: Collection[str] = ()
) -> TokenizerSpec:
    """Return the spec of a live `tokenizers.Tokenizer`, or of one that transformers wraps."""
    backend = getattr(tokenizer, "backend_tokenizer", tokenizer)
    text = backend.to_str()
    where = f"this {type(tokenizer).__name__}"
    return from_json(strict_json.parse(text, where), where, name=name, ignore=ignore)


# ---- vocabulary and merges, as GPT-2's files have them too ---------------------------------------


def read_vocab(entries: Mapping[str, object], where: str) -> dict[str, int]:
    """Return text to id; ids are distinct.

    Raises:
        FormatError: An id is no number, out of range, or stands twice.
    """
    vocab: dict[str, int] = {}
    owner: dict[int, str] = {}
    for text, value in entries.items():
        id_ = check(value, int, f"{where}: the id of {shorten(text)}")
        if not 0 <= id_ <= MAX_ID:
            raise FormatError(f"{where}: the id of {shorten(text)} is {id_}, not in 0..{MAX_ID}")
        if owner.setdefault(id_, text) != text:
            raise FormatError(
                f"{where}: {shorten(owner[id_])} and {shorten(text)} share the id {id_}"
            )
        vocab[text] = id_
    return vocab


def read_pairs(
    entries: list[object], vocab: Mapping[str, int], where: str
) -> Iterator[tuple[int, int]]:
    """Yield the merges as pairs of ids; each is `["a", "b"]` or `"a b"`.

    Raises:
        FormatError: One is malformed, or a side is not in the vocabulary.
    """
    for index, entry in enumerate(entries):
        parts = entry.split(" ") if isinstance(entry, str) else entry
        if not isinstance(parts, list) or len(parts) != 2:
            raise FormatError(f"{where}: merge {index} is {shorten(entry)}, not two tokens")
        for part in parts:
            if check(part, str, f"{where}: merge {index}: a side") not in vocab:
                raise FormatError(
                    f"{where}: merge {index} names {shorten(part)}, which is not in the vocabulary"
                )
        yield vocab[parts[0]], vocab[parts[1]]


def write_vocab(spec: TokenizerSpec) -> dict[str, int]:
    """Return the ordinary tokens in the byte alphabet, with their ids."""
    return {to_characters(token): id_ for id_, token in spec.id_to_bytes.items()}


def add_special_tokens(vocab: dict[str, int], spec: TokenizerSpec, what: str) -> dict[str, int]:
    """Put the special tokens into a vocabulary, as they are written.

    Raises:
        FormatError: One is written like an ordinary token.
    """
    for text, id_ in spec.special_tokens.items():
        if vocab.setdefault(text, id_) != id_:
            raise FormatError(
                f"{what} cannot tell the special token {text!r} (id {id_}) from the token that it "
                f"writes in the same way (id {vocab[text]}, {spec.id_to_bytes[vocab[text]]!r})"
            )
    return vocab


def _ordinary(
    pairs: Iterator[tuple[int, int]], id_to_bytes: Mapping[int, bytes], where: str
) -> Iterator[tuple[int, int]]:
    for index, pair in enumerate(pairs):
        if pair[0] not in id_to_bytes or pair[1] not in id_to_bytes:
            raise FormatError(f"{where}: merge {index} uses an added token")
        yield pair


def _model(spec: TokenizerSpec) -> dict[str, Any]:
    vocab = write_vocab(spec)
    with_specials = add_special_tokens(dict(vocab), spec, "tokenizer.json")
    merges = [
        [to_characters(spec.id_to_bytes[m.left]), to_characters(spec.id_to_bytes[m.right])]
        for m in as_list(spec)
    ]
    # An added token's id is not read from its entry: it is looked up in the vocabulary, and counts
    # on from the vocabulary's size if it is not there.
    follow_on = list(spec.special_tokens.values()) == list(
        range(len(vocab), len(vocab) + len(spec.special_tokens))
    )
    return {
        "type": "BPE",
        "dropout": None,
        "unk_token": None,
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": False,
        "byte_fallback": False,
        "ignore_merges": spec.whole_pretoken_first,
        "vocab": vocab if follow_on else dict(sorted(with_specials.items(), key=lambda i: i[1])),
        "merges": merges,
    }


def _check_model(model: dict[str, Any], where: str) -> None:
    if "type" in model and model["type"] != "BPE":
        raise FormatError(f"{where}: its type is {shorten(model['type'])}; only BPE is supported")
    for key, value in model.items():
        allowed = _MODEL.get(key)
        if allowed is None and key not in _MODEL_UNUSED:
            raise FormatError(f"{where}: unknown field {shorten(key)}")
        if allowed is not None and not any(value is a or value == a for a in allowed):
            raise FormatError(f"{where}: {key} = {shorten(value)} is not supported")


def _config(spec: TokenizerSpec) -> dict[str, Any]:
    """Return what transformers asks for beside the file."""
    end = "<|endoftext|>"
    tokens = {"bos_token": end, "eos_token": end} if end in spec.special_tokens else {}
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "clean_up_tokenization_spaces": False,
        **tokens,
    }
