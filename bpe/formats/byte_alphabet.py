"""Bytes as printable characters: the alphabet of GPT-2, `tokenizer.json` and GGUF.

188 bytes stand for the Latin-1 characters of the same number; the other 68 (controls, the space,
0x7F to 0xA0, 0xAD) take U+0100 to U+0143, in the order of the bytes. So a space is `Ġ`.
Source: openai/gpt-2, `encoder.py`.
"""

from __future__ import annotations

import json

from bpe.errors import FormatError

_PRINTABLE = (*range(33, 127), *range(161, 173), *range(174, 256))
_OTHERS = sorted(set(range(256)) - set(_PRINTABLE))
_BYTE_TO_CODE = {b: b for b in _PRINTABLE} | {b: 0x100 + i for i, b in enumerate(_OTHERS)}
_CODE_TO_BYTE = {code: byte for byte, code in _BYTE_TO_CODE.items()}
# Latin-1 maps bytes to the characters of the same number, `translate` the rest; characters that
# are not of the alphabet become U+0100 and above and so cannot be encoded back.
_TO_LATIN = {code: 0x1000 for code in range(256) if code not in _CODE_TO_BYTE} | _CODE_TO_BYTE

#: The 256 characters in the order of their code points.
ALPHABET = "".join(map(chr, sorted(_CODE_TO_BYTE)))


def to_characters(token: bytes) -> str:
    """Write bytes in the alphabet.

    >>> to_characters(b" caf\\xc3\\xa9\\n")
    'ĠcafÃ©Ċ'
    """
    return token.decode("latin-1").translate(_BYTE_TO_CODE)


def from_characters(characters: str, where: str) -> bytes:
    """Read bytes that are written in the alphabet.

    Raises:
        FormatError: It is empty, or a character is not of the alphabet; `where` is in the message.

    >>> from_characters("Ġcaf", "here")
    b' caf'
    """
    try:
        token = characters.translate(_TO_LATIN).encode("latin-1")
    except UnicodeEncodeError as error:
        raise FormatError(
            f"{where}: {json.dumps(characters[:60])} is not a token: "
            f"{json.dumps(characters[error.start])} is none of the 256 characters that stand for "
            "bytes"
        ) from None
    if not token:
        raise FormatError(f"{where}: a token is empty")
    return token
