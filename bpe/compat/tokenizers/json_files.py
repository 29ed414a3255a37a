"""`tokenizer.json` with what only the drop-in knows: a prefix space, and templates around texts."""

from __future__ import annotations

import json
from typing import Any

from bpe.compat.tokenizers import models
from bpe.compat.tokenizers.pre_tokenizers import ByteLevel, PreTokenizer, Sequence
from bpe.compat.tokenizers.processors import ByteLevel as TrimOffsets
from bpe.compat.tokenizers.processors import TemplateProcessing
from bpe.formats.huggingface import from_json, to_json
from bpe.formats.huggingface_pieces import write_pattern
from bpe.spec import TokenizerSpec


def read(document: object, where: str) -> tuple[TokenizerSpec, PreTokenizer, Any]:
    """Return the spec of a parsed `tokenizer.json`, its pre-tokenizer and its post-processor.

    Raises:
        FormatError: It does something that is not supported; the message names it.
    """
    pre_tokenizer: PreTokenizer | None = None
    post_processor: Any = None
    if isinstance(document, dict):
        document = dict(document)
        kind = document.get("pre_tokenizer")
        if isinstance(kind, dict) and kind.get("type") == "ByteLevel":
            pre_tokenizer = ByteLevel(*(kind.get(name) is not False for name in _BYTE_LEVEL))
            document["pre_tokenizer"] = {**kind, "add_prefix_space": False}
        after = document.get("post_processor")
        if isinstance(after, dict) and after.get("type") == "TemplateProcessing":
            post_processor, document["post_processor"] = _read_template(after), None
        elif isinstance(after, dict) and after.get("type") == "ByteLevel":
            post_processor = TrimOffsets(*(after.get(name) is not False for name in _BYTE_LEVEL))
    spec = from_json(document, where)
    return spec, pre_tokenizer or Sequence.of_pattern(spec.pattern), post_processor


_BYTE_LEVEL = ("add_prefix_space", "trim_offsets", "use_regex")


def from_fields(model: models.BPE, pre_tokenizer: PreTokenizer) -> TokenizerSpec:
    """Return the spec of a model that was given as a vocabulary and merges."""
    fields = {
        "pre_tokenizer": write_pattern(pre_tokenizer.pattern),
        "decoder": {"type": "ByteLevel"},
        "model": {
            "type": "BPE",
            "vocab": model.vocab,
            "merges": [list(pair) for pair in model.merges],
            "ignore_merges": model.ignore_merges,
        },
    }
    return from_json(fields, "the model")


def to_text(
    spec: TokenizerSpec, pre_tokenizer: PreTokenizer | None, post_processor: Any, *, pretty: bool
) -> str:
    """Return the text of a `tokenizer.json`."""
    text = to_json(spec)
    prefix = isinstance(pre_tokenizer, ByteLevel) and pre_tokenizer.add_prefix_space
    if not prefix and post_processor is None and not pretty:
        return text
    fields = json.loads(text)
    if pre_tokenizer is not None and prefix:
        fields["pre_tokenizer"] = pre_tokenizer.to_fields()
    if isinstance(post_processor, TemplateProcessing):
        fields["post_processor"] = post_processor.to_fields()
    elif post_processor is not None:
        fields["post_processor"] = {"type": "ByteLevel", **vars(post_processor)}
    if pretty:
        return json.dumps(fields, indent=2, ensure_ascii=False)
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def _read_template(fields: dict[str, Any]) -> TemplateProcessing:
    def words(pieces: list[dict[str, Any]]) -> list[str]:
        return [
            f"{'$' if name == 'Sequence' else ''}{piece['id']}:{piece['type_id']}"
            for one in pieces
            for name, piece in one.items()
        ]

    specials = [(text, one["ids"][0]) for text, one in fields["special_tokens"].items()]
    return TemplateProcessing(words(fields["single"]), words(fields["pair"]), specials)
