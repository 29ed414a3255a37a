"""Every kernel that this CPU has splits as the scalar machines do, wherever its blocks begin."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import cycle, product
from random import Random

import pytest

from bpe import _core
from bpe.patterns import NAMED_PATTERNS

PATTERNS = sorted(NAMED_PATTERNS)
KERNELS = [name for name in _core.kernel_names() if name != "scalar"]

#: What a block looks at, and what it leaves to the scalar machine.
ASCII = ("a", "s", "l", "L", "B", "1", " ", "\t", "\n", "\r", "!", "'", "/")
PIECES = (*ASCII * 3, "'ll", "'VE", "é", "ſ", "中", "\u0301", "\u3000", "\u2028", "²", "\U0001f600")
CROWDS = (PIECES, ASCII, " \n\ta", "1a ", "'slLa", "!\n/a ", "\n \t!", "aB'", "0123456789")

#: Single bytes: together they make broken sequences and, by chance, whole ones.
BROKEN = b"a'l 1\n!\xff\xe4\xb8\xad\xcc\x81"

each_kernel = pytest.mark.parametrize("kernel", KERNELS)
each_pattern = pytest.mark.parametrize("name", PATTERNS)


def assert_same_split(data: bytes, name: str, kernel: str) -> None:
    expected, found = _core.split(data, name, "scalar"), _core.split(data, name, kernel)
    if expected != found:  # pytest would take minutes to explain two long lists
        pairs = enumerate(zip(expected, found, strict=False))
        first = next(index for index, (left, right) in pairs if left != right)
        near = slice(max(0, first - 2), first + 3)
        pytest.fail(f"{expected[near]} != {found[near]} in {data[:200]!r}")


@each_kernel
@each_pattern
def test_every_short_string_splits_alike(name: str, kernel: str) -> None:
    for letters in product(ASCII, repeat=4):
        text = "".join(letters).encode()
        for following in (b"", b"a cat", b" sat\n "):
            assert_same_split(text + following, name, kernel)


@each_kernel
@each_pattern
def test_every_alignment_splits_alike(name: str, kernel: str) -> None:
    random = Random(64)
    for _ in range(20):
        text = "".join(random.choices(PIECES, k=20)).encode()
        for offset in range(64):
            for lead in (b"a", b" ", b"1", b"!", b"a "):
                data = (lead * 64)[:offset] + text + b"z" * random.randrange(70)
                assert_same_split(data, name, kernel)


@each_kernel
@each_pattern
def test_long_runs_of_few_classes_split_alike(name: str, kernel: str) -> None:
    random = Random(1)
    for crowd in CROWDS:
        for _ in range(200):
            text = "".join(random.choices(crowd, k=random.randrange(1, 400)))
            assert_same_split(text.encode(), name, kernel)


@each_kernel
@each_pattern
def test_broken_utf8_splits_alike(name: str, kernel: str) -> None:
    random = Random(2)
    for _ in range(1000):
        data = bytes(
            random.choices(b"a'l 1\n!\xff\xe4\xb8\xad\xcc\x81", k=random.randrange(1, 200))
        )
        assert_same_split(data, name, kernel)


@each_kernel
@each_pattern
def test_every_scalar_value_splits_alike(name: str, kernel: str) -> None:
    contexts = cycle(("a{}a '", "x'{}e\n", "1{}1 ", "!{}a", " {}\n", "\n{} A", "'l{}"))
    chars = (chr(code) for code in range(0x110000) if not 0xD800 <= code <= 0xDFFF)
    text = "".join(context.format(char) for context, char in zip(contexts, chars, strict=False))
    assert_same_split(text.encode(), name, kernel)


@each_kernel
@each_pattern
def test_a_batch_that_fills_up_inside_a_block_goes_on_there(name: str, kernel: str) -> None:
    # The binding asks for 512 ends at a time; with one or two bytes a pretoken, a batch ends
    # anywhere in a block.
    for lead in range(8):
        assert_same_split(b"a" * lead + b"1a !b\n" * 2000, name, kernel)


def imported_with(kernel: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from bpe import _core; print(_core.split(b'a b', 'gpt2'))"]
    environment = os.environ | {"BPE_FORCE_KERNEL": kernel}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.mark.parametrize("kernel", ["", *_core.kernel_names()])
def test_the_environment_chooses_a_kernel(kernel: str) -> None:
    assert "[b'a', b' b']\n" == imported_with(kernel).stdout


def test_a_kernel_that_is_not_here_is_named_with_those_that_are() -> None:
    done = imported_with("abacus")
    assert done.returncode != 0
    assert "BPE_FORCE_KERNEL is 'abacus'; the kernels of this CPU are scalar" in done.stderr
    with pytest.raises(ValueError, match="no kernel 'abacus'"):
        _core.split(b"a", "gpt2", "abacus")
