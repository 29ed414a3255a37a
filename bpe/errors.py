"""Every error this package raises on bad input, drawn as a tree.

BPEError
├── TrainingError            the corpus or the request cannot give a vocabulary (ValueError)
├── PatternError             a split pattern is unknown or unusable (ValueError)
├── CorpusError              a source cannot be read as asked (ValueError)
│   └── SourceNotFoundError  a source names no file (FileNotFoundError)
├── OutputExistsError        writing there would replace something (FileExistsError)
├── VocabularyError          a vocabulary contradicts itself (ValueError)
│   └── FormatError          a vocabulary file cannot be read or written
├── SpecialTokenError        a special token is unknown, disallowed or in conflict (ValueError)
├── EncodeError              no such token (KeyError)
├── DecodeError              no such id (KeyError)
├── CheckpointError          a checkpoint is damaged or does not belong here (ValueError)
└── MissingDependencyError   an optional library is needed (ImportError)

A SkippedRecordsWarning is no error: records of a corpus had no text and were left out. Neither is
a FormatWarning: a vocabulary file holds more than is carried over, and ids do not depend on it.

Each error also derives from the built-in exception that callers of `tiktoken` and of the standard
library already catch, named in brackets. A message names the thing, the place and the remedy.
"""

from __future__ import annotations

import os
import sys
import warnings

_PACKAGE = os.path.dirname(__file__) + os.sep  # noqa: PTH120 - this module is imported by all


class BPEError(Exception):
    """Base of every error that this package raises on bad input."""


class TrainingError(BPEError, ValueError):
    """The corpus or the request cannot give a vocabulary."""


class PatternError(BPEError, ValueError):
    """A split pattern is unknown or unusable."""


class CorpusError(BPEError, ValueError):
    """A source cannot be read as asked."""


class SourceNotFoundError(CorpusError, FileNotFoundError):
    """A source names no file."""


class SkippedRecordsWarning(UserWarning):
    """Records of a corpus had no text and were left out, as `on_bad_record="skip"` allows."""


class OutputExistsError(BPEError, FileExistsError):
    """Writing there would replace something, and nobody said that it may."""


class VocabularyError(BPEError, ValueError):
    """A vocabulary contradicts itself."""


class FormatError(VocabularyError):
    """A vocabulary file cannot be read or written."""


class FormatWarning(UserWarning):
    """A file holds something that is not carried over; ids do not depend on it."""


class SpecialTokenError(BPEError, ValueError):
    """A special token is unknown, disallowed or in conflict with another token.

    Attributes:
        found: The disallowed one that a text contains and the byte where it begins, if that is what
            is wrong.
    """

    found: tuple[str, int] | None = None


class _LookupError(BPEError, KeyError):
    # KeyError prints the repr of its argument; a sentence should read as a sentence.
    def __str__(self) -> str:
        return Exception.__str__(self)


class EncodeError(_LookupError):
    """There is no such token."""


class DecodeError(_LookupError):
    """There is no such id."""


class CheckpointError(BPEError, ValueError):
    """A checkpoint is damaged or does not belong here."""


class MissingDependencyError(BPEError, ImportError):
    """An optional library is needed for this; the message names the extra to install."""


def warn_caller(message: str, category: type[Warning]) -> None:
    """Warn at the line outside this package that led here, however many calls lie between."""
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)
