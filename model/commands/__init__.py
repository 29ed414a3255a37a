"""What the commands of `gpt` do once their arguments are parsed, one module a command.

Each has `run(args)`, which returns the exit status; `model.cli` imports the one that is asked for.
"""
