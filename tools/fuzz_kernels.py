"""Random texts by the hundred thousand: every kernel of this CPU splits as the scalar machines do.

    python tools/fuzz_kernels.py                        # 20,000 texts
    python tools/fuzz_kernels.py --number 500 --seed 7
    python tools/fuzz_kernels.py corpus.txt             # these files, each as one text

Texts are short runs of few classes, so that what is hard stands close together, behind a lead of 0
to 70 units, so that it stands at every edge of a block. Prints how many splits were compared; exits
with 1 at the first that differs, naming its text.
"""

from __future__ import annotations

import argparse
import mmap
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from bpe import _core
from bpe.patterns import NAMED_PATTERNS

PIECES = [
    *(
        char.encode()
        for char in (
            *"asldBEL1 \t\n\r!'/\x00", "'ll", "'VE", "'s", "'ſ", "  ", "\n\n", "12", "1234567",
            "é", "É", "ſ", "ǅ", "П", "п", "中", "한", "ก", "ั", "\u0301", "\u00a0", "\u0085",
            "\u2003", "\u2028", "\u3000", "²", "١", "“", "\U0001f600", "\U00010400",
        )
    ),
    b"\xff", b"\x80", b"\xc3", b"\xe4\xb8", b"\xed\xa0\x80", b"\xf0\x9f\x98", b"\xf4\x90\x80\x80",
]  # fmt: skip
LEADS = (b"a", b" ", b"1", b"!", b"\n", b"A", "中".encode())


def random_texts(random: Random, number: int) -> Iterator[bytes]:
    for _ in range(number):
        pieces = random.sample(PIECES, random.choice((2, 3, 5, len(PIECES))))
        body = b"".join(random.choices(pieces, k=random.randrange(1, 80)))
        yield random.choice(LEADS) * random.randrange(71) + body


def mapped(path: Path) -> memoryview:
    with path.open("rb") as file:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--number", type=int, default=20_000, help="texts")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)

    start = time.perf_counter()
    random = Random(options.seed)
    kernels = [name for name in _core.kernel_names() if name != "scalar"]
    texts: Iterator[bytes | memoryview] = (
        map(mapped, options.files) if options.files else random_texts(random, options.number)
    )
    num_texts = num_splits = 0
    for text in texts:
        num_texts += 1
        places = random.choice((1, 63, 64, 100, 512))
        for pattern in NAMED_PATTERNS:
            expected = _core.pretoken_ends(text, pattern, "scalar")
            for kernel in kernels:
                num_splits += 1
                if expected != _core.pretoken_ends(text, pattern, kernel, places):
                    start_of_text = bytes(text[:500])
                    print(f"MISMATCH: {pattern}, {kernel}, {places}: {start_of_text!r}")
                    return 1
    print(
        f"{num_texts:,} texts, kernels {', '.join(kernels)}: {num_splits:,} splits, "
        f"seed {options.seed}, 0 mismatches, {time.perf_counter() - start:.0f} s"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
