"""Read a corpus: files, folders, archives and iterables become a stream of documents (bytes).

Knows files and records, never tokens. In reading order: `sources` (which files are meant),
`compressed` (blocks of bytes), `jsonl` and `parquet` (records), `documents` (all of it together).
"""

from bpe.corpora.documents import InvalidUTF8, plain_files, read_documents
from bpe.corpora.sources import Source

__all__ = ["InvalidUTF8", "Source", "plain_files", "read_documents"]
