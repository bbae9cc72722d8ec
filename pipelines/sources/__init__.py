"""Shapes of sources: how the records of a corpus become documents, as data (`*.yaml`), and what reads and applies them."""
