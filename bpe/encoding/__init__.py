"""What users ask an encoder for beside ids: one module a feature, the same for both engines.

    text_methods.py, corpus_methods.py
                  these methods of `Tokenizer`, with their documentation; on face.py
    cutting.py    where a text may be cut so that its parts are encoded alike
    limits.py     count up to a limit, truncate to a budget
    offsets.py    where each token stands in the text, in bytes and in characters
    batches.py    many texts to arrays: ragged, or padded with a mask
    files.py      corpora to token files and folders of shards; pipeline.py reads, cuts, encodes
    streaming.py  text that comes in pieces, ids that come one by one, encodings that grow
    unstable.py   the ids that more text could change, as `tiktoken` tells them
    chat.py       conversations to ids, composed of ids and never of strings

What they compute is defined in docs/spec.md, section 11; how to use them is in docs/encoding.md.
"""
