"""`python -m model` is the program `gpt`."""

from model.cli import run_program

if __name__ == "__main__":
    run_program()
