"""minbpe's `.model`: a text file with the pattern, the special tokens and the merges.

minbpe v1
PATTERN                  one line, empty for a BasicTokenizer, which does not split
NUMBER                   of special tokens
TEXT ID                  for each of them
LEFT RIGHT               for each merge; merge k makes id 256 + k, and byte b has id b

minbpe strips lines and cuts them at white space, so texts with white space at such places cannot
be written. Source: karpathy/minbpe, `base.py`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path

from bpe.errors import FormatError, PatternError, VocabularyError
from bpe.files import write_bytes
from bpe.formats.merge_lists import as_list, check_ids, check_whole_pretokens
from bpe.formats.regex_dialects import to_dialect, undo_total
from bpe.patterns import Pattern
from bpe.spec import MAX_ID, TokenizerSpec

VERSION = "minbpe v1"
_NUMBER = r"(0|[1-9][0-9]{0,9})"
_PAIR = re.compile(rf"{_NUMBER} {_NUMBER}")
_SPECIAL = re.compile(rf"(\S+) {_NUMBER}")


def save(spec: TokenizerSpec, path: Path, *, overwrite: bool = False) -> None:
    """Write the file.

    Raises:
        FormatError: The format cannot express this vocabulary; the message says why.
    """
    lines = [VERSION, _write_pattern(spec.pattern), str(len(spec.special_tokens))]
    for text, id_ in spec.special_tokens.items():
        if any(character.isspace() for character in text):
            raise FormatError(f"minbpe cannot hold {text!r}: it cuts lines at white space")
        lines.append(f"{text} {id_}")
    if spec.byte_ids != tuple(range(256)):
        raise FormatError("minbpe gives byte b the id b; this vocabulary numbers bytes otherwise")
    check_ids(spec, 0, "minbpe")
    check_whole_pretokens(spec, "minbpe")
    merges = as_list(spec)
    if [merge.new_id for merge in merges] != list(range(256, 256 + len(merges))):
        raise FormatError("minbpe numbers tokens in the order of their merges; these are not so")
    if len(spec.id_to_bytes) != 256 + len(merges):
        raise FormatError("minbpe holds only tokens that a merge makes; some here are made by none")
    lines += [f"{merge.left} {merge.right}" for merge in merges]
    write_bytes(path, "".join(f"{line}\n" for line in lines).encode(), overwrite=overwrite)


def load(path: Path, ignore: Collection[str] = ()) -> TokenizerSpec:
    """Read the file.

    Raises:
        FormatError: A line is malformed; its number is in the message.
    """
    try:
        lines = path.read_bytes().decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise FormatError(f"{path} is not UTF-8: {error}") from None
    if lines[0] != VERSION:
        raise FormatError(f"{path}, line 1: {lines[0][:60]!r} is not {VERSION!r}")
    if len(lines) < 4 or lines.pop() != "":
        raise FormatError(f"{path} is cut: its last line does not end")
    if not re.fullmatch(_NUMBER, lines[2]) or int(lines[2]) > len(lines) - 3:
        raise FormatError(f"{path}, line 3: {lines[2][:60]!r} is not the number of special tokens")
    first_merge = 3 + int(lines[2])
    try:
        special_tokens = dict(_read_special(lines[3:first_merge], path))
        if len(special_tokens) != int(lines[2]):
            raise FormatError(f"{path}: a special token stands there twice")
        spec = TokenizerSpec.from_pairs(
            Pattern.of([undo_total(lines[1])] if lines[1] else None),
            list(_read_pairs(lines[first_merge:], first_merge + 1, path)),
            name=path.stem,
        )
        return TokenizerSpec(
            pattern=spec.pattern,
            id_to_bytes=spec.id_to_bytes,
            merges=spec.merges,
            special_tokens=special_tokens,
            name=path.stem,
        )
    except FormatError:
        raise
    except (PatternError, VocabularyError) as error:
        raise FormatError(f"{path}: {error}") from None


def _write_pattern(pattern: Pattern) -> str:
    if len(pattern.stages) > 1:
        raise FormatError(
            f"minbpe splits by one regular expression; this has {len(pattern.stages)} stages"
        )
    if not pattern.stages:
        return ""
    text = to_dialect(pattern.stages[0], "regex V0")
    if text != text.strip() or len(text.splitlines()) > 1:
        raise FormatError(
            f"minbpe cannot hold the pattern {text!r}: it reads one line, without white space at "
            "its ends"
        )
    return text


def _read_special(lines: list[str], path: Path) -> Iterator[tuple[str, int]]:
    for number, line in enumerate(lines, start=4):
        match = _SPECIAL.fullmatch(line)
        if not match or int(match[2]) > MAX_ID:
            raise FormatError(f"{path}, line {number}: {line[:60]!r} is not a special token and id")
        yield match[1], int(match[2])


def _read_pairs(lines: list[str], first_number: int, path: Path) -> Iterator[tuple[int, int]]:
    for index, line in enumerate(lines):
        match = _PAIR.fullmatch(line)
        place = f"{path}, line {first_number + index}"
        if not match:
            raise FormatError(f"{place}: {line[:60]!r} is not a pair of ids")
        pair = int(match[1]), int(match[2])
        if max(pair) >= 256 + index:
            raise FormatError(
                f"{place}: merge {index} uses id {max(pair)}, which no merge before it makes"
            )
        yield pair
