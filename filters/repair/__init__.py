"""Step 4, character repair: one file per family of damage; step.py decides which of them look at a document."""
