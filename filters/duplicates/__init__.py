"""The rounds in which `filters/dedup.py` resolves a corpus."""
