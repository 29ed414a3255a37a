"""Read a corpus: files, folders, archives, tables and iterables become a stream of documents.

Knows files and records, never tokens. In reading order: `corpus` (a source and its options),
`sources` and `remote` (which files are meant), `compressed` (blocks of bytes), `text`, `jsonl`,
`arrow` and `items` (documents), `packer` (batches of them), `reading` (all of it together).
"""

from bpe.corpora.corpus import Corpus, InvalidUTF8, Source
from bpe.corpora.documents import documents_of, read_documents
from bpe.corpora.joining import join_parts
from bpe.corpora.packer import Batch, PlainFile, TextPart
from bpe.corpora.reading import Reading
from bpe.corpora.report import ReadingReport

__all__ = [
    "Batch",
    "Corpus",
    "InvalidUTF8",
    "PlainFile",
    "Reading",
    "ReadingReport",
    "Source",
    "TextPart",
    "documents_of",
    "join_parts",
    "read_documents",
]
