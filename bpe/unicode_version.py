"""The Unicode version that decides what a letter, a number or white space is."""

from __future__ import annotations

#: Part of every tokenizer: another version may split other pretokens (tools/generate_unicode.py).
UNICODE_VERSION = "16.0.0"
