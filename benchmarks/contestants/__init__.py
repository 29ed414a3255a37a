"""One module a contestant; each has the functions it can honestly offer.

    MODULES                              what is imported before anything but loading is timed
    version() -> str                     version of the library, or "" for this tree
    train(job) -> object                 from job["path"] to whatever the library returns (timed)
    count(job) -> object                 from job["path"] to its distinct pretokens (timed)
    counted(counts) -> Iterable[bytes]   what was counted, in a fixed order (not timed)
    tokens(trained) -> Iterable[bytes]   its merged tokens in the order they were made (not timed)
    encoder(job) -> Callable    from what job["form"] says to ids (timed): a str to an array or a
                                list, several to a list of lists, in one call or in one call each
    HEADER_BYTES                         what stands before the ids in its files
    file_encoder(job) -> Callable   from a path of text to a path of 32-bit ids (timed)
    decoder(job) -> Callable    from a list or an array of ids to bytes or a str (timed)

`job` holds the fields of `benchmarks.cases.Case` and the path of the corpus. A module imports its
library inside the functions, so that loading can be timed.
"""
