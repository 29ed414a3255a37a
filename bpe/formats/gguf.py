"""llama.cpp's GGUF, tokenizer metadata, written through the package `gguf`.

`save` writes a file of nothing else; `add_tokenizer` adds it to a file that holds a model too.

GGUF stores no split pattern but the *name* of one that llama.cpp knows (`tokenizer.ggml.pre`), so
only vocabularies with such a pattern can be written. Ids that are missing become unused tokens,
because GGUF's list has no gaps. The ids that end and begin a text are 11 unless the file says
otherwise, so it always does. Source: llama.cpp, `gguf-py` and `src/llama-vocab.cpp`; its b9190
reads what is written (`tests/test_model/test_llama_cpp.py`).
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from bpe.errors import FormatError, MissingDependencyError
from bpe.files import write_bytes
from bpe.formats.byte_alphabet import to_characters
from bpe.formats.huggingface_pieces import warn
from bpe.formats.merge_lists import as_list, check_whole_pretokens, find_unreachable
from bpe.spec import TokenizerSpec

_NORMAL, _CONTROL, _UNUSED = 1, 3, 5

# Pattern name to the name of its twin there. `llama-bpe` takes whole pretokens first, `dbrx` has
# the same expression and does not.
_PRE = {"gpt2": "gpt-2", "qwen2": "qwen2", "o200k": "gpt-4o", "cl100k": "dbrx", "llama3": "dbrx"}
_PRE_WHOLE_FIRST = "llama-bpe"

# llama.cpp takes the special tokens of a model with such a name otherwise, or does not load it.
_TELLING_NAMES = ("phi-3", "phi3", "modern-bert")

#: Texts of the token that ends a text, most telling first.
_ENDS = ("<|endoftext|>", "<|end_of_text|>", "</s>", "<|im_end|>", "<|eot_id|>")


def save(spec: TokenizerSpec, path: Path, *, overwrite: bool = False) -> None:
    """Write the file.

    Raises:
        FormatError: llama.cpp has no such pattern, or could not give the same ids.
        MissingDependencyError: `gguf` is not installed.
    """
    check_tokenizer(spec)
    gguf = import_gguf()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "vocabulary.gguf")
        writer = gguf.GGUFWriter(file, "gpt2")
        add_tokenizer(writer, spec)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.close()
        data = file.read_bytes()
    write_bytes(path, data, overwrite=overwrite)


def import_gguf() -> Any:
    """Return the package `gguf`; MissingDependencyError if it is not installed."""
    try:
        import gguf
    except ImportError:
        raise MissingDependencyError(
            "gguf is not installed: pip install 'chimera-bpe[gguf]'"
        ) from None
    return gguf


def check_tokenizer(spec: TokenizerSpec) -> None:
    """Raise FormatError unless llama.cpp would give the same ids."""
    _pre_of(spec), _end_of(spec), _tokens(spec), as_list(spec)


def add_tokenizer(writer: Any, spec: TokenizerSpec) -> None:
    """Add what llama.cpp has to know of a tokenizer, and its name, to a `gguf.GGUFWriter`.

    Raises:
        FormatError: llama.cpp has no such pattern, or could not give the same ids.
    """
    end = _end_of(spec)
    texts, types = _tokens(spec)
    merges = [
        f"{to_characters(spec.id_to_bytes[m.left])} {to_characters(spec.id_to_bytes[m.right])}"
        for m in as_list(spec)
    ]
    if not any(name in spec.name.lower() for name in _TELLING_NAMES):
        writer.add_name(spec.name)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(_pre_of(spec))
    writer.add_token_list(texts)
    writer.add_token_types(types)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(end)
    writer.add_eos_token_id(end)
    writer.add_add_bos_token(False)


def load(path: Path, ignore: object = ()) -> TokenizerSpec:
    """Refuse: GGUF is written here, not read."""
    raise FormatError(f"{path} is a GGUF file; GGUF is written here, not read")


def _pre_of(spec: TokenizerSpec) -> str:
    pre = _PRE.get(spec.pattern.name or "")
    if pre is None:
        raise FormatError(
            "GGUF names the split pattern instead of storing it, and llama.cpp knows none that is "
            f"this one; it knows those of {', '.join(_PRE)}"
        )
    if pre == "gpt-4o":
        warn(
            "llama.cpp splits by upper and lower case of ASCII only where this pattern goes by "
            "Unicode, and before combining marks, so words of mixed case in other scripts, and "
            "words with such marks, as in Hindi, can get other ids there"
        )
    if spec.whole_pretoken_first and pre == "dbrx" and find_unreachable(spec):
        return _PRE_WHOLE_FIRST
    check_whole_pretokens(spec, f"llama.cpp's {pre!r}")
    return pre


def _end_of(spec: TokenizerSpec) -> int:
    for text in _ENDS:
        if text in spec.special_tokens:
            return spec.special_tokens[text]
    raise FormatError(
        "llama.cpp takes id 11 for the end of a text unless another is named, and this vocabulary "
        f"has no special token that could be: none of {', '.join(_ENDS)}"
    )


def _tokens(spec: TokenizerSpec) -> tuple[list[str], list[int]]:
    texts = {id_: to_characters(token) for id_, token in spec.id_to_bytes.items()}
    texts |= {id_: text for text, id_ in spec.special_tokens.items()}
    if len(set(texts.values())) != len(texts):
        raise FormatError("GGUF writes a special token here like an ordinary one")
    taken = set(texts.values())
    listed, types = [], []
    for id_ in range(spec.n_vocab):
        text = texts.get(id_, f"[UNUSED{id_}]")
        if id_ not in texts and text in taken:
            raise FormatError(f"the token {text!r} has the name of the gap at id {id_}")
        listed.append(text)
        is_ordinary = id_ in spec.id_to_bytes
        types.append(_NORMAL if is_ordinary else _CONTROL if id_ in texts else _UNUSED)
    return listed, types
