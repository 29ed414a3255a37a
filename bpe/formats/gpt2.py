"""GPT-2's pair of files, `vocab.json` and `merges.txt`, in one folder.

`vocab.json` maps tokens in the byte alphabet to ids; `merges.txt` has `left right` a line, first
merge first, under a header that begins with `#version`. Readers disagree about such lines further
down (tokenizers skips them all, others only the first), so a file is never written in which that
matters. Nothing says how text is split: it is GPT-2's pattern. Nothing says which tokens are
special: those are the ones of the form `<|...|>` that no merge makes.
Sources: openai/gpt-2, `encoder.py`; tokenizers 0.23, `BPE.read_file`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from pathlib import Path

from bpe.errors import FormatError, VocabularyError
from bpe.files import writing_directory
from bpe.formats import strict_json
from bpe.formats.byte_alphabet import from_characters, to_characters
from bpe.formats.huggingface import add_special_tokens, read_pairs, read_vocab, write_vocab
from bpe.formats.merge_lists import as_list, check_whole_pretokens, from_list
from bpe.formats.strict_json import check
from bpe.patterns import Pattern
from bpe.spec import TokenizerSpec

FILE_NAMES = _VOCAB, _MERGES = "vocab.json", "merges.txt"
_HEADER = "#version"
_SPECIAL = re.compile(r"<\|[!-~]+\|>")


def save(spec: TokenizerSpec, path: Path, *, overwrite: bool = False) -> None:
    """Write the folder, complete or not at all.

    Raises:
        FormatError: The two files cannot express this vocabulary; the message says why.
    """
    if spec.pattern.name != "gpt2":
        raise FormatError(
            "vocab.json and merges.txt do not say how text is split, and readers take GPT-2's "
            "pattern; this vocabulary has another"
        )
    check_whole_pretokens(spec, "merges.txt")
    for text in spec.special_tokens:
        if not _SPECIAL.fullmatch(text):
            raise FormatError(
                f"vocab.json cannot say that {text!r} is a special token; only texts such as "
                "'<|endoftext|>' are known as such"
            )
    vocab = add_special_tokens(write_vocab(spec), spec, "vocab.json")
    ordered = dict(sorted(vocab.items(), key=lambda item: item[1]))
    with writing_directory(path, overwrite=overwrite, known_names=FILE_NAMES) as folder:
        text = json.dumps(ordered, ensure_ascii=False, separators=(",", ":"))
        (folder / _VOCAB).write_bytes(text.encode())
        (folder / _MERGES).write_bytes("".join(merge_lines(spec)).encode())


def load(
    path: Path,
    special_tokens: Mapping[str, int] | None = None,
    ignore: Collection[str] = (),
) -> TokenizerSpec:
    """Read the folder, or the two files of which one is named.

    Args:
        path: The folder, or one of the files.
        special_tokens: Text to id of tokens in `vocab.json` that are special; by default those of
            the form `<|...|>` that no merge makes.
        ignore: Not used by this format.

    Raises:
        FormatError: A file is missing or malformed, or the two disagree.
    """
    folder = path if path.is_dir() else path.parent
    for name in FILE_NAMES:
        if not (folder / name).is_file():
            raise FormatError(f"{folder} is not complete: it has no {name}")
    where = str(folder / _VOCAB)
    vocab = read_vocab(check(strict_json.read(folder / _VOCAB), dict, where), where)
    where = str(folder / _MERGES)
    pairs = list(read_pairs(_read_merges(folder / _MERGES), vocab, where))
    specials = _find_special(vocab, pairs) if special_tokens is None else dict(special_tokens)
    for text, id_ in specials.items():
        if vocab.get(text, id_) != id_:
            raise FormatError(f"{folder}: {text!r} has id {vocab[text]} in {_VOCAB}, not {id_}")
    id_to_bytes = {
        id_: from_characters(text, f"{folder / _VOCAB}")
        for text, id_ in vocab.items()
        if text not in specials
    }
    for index, pair in enumerate(pairs):
        if pair[0] not in id_to_bytes or pair[1] not in id_to_bytes:
            raise FormatError(f"{where}: merge {index} uses a special token")
    try:
        spec = TokenizerSpec(
            pattern=Pattern.of("gpt2"),
            id_to_bytes=id_to_bytes,
            merges=from_list(pairs, id_to_bytes, where),
            special_tokens=specials,
            name=folder.absolute().name,
        )
    except FormatError:
        raise
    except VocabularyError as error:
        raise FormatError(f"{folder}: {error}") from None
    _refuse_unmade(spec, folder)
    return spec


def merge_lines(spec: TokenizerSpec) -> list[str]:
    """Return the lines of `merges.txt`, with their ends.

    Raises:
        FormatError: A line would look like the header.
    """
    lines = [f"{_HEADER}: 0.2\n"]
    for merge in as_list(spec):
        left, right = (to_characters(spec.id_to_bytes[id_]) for id_ in merge[:2])
        if left.startswith(_HEADER):
            raise FormatError(
                f"merges.txt cannot hold the merge of {left!r} and {right!r}: readers skip lines "
                f"that begin with {_HEADER}"
            )
        lines.append(f"{left} {right}\n")
    return lines


def _read_merges(path: Path) -> list[object]:
    """Return the lines, without the header, which only the first line can be."""
    try:
        lines = path.read_bytes().decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise FormatError(f"{path} is not UTF-8: {error}") from None
    if lines[-1] == "":
        lines.pop()
    first = 1 if lines and lines[0].startswith(_HEADER) else 0
    return [line.removesuffix("\r") for line in lines[first:]]


def _find_special(vocab: Mapping[str, int], pairs: list[tuple[int, int]]) -> dict[str, int]:
    used = {id_ for pair in pairs for id_ in pair}
    id_to_text = {id_: text for text, id_ in vocab.items()}
    made = {id_to_text[left] + id_to_text[right] for left, right in pairs}
    return {
        text: id_
        for text, id_ in vocab.items()
        if _SPECIAL.fullmatch(text) and text not in made and id_ not in used
    }


def _refuse_unmade(spec: TokenizerSpec, folder: Path) -> None:
    made = set(spec.merges.new_id)
    for id_, token in spec.id_to_bytes.items():
        if len(token) > 1 and id_ not in made:
            raise FormatError(
                f"{folder}: the token {to_characters(token)!r} (id {id_}) of {_VOCAB} is made by "
                f"no line of {_MERGES}; if it is special, name it in `special_tokens=`"
            )
