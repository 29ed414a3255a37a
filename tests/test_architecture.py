"""Who may know whom, as one table, checked from the imports and the #include lines.

Also held here: the public names, what `import bpe` costs, the map of errors, the options of the
command line, and what every file of the repository has to look like.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("bpe", "model", "benchmarks", "demo", "tools")


@dataclass(frozen=True)
class Rule:
    """Modules under `who` import nothing under `never`; `but` are the places that may."""

    who: str
    never: tuple[str, ...]
    why: str
    but: tuple[str, ...] = ()


NETWORK = ("socket", "ssl", "http", "urllib", "requests", "httpx", "ftplib")
ENGINES = ("bpe._core", "bpe.native", "bpe.reference")
OPTIONAL = (
    "torch",
    "tiktoken",
    "tokenizers",
    "pyarrow",
    "matplotlib",
    "safetensors",
    "numpy",
    "fsspec",
)

RULES = (
    Rule(
        "bpe",
        ("model", "tests", "benchmarks", "demo", "tools", "torch"),
        "the tokenizer stands alone",
    ),
    Rule("model", ("tests", "benchmarks", "demo", "tools"), "a package knows no tool around it"),
    Rule(
        "bpe.reference", ("bpe._core", "bpe.native"), "the definition leans on nothing it defines"
    ),
    Rule("bpe.native", ("bpe.reference",), "two engines that share code prove nothing together"),
    Rule("bpe.formats", (*ENGINES, "bpe.engines"), "a format makes and eats specs"),
    Rule(
        "bpe.corpora",
        ("bpe.native", "bpe.reference", "bpe.spec", "bpe.tokenizer", "bpe.formats"),
        "text, not tokens: of bpe._core it uses csrc/corpora/ alone, for both engines",
    ),
    Rule("bpe", ("fsspec",), "files behind URLs are opened in one place", ("bpe.corpora.remote",)),
    Rule("bpe.spec", ("os", "io", "pathlib", "shutil", "tempfile"), "the waist knows no file"),
    Rule("bpe.spec", (*ENGINES, "bpe.engines", "bpe.formats"), "the waist knows neither side"),
    # Files behind URLs go through fsspec, whose libraries open the sockets.
    Rule("bpe", NETWORK, "a socket is opened in the scraper only", ("bpe.corpora.scraper",)),
    Rule("model", NETWORK, "a model needs no network"),
    Rule("model", ENGINES, "the model uses the public tokenizer"),
    Rule("model.gpt", ("model.masked_lm", "model.train"), "models share layers, nothing else"),
    Rule("model.masked_lm", ("model.gpt", "model.train"), "models share layers, nothing else"),
    Rule(
        "model.layers", ("model.gpt", "model.masked_lm", "model.train"), "layers lie below models"
    ),
    Rule(
        "model.transformer",
        ("model.gpt", "model.masked_lm", "model.train"),
        "the shared part knows no model that is made of it",
    ),
    Rule(
        "benchmarks.report",
        ("benchmarks.measure", "benchmarks.contestants"),
        "what draws measures not",
    ),
    Rule("benchmarks.measure", ("benchmarks.report", "matplotlib"), "what measures draws not"),
)

#: Optional or heavy libraries are imported inside the function that needs them.
LAZY = Rule("bpe", OPTIONAL, "`import bpe` stays light", but=("bpe.testing",))

#: Folder of csrc/ -> the folders it may include (the table of csrc/README.md).
CPP_LAYERS: dict[str, set[str]] = {
    "base": set(),
    "unicode": {"base"},
    "pretokenizer": {"base", "unicode"},
    "corpora": {"base", "unicode"},
    "vocab": {"base", "unicode"},
    "counting": {"base", "unicode", "pretokenizer", "vocab"},
    "decoder": {"base", "unicode", "vocab"},
    "trainer": {"base", "counting", "vocab"},
    "encoder": {"base", "unicode", "pretokenizer", "vocab"},
}
CONTAINERS = ("vector", "string", "map", "set", "unordered_map", "unordered_set", "deque", "list")

MAX_LINES = 500
GENERATED = re.compile(r"generated", re.IGNORECASE)


# --- reading the sources ------------------------------------------------------


def python_files() -> Iterator[tuple[str, Path]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imported_modules(source: str, module: str, *, top_level_only: bool = False) -> Iterator[str]:
    """Yield the full name of everything imported, `from a import b` as a.b."""
    nodes = run_at_import(ast.parse(source)) if top_level_only else ast.walk(ast.parse(source))
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively; write the full name"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def run_at_import(node: ast.AST) -> Iterator[ast.AST]:
    """Walk over what runs when a module is imported: no function bodies, no TYPE_CHECKING."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from run_at_import(child)


def is_under(module: str, places: tuple[str, ...]) -> bool:
    return any(module == place or module.startswith(f"{place}.") for place in places)


def violations(rule: Rule, module: str, source: str, *, top_level_only: bool = False) -> list[str]:
    if not is_under(module, (rule.who,)) or is_under(module, rule.but):
        return []
    found = imported_modules(source, module, top_level_only=top_level_only)
    return [f"{module} imports {name}: {rule.why}" for name in found if is_under(name, rule.never)]


def cpp_files() -> list[Path]:
    return sorted(path for kind in ("*.h", "*.cpp") for path in (ROOT / "csrc").rglob(kind))


def includes(path: Path) -> list[str]:
    return re.findall(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', path.read_text("utf-8"), re.MULTILINE)


def tracked_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode != 0:
        pytest.skip("this is no git checkout, so there is no list of the repository's files")
    paths = (ROOT / name for name in listed.stdout.split("\0") if name)
    return [path for path in paths if path.is_file()]


# --- Python -------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.who}, {rule.why}")
def test_a_module_knows_only_what_it_may(rule: Rule) -> None:
    sources = {module: path.read_text("utf-8") for module, path in python_files()}
    assert [] == [line for name, text in sources.items() for line in violations(rule, name, text)]


def test_optional_libraries_are_imported_where_they_are_needed() -> None:
    found = [
        line
        for module, path in python_files()
        for line in violations(LAZY, module, path.read_text("utf-8"), top_level_only=True)
    ]
    assert [] == found


def test_the_checker_sees_every_form_of_import() -> None:
    rule = Rule("bpe.reference", ("bpe._core",), "no")
    for source in (
        "import bpe._core",
        "from bpe import _core",
        "from bpe._core import split",
        "def f():\n    from bpe import _core",
    ):
        assert violations(rule, "bpe.reference.split", source), source
        assert not violations(rule, "bpe.native", source), source
    assert not violations(LAZY, "bpe.x", "def f():\n    import numpy", top_level_only=True)
    assert violations(LAZY, "bpe.x", "try:\n    import numpy\nfinally: ...", top_level_only=True)


def test_every_public_name_exists_and_is_documented() -> None:
    import bpe

    assert len(set(bpe.__all__)) == len(bpe.__all__)
    assert [] == [name for name in bpe.__all__ if not hasattr(bpe, name)]
    undocumented = [
        name
        for name in bpe.__all__
        if callable(getattr(bpe, name)) and not getattr(bpe, name).__doc__
    ]
    assert [] == undocumented


def run_python(code: str) -> str:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_import_bpe_loads_nothing_heavy() -> None:
    loaded = run_python("import sys, bpe; print(*sys.modules)").split()
    heavy = {*OPTIONAL, "regex", "model", "asyncio", "multiprocessing", "importlib.metadata"}
    assert set() == heavy & set(loaded)


def test_what_makes_a_tokenizer_loads_no_formats() -> None:
    loaded = run_python("import sys, bpe; bpe.Tokenizer, bpe.get_encoding; print(*sys.modules)")
    heavy = {"bpe.formats", "bpe.encoding.cutting", "json", "shutil", "tempfile", "numpy"}
    assert set() == heavy & set(loaded.split())


def test_import_bpe_takes_less_than_60_ms() -> None:
    # Time of the processor, not of the clock: other work on the machine hardly adds to it.
    code = "from time import process_time as now; a = now(); import bpe; print(now() - a)"
    assert min(float(run_python(code)) for _ in range(3)) < 0.060


# --- C++ ----------------------------------------------------------------------


def test_a_cpp_folder_includes_only_what_lies_below_it() -> None:
    wrong = []
    for path in cpp_files():
        folder = path.relative_to(ROOT / "csrc").parts[0]
        if folder == "bindings":
            continue
        for name in includes(path):
            other = name.split("/")[0]
            if other in {*CPP_LAYERS, "bindings"} and other not in CPP_LAYERS[folder] | {folder}:
                wrong.append(f"{path.relative_to(ROOT)} includes {name}")
    assert [] == wrong


def test_only_the_bindings_know_python() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} includes {name}"
        for path in cpp_files()
        if "bindings" not in path.parts
        for name in includes(path)
        if name.startswith("pybind11") or name == "Python.h"
    ]
    assert [] == wrong


def test_a_kernel_uses_no_container() -> None:
    kernels = [path for path in cpp_files() if "kernels" in path.relative_to(ROOT).parts]
    wrong = [
        f"{path.relative_to(ROOT)} includes <{name}>"
        for path in kernels
        for name in includes(path)
        if name in CONTAINERS
    ]
    assert [] == wrong


def test_the_layer_table_of_the_cpp_readme_is_this_one() -> None:
    row = re.compile(r"^\| \d \| `(\w+)/` \|.*\| ([\w, ]+) \|$", re.MULTILINE)
    written = {
        folder: set() if allowed == "nothing of ours" else set(allowed.split(", "))
        for folder, allowed in row.findall((ROOT / "csrc" / "README.md").read_text("utf-8"))
        if folder != "bindings"
    }
    assert written == CPP_LAYERS
    assert {path.relative_to(ROOT / "csrc").parts[0] for path in cpp_files()} <= {
        *CPP_LAYERS,
        "bindings",
    }


def test_every_kind_of_cpp_error_has_a_python_class() -> None:
    errors = importlib.import_module("bpe.errors")
    header = (ROOT / "csrc/base/errors.h").read_text("utf-8")
    declared = re.search(r"enum class ErrorKind \{([^}]*)\}", header)
    assert declared is not None
    kinds = {name.strip() for name in declared[1].split(",") if name.strip()}
    binding = (ROOT / "csrc/bindings/errors.cpp").read_text("utf-8")
    mapped = dict(re.findall(r'case ErrorKind::(\w+):\s*return "(\w+)";', binding))
    assert kinds == set(mapped)
    assert [] == [
        name for name in mapped.values() if not issubclass(getattr(errors, name), errors.BPEError)
    ]


# --- command line -------------------------------------------------------------


class _Captured(Exception):
    pass


def parser_of(program: str, monkeypatch: pytest.MonkeyPatch) -> argparse.ArgumentParser:
    captured: list[argparse.ArgumentParser] = []

    def capture(self: argparse.ArgumentParser, *_: object, **__: object) -> None:
        captured.append(self)
        raise _Captured

    for method in ("parse_args", "parse_known_args", "parse_intermixed_args"):
        monkeypatch.setattr(argparse.ArgumentParser, method, capture)
    main = importlib.import_module({"bpe": "bpe.cli", "gpt": "model.cli"}[program]).main
    with pytest.raises(_Captured):
        main(["--help"])
    return captured[0]


def option_lines(parser: argparse.ArgumentParser, name: str) -> Iterator[str]:
    words = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command, subparser in action.choices.items():
                yield from option_lines(subparser, f"{name} {command}")
        elif not isinstance(action, argparse._HelpAction):
            words.append("/".join(action.option_strings) or f"<{action.dest}>")
    yield f"{name}: {' '.join(words)}".rstrip()


@pytest.mark.parametrize("program", ["bpe", "gpt"])
def test_the_command_line_has_exactly_the_options_that_were_promised(
    program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    promised = (ROOT / "tests" / "command_line_options.txt").read_text("utf-8").splitlines()
    found = sorted(option_lines(parser_of(program, monkeypatch), program))
    assert sorted(line for line in promised if line.split()[0].rstrip(":") == program) == found


# --- every file ---------------------------------------------------------------


def test_no_source_file_is_longer_than_500_lines() -> None:
    long = []
    for path in tracked_files():
        if path.suffix not in {".py", ".pyi", ".h", ".cpp"}:
            continue
        lines = path.read_text("utf-8").splitlines()
        if len(lines) > MAX_LINES and not GENERATED.search("\n".join(lines[:3])):
            long.append(f"{path.relative_to(ROOT)}: {len(lines)} lines")
    assert [] == long


def test_what_is_no_picture_is_text() -> None:
    # A program that was compiled for an experiment has got in once.
    binary = [path for path in tracked_files() if b"\0" in path.read_bytes()]
    assert [] == [path for path in binary if path.suffix != ".png"]


def test_every_source_file_says_first_what_it_does() -> None:
    silent = []
    for path in tracked_files():
        if path.suffix in {".h", ".cpp"}:
            # A .cpp whose header says it need not say it again.
            spoken_for = path.suffix == ".cpp" and path.with_suffix(".h").exists()
            if not spoken_for and not path.read_text("utf-8").startswith("// "):
                silent.append(str(path.relative_to(ROOT)))
        elif path.suffix == ".py":
            text = path.read_text("utf-8")
            if text.strip() and not ast.get_docstring(ast.parse(text)):
                silent.append(str(path.relative_to(ROOT)))
    assert [] == silent


def test_no_file_names_a_path_of_one_machine() -> None:
    folders = "|".join(("home/[a-z]", "Users/[a-z]", "root", "work", "tmp/[a-z]", "opt/[a-z]"))
    machine_path = re.compile(rf"(?<![\w.\-])/(?:{folders})[\w/.]*")
    found = []
    for path in tracked_files():
        if b"\0" in (data := path.read_bytes())[:4096]:
            continue
        found += [
            f"{path.relative_to(ROOT)}: {match}"
            for match in machine_path.findall(data.decode("utf-8", "replace"))
        ]
    assert [] == found


def test_the_version_is_the_newest_entry_of_the_changelog() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    entries = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert project["version"] == entries[0]
    assert project["version"] == run_python("import bpe; print(bpe.__version__)").strip()
