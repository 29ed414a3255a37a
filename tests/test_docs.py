"""Every Python example in docs/ is run and gives what is written under it."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
FLAGS = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL

_PYTHON_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def examples_of(page: Path) -> doctest.DocTest:
    """Join the Python blocks of a page; the lines between become empty, so numbers stay right."""
    text = page.read_text("utf-8")
    lines = [""] * (text.count("\n") + 1)
    for block in _PYTHON_BLOCK.finditer(text):
        first = text.count("\n", 0, block.start(1))
        code = block[1].splitlines()
        lines[first : first + len(code)] = code
    return doctest.DocTestParser().get_doctest("\n".join(lines), {}, page.name, str(page), 0)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_examples_of_a_page_give_what_is_written_there(page: Path) -> None:
    report: list[str] = []
    result = doctest.DocTestRunner(optionflags=FLAGS).run(examples_of(page), out=report.append)
    assert not result.failed, "".join(report)


def test_a_wrong_example_would_be_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Words.\n\n```python\n>>> 1 + 1\n3\n```\n", encoding="utf-8")
    result = doctest.DocTestRunner().run(examples_of(page), out=lambda _: None)
    assert (1, 1) == (result.failed, result.attempted)


def test_the_specification_has_examples_for_every_stage() -> None:
    source = "".join(example.source for example in examples_of(DOCS / "spec.md").examples)
    for stage in ("split(", "count_documents(", "train(", "encode_ordinary(", "decode_bytes("):
        assert stage in source
