"""The JSON beside the tokens: what a list of tokens alone does not say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bpe.errors import FormatError, PatternError
from bpe.formats import strict_json
from bpe.patterns import Pattern
from bpe.spec import TokenizerSpec
from bpe.unicode_version import UNICODE_VERSION

VERSION = 1

_FIELDS: dict[str, type] = {
    "version": int,
    "name": str,
    "pattern": list,
    "unicode_version": str,
    "special_tokens": dict,
    "whole_pretoken_first": bool,
    "content_hash": str,
}


def describe(spec: TokenizerSpec, format: str, **extra: object) -> dict[str, object]:
    """Return the fields of a spec's sidecar."""
    return {
        "format": format,
        "version": VERSION,
        "name": spec.name,
        "pattern": list(spec.pattern.stages),
        "unicode_version": UNICODE_VERSION,
        "special_tokens": dict(spec.special_tokens),
        "whole_pretoken_first": spec.whole_pretoken_first,
        "n_vocab": spec.n_vocab,
        "content_hash": spec.content_hash,
        **extra,
    }


def write(fields: dict[str, object]) -> bytes:
    """Return the JSON text; the same fields give the same bytes."""
    return json.dumps(fields, indent=1, ensure_ascii=True).encode() + b"\n"


def read(path: Path, format: str) -> dict[str, Any]:
    """Read and check a sidecar.

    Raises:
        FormatError: It is no JSON, of another format or version, or made with another Unicode.
    """
    fields = strict_json.read(path)
    if not isinstance(fields, dict) or fields.get("format") != format:
        raise FormatError(f"{path} does not describe a tokenizer of the format {format!r}")
    if fields.get("version") != VERSION:
        raise FormatError(
            f"{path}: version {fields.get('version')!r} is unknown to this release, which reads "
            f"version {VERSION}; install the release that wrote it"
        )
    for name, kind in _FIELDS.items():
        strict_json.get(fields, name, kind, str(path))
    if fields["unicode_version"] != UNICODE_VERSION:
        raise FormatError(
            f"{path} was made with Unicode {fields['unicode_version']}; this release splits text "
            f"by Unicode {UNICODE_VERSION}, so its ids could differ"
        )
    return fields


def read_pattern(fields: dict[str, Any], path: Path) -> Pattern:
    """Return the pattern that a sidecar names.

    Raises:
        FormatError: It names none.
    """
    try:
        return Pattern.of(fields["pattern"])
    except PatternError as error:
        raise FormatError(f"{path}: {error}") from None


def check_hash(spec: TokenizerSpec, fields: dict[str, Any], path: Path) -> TokenizerSpec:
    """Return the spec if its content hash is the one on record."""
    if spec.content_hash != fields["content_hash"]:
        raise FormatError(
            f"{path}: the content hash is {spec.content_hash[:12]}, recorded is "
            f"{fields['content_hash'][:12]}: a file was changed or damaged"
        )
    return spec
