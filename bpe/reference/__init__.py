"""The reference engine: every definition of this package in plain Python, one stage a file.

It says what is right; the native engine says the same faster, under the same names. The words for
it are in docs/spec.md. Read in this order:

1. `bpe/unicode_ranges.py` what a letter, a number, a mark and white space are
2. `split.py`     bytes → pretokens (the code: `bpe/regex_split.py`)
3. `count.py`     documents → how often each pretoken occurs
4. `tie_break.py` which of several equally frequent pairs is merged first
5. `train.py`     counts → merges
6. `encode.py`    bytes → ids
7. `dropout.py`   bytes → ids, with merges left out by chance
8. `decode.py`    ids → bytes
9. `stages.py`    the five stages as one object, which `bpe.engines.get_engine` returns
"""

from __future__ import annotations

from bpe.engines import Engine
from bpe.reference.stages import ReferenceEngine

engine: Engine = ReferenceEngine()

__all__ = ["engine"]
