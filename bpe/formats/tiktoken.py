"""`.tiktoken` files and live `tiktoken.Encoding` objects.

A `.tiktoken` file holds ranked tokens and nothing else: no pattern, no special tokens. We write
those into `NAME.tiktoken.json` beside it; a file without that needs them as arguments.
Format: one `base64(token) rank` a line (tiktoken 0.14, `tiktoken/load.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bpe.errors import FormatError, MissingDependencyError, VocabularyError
from bpe.files import write_bytes
from bpe.formats import sidecar
from bpe.formats.ranks import read_ranks, write_ranks
from bpe.patterns import Pattern
from bpe.recovery import recover_pairs
from bpe.spec import Merges, TokenizerSpec

if TYPE_CHECKING:
    import tiktoken

FORMAT = "tiktoken"


def save(spec: TokenizerSpec, path: Path, *, overwrite: bool = False) -> None:
    """Write the file and its sidecar.

    Raises:
        FormatError: Ranked tokens cannot express this vocabulary.
    """
    _check_expressible(spec)
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
    token_to_rank = read_ranks(path.read_bytes(), str(path))
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
        return TokenizerSpec.from_ranked_tokens(
            sidecar.read_pattern(fields),
            token_to_rank,
            fields["special_tokens"] if special_tokens is None else special_tokens,
            name=fields["name"],
        )
    except VocabularyError as error:
        raise FormatError(f"{path}: {error}") from None


def from_encoding(encoding: tiktoken.Encoding) -> TokenizerSpec:
    """Return the spec of a live encoding."""
    return TokenizerSpec.from_ranked_tokens(
        Pattern.of(encoding._pat_str),
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
    _check_expressible(spec)
    try:
        import tiktoken
    except ImportError:
        raise MissingDependencyError(
            "tiktoken is not installed: pip install 'chimera-bpe[tiktoken]'"
        ) from None
    return tiktoken.Encoding(
        name or spec.name,
        pat_str=spec.pattern.stages[0],
        mergeable_ranks={token: id_ for id_, token in spec.id_to_bytes.items()},
        special_tokens=dict(spec.special_tokens),
    )


def _check_expressible(spec: TokenizerSpec) -> None:
    """Ranked tokens mean: any two neighbours that join to a token may, smallest id first."""
    if len(spec.pattern.stages) != 1:
        raise FormatError(
            f"tiktoken splits by exactly one regular expression; this has "
            f"{len(spec.pattern.stages)} stages"
        )
    ranks = {token: id_ for id_, token in spec.id_to_bytes.items()}
    ranked = Merges.from_ranked_tokens(ranks)
    if spec.whole_pretoken_first and spec.merges == ranked:
        return
    as_ranked = TokenizerSpec.from_ranked_tokens(spec.pattern, ranks, spec.special_tokens)
    try:
        recovered = [(m.left, m.right, m.new_id) for m in recover_pairs(as_ranked)]
    except VocabularyError as error:
        raise FormatError(f"ranked tokens cannot express this vocabulary: {error}") from None
    if recovered != [(m.left, m.right, m.new_id) for m in spec.merges]:
        raise FormatError(
            "ranked tokens cannot express this vocabulary: its merges are not the ones that the "
            "order of the ids implies, so tiktoken would give other ids"
        )


def _sidecar_path(path: Path) -> Path:
    return path.with_name(path.name + ".json")
