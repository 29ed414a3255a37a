"""`.tiktoken` files and live `tiktoken.Encoding` objects.

A `.tiktoken` file holds ranked tokens and nothing else: no pattern, no special tokens. We write
those into `NAME.tiktoken.json` beside it; a file without that needs them as arguments.
Format: one `base64(token) rank` a line (tiktoken 0.14, `tiktoken/load.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bpe.errors import FormatError, MissingDependencyError, VocabularyError
from bpe.files import check_output, write_bytes
from bpe.formats import sidecar
from bpe.formats.merge_lists import as_list, find_unreachable
from bpe.formats.ranks import read_tokens, write_ranks
from bpe.formats.regex_dialects import to_dialect, undo_total
from bpe.patterns import Pattern
from bpe.spec import Merges, TokenizerSpec

if TYPE_CHECKING:
    import tiktoken

FORMAT = "tiktoken"


def save(spec: TokenizerSpec, path: Path, *, overwrite: bool = False) -> None:
    """Write the file and its sidecar.

    Raises:
        FormatError: Ranked tokens cannot express this vocabulary.
    """
    _check_one_stage(spec.pattern)
    check_ranked(spec)
    check_output(_sidecar_path(path), overwrite)
    write_bytes(path, write_ranks(spec.id_to_bytes), overwrite=overwrite)
    fields = sidecar.write(sidecar.describe(spec, FORMAT))
    write_bytes(_sidecar_path(path), fields, overwrite=overwrite)


def load(
    path: Path,
    pattern: Pattern | str | Sequence[str] | None = None,
    special_tokens: Mapping[str, int] | None = None,
) -> TokenizerSpec:
    """Read a file, with its sidecar or with the arguments in its place.

    Raises:
        FormatError: A line is malformed, or nothing says how text is split.
    """
    token_to_rank = read_tokens(path.read_bytes(), str(path))
    has_sidecar = _sidecar_path(path).is_file()
    if pattern is None and not has_sidecar:
        raise FormatError(
            f"{path} does not say how text is split and there is no {_sidecar_path(path).name} "
            "beside it: pass `pattern=` (and `special_tokens=`)"
        )
    try:
        if pattern is not None:
            return TokenizerSpec.from_ranked_tokens(
                Pattern.of(pattern), token_to_rank, special_tokens or {}, name=path.stem
            )
        fields = sidecar.read(_sidecar_path(path), FORMAT)
        spec = TokenizerSpec.from_ranked_tokens(
            sidecar.read_pattern(fields, _sidecar_path(path)),
            token_to_rank,
            fields["special_tokens"],
            name=fields["name"],
        )
        spec = sidecar.check_hash(_as_recorded(spec, fields), fields, path)
        return spec if special_tokens is None else replace(spec, special_tokens=special_tokens)
    except FormatError:
        raise
    except VocabularyError as error:
        raise FormatError(f"{path}: {error}") from None


def from_encoding(encoding: tiktoken.Encoding) -> TokenizerSpec:
    """Return the spec of a live encoding."""
    return TokenizerSpec.from_ranked_tokens(
        Pattern.of([undo_total(encoding._pat_str)]),
        encoding._mergeable_ranks,
        encoding._special_tokens,
        name=encoding.name,
    )


def to_encoding(spec: TokenizerSpec, name: str | None = None) -> tiktoken.Encoding:
    """Return a live encoding that gives the same ids.

    Raises:
        FormatError: Ranked tokens or a single regular expression cannot express this vocabulary.
        MissingDependencyError: tiktoken is not installed.
    """
    arguments = encoding_arguments(spec, name)
    try:
        import tiktoken
    except ImportError:
        raise MissingDependencyError(
            "tiktoken is not installed: pip install 'chimera-bpe[tiktoken]'"
        ) from None
    return tiktoken.Encoding(**arguments)


def encoding_arguments(spec: TokenizerSpec, name: str | None = None) -> dict[str, Any]:
    """Return the arguments of a `tiktoken.Encoding` that gives the same ids.

    Raises:
        FormatError: Ranked tokens or a single regular expression cannot express this vocabulary.
    """
    expression = to_single_expression(spec.pattern)
    check_ranked(spec)
    return {
        "name": name or spec.name,
        "pat_str": expression,
        "mergeable_ranks": {token: id_ for id_, token in spec.id_to_bytes.items()},
        "special_tokens": dict(spec.special_tokens),
    }


def to_single_expression(pattern: Pattern) -> str:
    """Return the pattern as the one regular expression that tiktoken splits by.

    Raises:
        FormatError: It has several stages or none, or tiktoken reads it in another way.
    """
    _check_one_stage(pattern)
    return to_dialect(pattern.stages[0], "fancy-regex")


def check_ranked(spec: TokenizerSpec) -> None:
    """Check that the order of the ids alone implies the merges.

    Ranked tokens mean: any two neighbours that join to a token may, smallest id first.

    Raises:
        FormatError: Then ranked tokens would give other ids.
    """
    if spec.is_ranked:
        return
    ranks = {token: id_ for id_, token in spec.id_to_bytes.items()}
    ranked = TokenizerSpec.from_ranked_tokens(spec.pattern, ranks, spec.special_tokens)
    lost = [] if spec.whole_pretoken_first else find_unreachable(ranked)
    if lost:
        raise FormatError(
            f"ranked tokens cannot express this vocabulary: id {lost[0]}, "
            f"{ranked.id_to_bytes[lost[0]]!r}, would be taken for a whole pretoken, and here no "
            "merge makes it"
        )
    if [m[:3] for m in as_list(ranked)] != [m[:3] for m in as_list(spec)]:
        raise FormatError(
            "ranked tokens cannot express this vocabulary: its merges are not the ones that the "
            "order of the ids implies, so tiktoken would give other ids"
        )


def _check_one_stage(pattern: Pattern) -> None:
    if len(pattern.stages) != 1:
        raise FormatError(
            f"tiktoken splits by exactly one regular expression; this has "
            f"{len(pattern.stages)} stages"
        )


def _as_recorded(spec: TokenizerSpec, fields: dict[str, Any]) -> TokenizerSpec:
    """Return the spec with the merges that the sidecar speaks of: one a token, as trained."""
    if fields["content_hash"] == spec.content_hash or fields["whole_pretoken_first"]:
        return spec
    pairs = [merge[:3] for merge in as_list(spec)]
    merges = Merges((*pair, rank) for rank, pair in enumerate(pairs))
    return replace(spec, merges=merges, whole_pretoken_first=False)


def _sidecar_path(path: Path) -> Path:
    return path.with_name(path.name + ".json")
