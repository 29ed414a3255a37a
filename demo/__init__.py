"""The demonstration behind `make demo`: the whole road in a few minutes, on text found here."""
