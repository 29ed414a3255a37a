"""Every format: cut at every byte, changed anywhere, nested, doubled, huge: one clear error."""

from __future__ import annotations

import json
import random
import sys
import warnings
from pathlib import Path

import pytest

import bpe
from bpe.errors import BPEError, FormatError
from bpe.formats import FORMATS, default_format, recognise
from bpe.formats.strict_json import parse
from bpe.formats.tekken import special_tokens_first

CORPUS = ["the the cat\n"] * 3
FILES = {
    "tiktoken": ["x.tiktoken", "x.tiktoken.json"],
    "huggingface": ["x/tokenizer.json"],
    "gpt2": ["x/vocab.json", "x/merges.txt"],
    "minbpe": ["x.model"],
    "tekken": ["tekken.json"],
    "directory": ["x/meta.json", "x/vocab.tiktoken", "x/merges.txt"],
}
CASES = [(format, name) for format, names in FILES.items() for name in names]


@pytest.fixture(scope="module")
def tokenizer() -> bpe.Tokenizer:
    return bpe.train(CORPUS, 262, pattern="gpt2")


def save(tokenizer: bpe.Tokenizer, folder: Path, format: str) -> Path:
    path = folder / FILES[format][0]
    target = path.parent if path.parent != folder and format != "tiktoken" else path
    if format == "tekken":
        tokenizer = bpe.Tokenizer(special_tokens_first(tokenizer.spec))
    tokenizer.save(target, format=format)
    return target


def load(path: Path) -> bpe.TokenizerSpec:
    from bpe.formats import load_spec

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return load_spec(path)


@pytest.mark.parametrize("format", FILES)
def test_every_format_is_recognised_by_its_content(
    tokenizer: bpe.Tokenizer, tmp_path: Path, format: str
) -> None:
    target = save(tokenizer, tmp_path, format)
    assert format == recognise(target)
    expected = special_tokens_first(tokenizer.spec) if format == "tekken" else tokenizer.spec
    assert expected == load(target)
    if target.is_file() and format != "tiktoken":  # whose sidecar has a name of its own
        assert expected.content_hash == load(target.rename(tmp_path / "other.bin")).content_hash


@pytest.mark.parametrize(("format", "name"), CASES)
def test_a_file_cut_at_any_byte_is_refused(
    tokenizer: bpe.Tokenizer, tmp_path: Path, format: str, name: str
) -> None:
    target = save(tokenizer, tmp_path, format)
    path, whole = tmp_path / name, (tmp_path / name).read_bytes()
    step = max(1, len(whole) // 500)
    for size in [*range(0, len(whole) - 200, step), *range(max(0, len(whole) - 200), len(whole))]:
        path.write_bytes(whole[:size])
        try:
            found = load(target)
        except FormatError as error:
            assert tmp_path.name in str(error)  # noqa: PT017
        else:  # nothing but a line end is missing; minbpe does not say how many lines there are
            whole_lines = format == "minbpe" and whole[size - 1 : size] == b"\n"
            assert whole_lines or found == load_whole(path, whole, target), whole[size:]


def load_whole(path: Path, whole: bytes, target: Path) -> bpe.TokenizerSpec:
    path.write_bytes(whole)
    return load(target)


@pytest.mark.parametrize(("format", "name"), CASES)
def test_a_file_changed_anywhere_is_read_or_refused_but_never_breaks(
    tokenizer: bpe.Tokenizer, tmp_path: Path, format: str, name: str
) -> None:
    target = save(tokenizer, tmp_path, format)
    path, whole = tmp_path / name, (tmp_path / name).read_bytes()
    drawn = random.Random(name)
    for _ in range(150):
        changed = bytearray(whole)
        for _ in range(drawn.choice((1, 1, 2, 9))):
            at = drawn.randrange(len(changed))
            changed[at : at + drawn.randrange(3)] = drawn.choice(
                (b"", b"\x00", b"\xff", b'"', b"{", b"]", b"9", b"-", b" ", b"\n", b"e", b"\\u0000")
            )
        path.write_bytes(changed)
        try:
            load(target)
        except BPEError as error:
            assert len(str(error)) < 2000  # noqa: PT017


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"model":' + b"[" * 1_000_000, "nested too deeply"),
        (b'{"model":' + b'{"a":' * 1_000_000, "nested too deeply"),
        (b'{"model": ' + b"9" * 10_000 + b"}", "is not JSON|must be an object"),
        (b'{"model": NaN}', "NaN is no JSON number"),
        (b'{"model": -Infinity}', "-Infinity is no JSON number"),
        (b'{"model": {}, "model": {}}', 'the key "model" stands twice'),
        (b'{"model": {"vocab": {"a": 1, "a": 1}}}', 'the key "a" stands twice'),
        (b'{"model": "\xff"}', "is not JSON"),
        (b'{"a": 1}', "is JSON, but neither a tokenizer.json"),
        (b"{", "is not JSON"),
        (b"", r"pass `pattern=`|does not say"),
        (b"GGUF\x03\x00\x00\x00", "GGUF is written here, not read"),
        (b"\x80\x04\x95.", "looks like a pickle"),
    ],
)
def test_what_is_no_vocabulary_is_one_sentence(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_bytes(data)
    with pytest.raises(FormatError, match=message) as error:
        bpe.Tokenizer.load(path)
    assert len(str(error.value)) < 400 + len(str(tmp_path)) * 2


def test_the_limit_on_digits_does_not_depend_on_the_environment() -> None:
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        assert isinstance(parse("9" * 10_000, "here"), int)
    finally:
        sys.set_int_max_str_digits(before)


@pytest.mark.parametrize("format", [*FORMATS])
def test_a_refused_vocabulary_leaves_no_file(tmp_path: Path, format: str) -> None:
    ids = {b: bytes([b]) for b in range(256)} | {256: b"ab", 257: b"bc"}
    merges = bpe.Merges([(97, 98, 256, 0), (98, 99, 257, 0)])
    odd = bpe.Tokenizer(bpe.TokenizerSpec(bpe.Pattern.of("gpt2"), ids, merges))
    if format == "directory":
        odd.save(tmp_path / "x", format=format)
        return
    with pytest.raises(FormatError):
        odd.save(tmp_path / "x", format=format)
    assert [] == list(tmp_path.iterdir())


def test_an_existing_file_stays_when_saving_is_refused_or_not_asked_for(
    tokenizer: bpe.Tokenizer, tmp_path: Path
) -> None:
    for format in FILES:
        folder = tmp_path / format
        folder.mkdir()
        save(tokenizer, folder, format)
        before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
        with pytest.raises(FileExistsError):
            save(tokenizer.resize(259), folder, format)
        assert before == {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_sidecar_alone_is_in_the_way_too(tokenizer: bpe.Tokenizer, tmp_path: Path) -> None:
    (tmp_path / "x.tiktoken.json").write_text("mine")
    with pytest.raises(FileExistsError):
        tokenizer.save(tmp_path / "x.tiktoken")
    assert ["x.tiktoken.json"] == [path.name for path in tmp_path.iterdir()]


def test_a_sidecar_of_another_file_is_refused(tokenizer: bpe.Tokenizer, tmp_path: Path) -> None:
    # The trap of caches: the same name, another vocabulary.
    tokenizer.save(tmp_path / "x.tiktoken")
    tokenizer.resize(260).save(tmp_path / "y.tiktoken")
    (tmp_path / "x.tiktoken").write_bytes((tmp_path / "y.tiktoken").read_bytes())
    with pytest.raises(FormatError, match="a file was changed or damaged"):
        bpe.Tokenizer.load(tmp_path / "x.tiktoken")


def test_retraining_to_the_same_path_gives_the_new_vocabulary(tmp_path: Path) -> None:
    # tiktoken's own loader caches by path and would give the old one.
    for text in ("aaaa bbbb aaaa", "cccc dddd cccc"):
        tokenizer = bpe.train([text], 260)
        tokenizer.save(tmp_path / "x.tiktoken", overwrite=True)
        assert tokenizer == bpe.Tokenizer.load(tmp_path / "x.tiktoken")


def test_a_folder_part_points_to_the_folder(tokenizer: bpe.Tokenizer, tmp_path: Path) -> None:
    tokenizer.save(tmp_path / "x")
    with pytest.raises(FormatError, match="is part of a tokenizer folder; load"):
        bpe.Tokenizer.load(tmp_path / "x/meta.json")
    meta = json.loads((tmp_path / "x/meta.json").read_text())
    for pattern in ([5], ["("], [""]):
        (tmp_path / "x/meta.json").write_text(json.dumps(meta | {"pattern": pattern}))
        with pytest.raises(FormatError, match=r"meta\.json: (a pattern stage|the pattern)"):
            bpe.Tokenizer.load(tmp_path / "x")


def test_the_default_format_follows_from_the_name() -> None:
    names = ["a", "a.tiktoken", "tokenizer.json", "tekken.json", "a.model", "my.tokenizer.json"]
    expected = ["directory", "tiktoken", "huggingface", "tekken", "minbpe", "huggingface"]
    assert expected == [default_format(Path(name)) for name in names]
