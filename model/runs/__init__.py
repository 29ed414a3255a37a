"""The experiment that this package exists for: what does a vocabulary of your own buy?

    python -m model.runs --corpus english.txt

trains the same small model on the same text with vocabularies of 512 to 32k of its own and with
published ones, and writes a table and a plot. `--experiment feed-forward` compares a KAN with MLPs.
`plan.py` says what is compared and why that is fair, `measure.py` trains, `report.py` draws.
"""
