"""Drop-ins: code written against another library runs on ours when its import is changed.

`from bpe.compat import tiktoken` in place of `import tiktoken`, and `from bpe.compat.tokenizers
import ...` in place of `from tokenizers import ...`. Neither imports the library it
stands for, except to find published vocabularies.
"""
