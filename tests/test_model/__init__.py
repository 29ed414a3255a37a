"""Tests of the model package: one file per source file."""
