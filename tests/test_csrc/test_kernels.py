"""Every kernel that this CPU has splits as the scalar machines do, wherever its blocks begin."""

from __future__ import annotations

import ctypes
import mmap
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

#: One of each class that a pattern tells apart, in one to four bytes, and what is no character.
CLASSES = (
    "a", "B", "s", "1", " ", "\n", "!", "'", "/", "é", "Π", "中", "\u0301", "\u00a0", "\u3000",
    "\u0085", "²", "“", "\U0001f600",
)  # fmt: skip
BYTES_OF_CLASSES = (*(char.encode() for char in CLASSES), b"\xff", b"\xe4\xb8")

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
        data = bytes(random.choices(BROKEN, k=random.randrange(1, 200)))
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


def assert_same_ends(data: bytes, name: str, kernel: str, num_places: int = 512) -> None:
    expected = _core.pretoken_ends(data, name, "scalar")
    assert expected == _core.pretoken_ends(data, name, kernel, num_places), (data, num_places)


@each_kernel
@each_pattern
def test_every_sequence_of_three_classes_at_the_edge_of_a_block_splits_alike(
    name: str, kernel: str
) -> None:
    random = Random(3)
    for letters in product(BYTES_OF_CLASSES, repeat=3):
        lead, edge = random.choice((b"a", b" ", b"!", b"1", b"\n")), random.randrange(56, 65)
        following = random.choice((b"", b"a b", b"\n", b" 12345!", b"'s"))
        assert_same_ends(lead * edge + b"".join(letters) + following, name, kernel)


@each_kernel
@each_pattern
def test_white_space_digits_and_contractions_slide_over_the_edges_alike(
    name: str, kernel: str
) -> None:
    texts = (
        "x \u00a0\n\u2003 \n\n\u3000a\u0085\n b", "!\n\n/\n /a", "12345678901 1\u06612 1",
        "don't WE'LL x's's'S 'ſa'ſ ''s", "中AB 中ABc 中Éé\u0301A!\u0301a“a”", "¡a ¡¡a“\u0301",
    )  # fmt: skip
    for text in texts:
        for offset in range(71):
            for lead in (b"a", b" ", b"\n", b"!", b"\xe4\xb8\xad"):
                data = lead * offset + text.encode()
                assert_same_ends(data, name, kernel)
                assert_same_ends(data + b" " * 70, name, kernel)


@each_kernel
@each_pattern
def test_runs_of_every_length_end_alike(name: str, kernel: str) -> None:
    for run in (b"1", b" ", b"\n", b"a", b"A", b"!", b"\n ", "中".encode(), "\u3000".encode()):
        for length in range(1, 140):
            assert_same_ends(b"x" + run * length + b"b", name, kernel)


@each_kernel
@each_pattern
def test_any_number_of_places_gives_the_same_ends(name: str, kernel: str) -> None:
    random = Random(4)
    data = "".join(random.choices(PIECES, k=1000)).encode()
    for num_places in (1, 2, 3, 15, 16, 17, 63, 64, 65, 100, 127, 128, 129):
        assert_same_ends(data, name, kernel, num_places)


@pytest.fixture
def last_page() -> memoryview:
    """Return memory behind which nothing may be read: a read there ends the process."""
    size = 2 * mmap.PAGESIZE
    memory = mmap.mmap(-1, size)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    libc = ctypes.CDLL(None, use_errno=True)
    guard = ctypes.c_void_p(address + mmap.PAGESIZE)
    no_access = 0  # PROT_NONE, which Python's mmap does not name
    assert libc.mprotect(guard, ctypes.c_size_t(mmap.PAGESIZE), no_access) == 0
    return memoryview(memory)[: mmap.PAGESIZE]


@each_kernel
@each_pattern
def test_nothing_is_read_behind_the_end_of_the_text(
    name: str, kernel: str, last_page: memoryview
) -> None:
    random = Random(5)
    for length in range(1, 140):
        data = "".join(random.choices(PIECES, k=140)).encode()[:length]
        last_page[-length:] = data
        expected = _core.pretoken_ends(data, name, "scalar")
        assert expected == _core.pretoken_ends(last_page[-length:], name, kernel)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for memory without its pages")
def test_a_pretoken_of_more_than_4_gib_has_its_true_end() -> None:
    # Zeros that nobody wrote take no memory.
    long = 2**32 + 5
    no_reserve = 0x4000  # MAP_NORESERVE, which Python's mmap does not name everywhere
    memory = mmap.mmap(-1, long + 8, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | no_reserve)
    memory[:2], memory[long:] = b"a ", b"b cd e!\n"
    for kernel in _core.kernel_names():
        ends = _core.pretoken_ends(memoryview(memory), "gpt2", kernel)
        assert [1, long, long + 1, long + 4, long + 6, long + 7, long + 8] == ends


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
