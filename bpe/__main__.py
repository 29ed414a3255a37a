"""`python -m bpe` is the command `bpe`."""

from bpe.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
