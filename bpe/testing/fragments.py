"""The hard cases that random inputs are put together from."""

from __future__ import annotations

#: Where split patterns differ: case, contractions, digits, marks, white space, line ends, symbols.
FRAGMENTS: tuple[str, ...] = (
    *("a", "Hello", " world", "HTTPResponse", "camelCase", "don't", "WE'LL", "'ſ", "’s", "x'll'd"),
    *("naïve", "Straße", "Ǆungla", "ǅ", "ʰ", "ﬁ", "e\u0301", "\u0301", "\u0489", "z\u0300\u0301"),
    *("Привет", "Ελληνικά", "עברית", "العربية", "हिन्दी", "ไทย", "日本語"),
    *("ｶﾅ", "한국어", "ᄒ\u1161", "𐐀", "𠀀"),
    *("1", "1234567", "½", "²", "Ⅷ", "١٢٣", "x2", "3.14", "𝟘𝟙"),
    *(" ", "  ", "\t", "\n", "\r", "\r\n", "\n\n", " \n ", "\v\f", "\x1c", "\x85", "\xa0"),
    *("\u2003", "\u2028", "\u3000", "\u180e", "\u200b", "\ufeff", "\u200d"),
    *("\0", "\x7f", "\ufffd", "\uffff", "\U000e0041", "\U0010ffff"),
    *(".", "...", "?!", "/", "://", "\n/", "_", "__init__", "'", "''", '"', "$€", "<|", "|>"),
    *("👍🏽", "👩\u200d👩\u200d👧", "🇩🇪", "1\ufe0f\u20e3"),
)

#: Not UTF-8: cut, overlong, a surrogate, beyond U+10FFFF, a lone continuation, impossible bytes.
BROKEN_UTF8: tuple[bytes, ...] = (
    *(b"\x80", b"\xbf", b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"\xc0\x80", b"\xc1\xbf"),
    *(b"\xe0\x80\x80", b"\xf0\x80\x80\x80", b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xf4\x90\x80\x80"),
    *(b"\xf5", b"\xf8\x88\x80\x80\x80", b"\xfe", b"\xff", b"\xe6\x97a", b" \xe6\x97 "),
)

#: Halves of UTF-16 surrogate pairs: alone, in the wrong order, and as a pair.
SURROGATES: tuple[str, ...] = ("\ud800", "\udc00", "\udfff", "\udc00\ud800", "\ud83d\ude00")

#: Bytes that the tie rules order differently: ByteLevel sorts those from the NUL on last.
TELLING_BYTES = b"ab~\xff\x00\n \x7f\x80\xa0\xad"
