"""What a letter, a mark, a number and white space are: one Unicode version, whatever is installed.

The general category of a code point changes between Unicode versions, and so would the pretokens
of a text. Therefore no expression here asks the regex library for `\\p{L}`: the property is written
out as the ranges of code points that it means, and everybody gets the same tokenizer.

Pinned are the general categories (`\\p{Lu}`, `\\P{L}`, `\\p{Letter}`, `\\p{gc=Nd}`, `\\p{^N}`, in
classes too) and `\\d`. `\\s` needs no pin, White_Space has not changed since Unicode 6.3. Other
properties (scripts such as `\\p{Han}`) and `\\w` are those of the installed `regex` package.
"""

from __future__ import annotations

import re
from functools import cache

from bpe._unicode_data import CATEGORY_TO_RANGES

#: The long names of Unicode's PropertyValueAliases.txt, in the loose spelling: no case, no `_`.
_LONG_NAMES = {
    "letter": "L", "casedletter": "LC", "uppercaseletter": "Lu", "lowercaseletter": "Ll",
    "titlecaseletter": "Lt", "modifierletter": "Lm", "otherletter": "Lo",
    "mark": "M", "combiningmark": "M", "nonspacingmark": "Mn", "spacingmark": "Mc",
    "enclosingmark": "Me",
    "number": "N", "decimalnumber": "Nd", "digit": "Nd", "letternumber": "Nl", "othernumber": "No",
    "punctuation": "P", "punct": "P", "connectorpunctuation": "Pc", "dashpunctuation": "Pd",
    "openpunctuation": "Ps", "closepunctuation": "Pe", "initialpunctuation": "Pi",
    "finalpunctuation": "Pf", "otherpunctuation": "Po",
    "symbol": "S", "mathsymbol": "Sm", "currencysymbol": "Sc", "modifiersymbol": "Sk",
    "othersymbol": "So",
    "separator": "Z", "spaceseparator": "Zs", "lineseparator": "Zl", "paragraphseparator": "Zp",
    "other": "C", "control": "Cc", "cntrl": "Cc", "format": "Cf", "surrogate": "Cs",
    "privateuse": "Co", "unassigned": "Cn",
}  # fmt: skip

_SHORT_NAMES = {name.lower(): name for name in [*CATEGORY_TO_RANGES, *"LMNPSZC", "LC"]}
_SHORT_NAMES["l&"] = "LC"

_GROUP_SIZE = 32

_PROPERTY = re.compile(
    r"""
    \\(?:
      (?P<kind> [pP] ) \{ (?P<negated> \^? ) (?P<name> [^{}]* ) \}
    | (?P<digit> [dD] )
    | .             # any other escape, so that the p of an escaped backslash is left alone
    )
    """,
    re.VERBOSE | re.DOTALL,
)


@cache
def category_ranges(name: str) -> tuple[tuple[int, int], ...]:
    """Return the inclusive ranges of a general category or a group of them (L, LC, M, N ...).

    >>> category_ranges("Zl"), category_ranges("Zs")[0]
    (((8232, 8232),), (32, 32))
    """
    members = ("Lu", "Ll", "Lt") if name == "LC" else _members(name)
    parts = (part for member in members for part in CATEGORY_TO_RANGES[member].split())
    bounds = (part.split("-") for part in parts)
    merged: list[tuple[int, int]] = []
    for first, last in sorted((int(bound[0], 16), int(bound[-1], 16)) for bound in bounds):
        if merged and merged[-1][1] + 1 == first:
            merged[-1] = (merged[-1][0], last)
        else:
            merged.append((first, last))
    return tuple(merged)


def _members(name: str) -> list[str]:
    return [category for category in CATEGORY_TO_RANGES if category.startswith(name)]


def category_named(name: str) -> str | None:
    """Return the short name of the general category that a property name means, if it is one.

    >>> category_named("Lu"), category_named("Uppercase_Letter"), category_named("gc=lu")
    ('Lu', 'Lu', 'Lu')
    >>> category_named("Han") is None
    True
    """
    loose = re.sub(r"[-_\s]", "", name).lower()
    key, found, value = loose.rpartition("=" if "=" in loose else ":")
    if found and key not in ("gc", "generalcategory"):
        return None
    return _SHORT_NAMES.get(value) or _LONG_NAMES.get(value)


def pin_properties(expression: str) -> str:
    r"""Write every general category in a regular expression as the ranges it means.

    A set in a set is a union in the V1 syntax of `regex`, so the same spelling serves inside a
    class and outside.

    >>> pin_properties(r"\p{Zl}|[^\P{Zp}a]|\\p{Zl}")
    '[\\u2028]|[^[^\\u2029]a]|\\\\p{Zl}'
    """
    return _PROPERTY.sub(_as_set, expression)


def _as_set(match: re.Match[str]) -> str:
    if match["digit"]:
        category, negative = "Nd", match["digit"] == "D"
    elif match["kind"] and (found := category_named(match["name"])):
        category, negative = found, (match["kind"] == "P") != bool(match["negated"])
    else:
        return match[0]
    return f"[{'^' if negative else ''}{_set_members(category)}]"


@cache
def _set_members(category: str) -> str:
    """Write the ranges; long lists in groups, each behind the range that it spans.

    `regex` looks at the members of a set one by one, and at the right side of `&&` only if the left
    one matched: the groups make splitting about four times as fast.
    """
    ranges = category_ranges(category)
    if len(ranges) <= _GROUP_SIZE:
        return "".join(_range(*bounds) for bounds in ranges)
    groups = (ranges[i : i + _GROUP_SIZE] for i in range(0, len(ranges), _GROUP_SIZE))
    return "".join(
        f"[[{_range(group[0][0], group[-1][1])}]&&[{''.join(_range(*r) for r in group)}]]"
        for group in groups
    )


def _range(first: int, last: int) -> str:
    return _escape(first) if first == last else f"{_escape(first)}-{_escape(last)}"


def _escape(code: int) -> str:
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
